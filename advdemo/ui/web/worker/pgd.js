// PGD on a LeNet in the browser at one epsilon, as advdemo/attacks/pgd.py has it.

import { gradientSign, predict } from "../lenet/scan.js";

const STEPS = 40; // attacks/pgd.py has the same
const { fround } = Math;

/**
 * @typedef {object} Aim
 * @property {number} goal the class to leave
 * @property {number | null} target the class to reach instead, which is the goal then
 * @property {number} epsilon
 */

/**
 * Steps of FGSM, each from where the last one ended, none further than epsilon from the image.
 * @param {import("../lenet/network.js").Network} network
 * @param {Float32Array} pixels
 * @param {Aim} aim
 * @returns {Generator<void, {found: Float32Array, now: Float32Array}>} the image, and the ten probabilities
 */
export function* pgd(network, pixels, { goal, target, epsilon }) {
  const size = fround(epsilon);
  const stride = fround(fround(2.5 * size) / STEPS);
  const low = pixels.map((pixel) => Math.max(0, pixel - size));
  const high = pixels.map((pixel) => Math.min(1, pixel + size));
  let found = pixels;
  for (let step = 0; step < STEPS; step++) {
    const values = network.forward(found);
    const sign = gradientSign(network, values, /** @type {Float32Array} */ (values.at(-1)), goal, target !== null);
    found = found.map((pixel, i) => Math.min(high[i], Math.max(low[i], fround(pixel + stride * sign[i]))));
    yield;
  }
  return { found, now: predict(network, found) };
}
