// A perturbation painted by hand, without a page: a sign for each pixel, 1, -1 or 0, which the slider's epsilon scales
// as it scales the gradient's.

import { decode, encode } from "../../shared/drawing.js";

const SIDE = 28;
const STEPS = 200; // of 0.005 from an epsilon of 0 to 1, as far as a pixel can go
const BETWEEN = 50; // epsilons from one of them to the next

/** @typedef {Int8Array} Painting 784 signs */
/** @typedef {{sign: number, width: number}} Pen its width in pixels; an eraser has the sign 0 */

/** @returns {Painting} */
export const blank = () => new Int8Array(SIDE * SIDE);

/** How many pixels are painted. @param {ArrayLike<number>} painting */
export const countOf = (painting) => Array.from(painting).filter(Boolean).length;

/**
 * The painting with one more stroke.
 * @param {Painting} painting
 * @param {[number, number][]} points of the stroke, as shares of the picture's width and height
 * @param {Pen} pen
 * @returns {Painting}
 */
export function stroke(painting, points, { sign, width }) {
  const painted = painting.slice();
  points.forEach((point, i) => {
    const [x, y] = points[Math.max(0, i - 1)];
    const steps = Math.max(1, Math.ceil(2 * SIDE * Math.hypot(point[0] - x, point[1] - y)));
    for (let step = 1; step <= steps; step++) {
      const share = step / steps;
      for (const pixel of under(x + share * (point[0] - x), y + share * (point[1] - y), width)) painted[pixel] = sign;
    }
  });
  return painted;
}

/** The pixels under a round pen: the one that it points at, and those whose middle it covers. */
function* under(/** @type {number} */ left, /** @type {number} */ top, /** @type {number} */ width) {
  const [x, y] = [left, top].map((share) => Math.min(SIDE - 1e-6, Math.max(0, share * SIDE)));
  const reach = width / 2;
  for (let row = Math.max(0, Math.floor(y - reach)); row < Math.min(SIDE, y + reach); row++) {
    for (let column = Math.max(0, Math.floor(x - reach)); column < Math.min(SIDE, x + reach); column++) {
      const isHit = row === Math.floor(y) && column === Math.floor(x);
      if (isHit || Math.hypot(column + 0.5 - x, row + 0.5 - y) <= reach) yield row * SIDE + column;
    }
  }
}

/** As a link holds it. @param {Painting} painting */
export const write = (painting) => encode(Uint8Array.from(painting, (sign) => sign + 1));

/** The reverse; null where the text is no painting. @param {string} text @returns {Promise<Painting | null>} */
export async function read(text) {
  const bytes = await decode(text);
  return bytes?.every((byte) => byte < 3) ? Int8Array.from(bytes, (byte) => byte - 1) : null;
}

/**
 * The smallest epsilon up to 1 that fools, to 0.0001, found as a scan finds it; null: none does. One look at a time, so
 * that whoever runs it can pause.
 * @param {(epsilon: number) => boolean} fools
 * @param {number} [from] epsilons below it are known not to
 * @returns {Generator<void, number | null>}
 */
export function* smallest(fools, from = 0) {
  for (let step = Math.round(from * STEPS); step <= STEPS; step++) {
    yield;
    if (!fools(step / STEPS)) continue;
    for (let i = 1; step && i < BETWEEN; i++) {
      const epsilon = Math.round((1e4 * (step - 1)) / STEPS + i) / 1e4;
      yield;
      if (fools(epsilon)) return epsilon;
    }
    return step / STEPS;
  }
  return null;
}
