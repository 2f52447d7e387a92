import { base64 } from "../shared/pixels.js";

/** Bytes as text that Python reads with zlib.decompress(base64.b64decode(...)). @param {Uint8Array} content */
export async function pack(content) {
  const stream = new Blob([/** @type {BlobPart} */ (content)]).stream().pipeThrough(new CompressionStream("deflate"));
  return base64(new Uint8Array(await new Response(stream).arrayBuffer()));
}
