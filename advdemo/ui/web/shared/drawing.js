// A digit of 28x28 pixels in a link: deflated and in base64url, 200 to 300 characters, every pixel as it was.

import { base64, bytes } from "./pixels.js";

const SIZE = 784;
const LONGEST = 2000; // characters: more than 784 bytes can come to

/** @param {Uint8Array} pixels @returns {Promise<string>} */
export async function encode(pixels) {
  const packed = await through(new CompressionStream("deflate-raw"), pixels);
  return base64(packed).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The reverse; null where the text is not such a digit. @param {string} text @returns {Promise<Uint8Array | null>} */
export async function decode(text) {
  if (text.length > LONGEST) return null;
  try {
    const packed = bytes(text.replaceAll("-", "+").replaceAll("_", "/"), Uint8Array);
    const pixels = await inflate(packed, "deflate-raw");
    return pixels.length === SIZE ? pixels : null;
  } catch {
    return null;
  }
}

/** @param {Uint8Array} packed @param {CompressionFormat} [format] zlib's, as it is in Python */
export const inflate = (packed, format = "deflate") => through(new DecompressionStream(format), packed);

/** @param {CompressionStream | DecompressionStream} change @param {Uint8Array} content */
const through = async (change, content) =>
  new Uint8Array(await new Response(new Blob([new Uint8Array(content)]).stream().pipeThrough(change)).arrayBuffer());
