// Images as the server sends them, and on a canvas.

/**
 * Base64 as numbers.
 * @template T
 * @param {string} text
 * @param {new (buffer: ArrayBuffer) => T} Type
 */
export const bytes = (text, Type) => new Type(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

/** The reverse. @param {Uint8Array} content */
export function base64(content) {
  let binary = "";
  for (let i = 0; i < content.length; i += 8192) binary += String.fromCharCode(...content.subarray(i, i + 8192));
  return btoa(binary);
}

/** @type {WeakMap<HTMLCanvasElement, Uint8ClampedArray>} */
const shown = new WeakMap();

/**
 * Paint 28x28 pixels: shade(i) is a grey, or red, green and blue, each 0..255.
 * @param {HTMLCanvasElement} canvas
 * @param {(i: number) => number | number[]} shade
 */
export function paint(canvas, shade) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const pixels = context.createImageData(28, 28);
  for (let i = 0; i < 784; i++) {
    const colour = shade(i);
    const grey = typeof colour === "number";
    for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = grey ? colour : colour[channel];
    pixels.data[4 * i + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  shown.set(canvas, pixels.data);
}

/** The 784 colours last painted: some browsers falsify what a canvas gives back. @param {HTMLCanvasElement} canvas */
export function painted(canvas) {
  const data = shown.get(canvas) ?? new Uint8ClampedArray(4 * 784);
  return Array.from({ length: 784 }, (_, i) => `rgb(${data.subarray(4 * i, 4 * i + 3).join(" ")})`);
}

/**
 * Whether a canvas gives back what was put on it: some browsers protect privacy by not doing so.
 * @param {HTMLCanvasElement} canvas
 */
export function isTrue(canvas) {
  try {
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const pixels = context.createImageData(32, 32);
    pixels.data.forEach((_, i, data) => {
      data[i] = i % 4 === 3 ? 255 : (i * 37) % 256;
    });
    context.putImageData(pixels, 0, 0);
    return context.getImageData(0, 0, 32, 32).data.every((value, i) => value === pixels.data[i]);
  } catch {
    return false; // this browser refuses
  }
}
