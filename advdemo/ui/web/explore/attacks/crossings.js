/**
 * How many pixels can cross 0.5, at which they are rounded, within each epsilon.
 * @param {Uint8Array} image bytes
 * @param {number[]} epsilons
 */
export const crossings = (image, epsilons) =>
  epsilons.map((epsilon) => image.reduce((count, byte) => count + Number(crosses(byte / 255, epsilon)), 0));

/** Half rounds to black: a white pixel crosses when it comes as far as 0.5, a black one beyond. */
const crosses = (/** @type {number} */ pixel, /** @type {number} */ epsilon) =>
  pixel > 0.5 ? pixel - epsilon <= 0.5 : pixel + epsilon > 0.5;
