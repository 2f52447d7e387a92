// How far a digit is certified on a LeNet, as advdemo/measures/bounds.py has it.

import { crownMargin } from "./crown.js";
import { affineLayers, intervalMargin, pixelBox } from "./intervals.js";

const LARGEST = 10_000; // step of 1e-4, epsilon 1
const FIRST_GUESS = 250; // about what CROWN proves on a network that was trained without thought of it
const MOST_GUESSES = 9; // before halving

/**
 * The largest epsilon, a multiple of 1e-4, for which it could be proved that no image within it is read as anything but
 * the label; 0 where the image itself is misread. Pauses before each epsilon that CROWN tries, some 50 ms.
 * @param {import("../lenet/network.js").Network} network
 * @param {Float32Array} pixels
 * @param {number} label
 * @returns {Generator<void, number>}
 */
export function* certify(network, pixels, label) {
  const logits = /** @type {Float32Array} */ (network.forward(pixels).at(-1));
  const clean = logits[label] - Math.max(...logits.map((logit, k) => (k === label ? Number.NEGATIVE_INFINITY : logit)));
  if (clean <= 0) return 0;
  const layers = affineLayers(network.parameters);
  /** @param {number} step */
  const box = (step) => pixelBox(pixels, step / LARGEST);
  let low = 0; // proved
  let high = LARGEST + 1; // not proved
  while (high - low > 1) {
    const step = (low + high) >> 1;
    if (intervalMargin(layers, box(step), label) > 0) low = step;
    else high = step;
  }

  // Margins fall from the clean one about as a power of epsilon, near 2: guessed by that, four or five of them do what
  // halving needs 13 for.
  high = LARGEST + 1;
  /** @type {[x: number, y: number][]} log of a step, log of how much the margin has fallen there, 0: all of it */
  const falls = [];
  let step = Math.max(FIRST_GUESS, low + 1);
  while (high - low > 1) {
    yield;
    const margin = crownMargin(layers, box(step), label);
    if (margin > 0) low = step;
    else high = step;
    falls.push([Math.log(step), Math.log(Math.max(1 - margin / clean, 1e-6))]);
    const guess = falls.length < MOST_GUESSES ? crossing(falls) : (low + high) / 2;
    step = Math.min(Math.max(Math.floor(guess), low + 1), 4 * step, high - 1);
  }
  return low / LARGEST;
}

/**
 * The exponential of x where a curve x(y) through the two or three points nearest to y = 0 crosses it.
 * @param {[x: number, y: number][]} falls
 */
function crossing(falls) {
  const [[x0, y0], second, third] = [...falls].sort(([, a], [, b]) => Math.abs(a) - Math.abs(b));
  let x = x0 - y0 / 2;
  if (second && second[1] !== y0) {
    const [x1, y1] = second;
    const slope = (x1 - x0) / (y1 - y0);
    x = x0 - y0 * slope;
    if (third && third[1] !== y0 && third[1] !== y1) {
      const [x2, y2] = third;
      x += (((x2 - x1) / (y2 - y1) - slope) / (y2 - y0)) * y0 * y1; // Newton's form of the polynomial through all
    }
  }
  return Math.exp(Math.min(Math.max(x, 0), Math.log(LARGEST)));
}
