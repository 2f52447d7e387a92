// One image against every position of the slider, as advdemo/measures/scan.py has it, on a LeNet in the browser.
//
// FGSM and noise move every pixel by the same epsilon, in a direction that does not depend on it: the direction is
// found once, and each epsilon costs one forward pass. Where single precision decides (a confidence of exactly 1 has no
// gradient), numbers are rounded as Python rounds them.

import { randomSign } from "./noise.js";

export const EPSILONS = Array.from({ length: 101 }, (_, step) => step / 200); // measures/scan.py has the same list
const BETWEEN = 50; // epsilons from one of them to the next, of which the smallest that succeeds is found
const { fround } = Math;

/**
 * @typedef {object} Side what one attack does to a digit, as the server answers it
 * @property {number | null} target the class to reach
 * @property {boolean} taken the target is what the network predicts already
 * @property {number | null} flip the smallest epsilon that succeeds
 * @property {boolean} zero no pixel moves: there is no gradient to follow
 * @property {Int8Array} sign
 * @property {null} frames
 * @property {Float32Array} probabilities ten for each epsilon
 */

/** The ten probabilities. @param {import("./network.js").Network} network @param {Float32Array} pixels */
export const predict = (network, pixels) => softmax(/** @type {Float32Array} */ (network.forward(pixels).at(-1)));

/** Greys of 0 to 255 as pixels in [0, 1]. @param {Uint8Array} image */
export const pixelsOf = (image) => Float32Array.from(image, (grey) => grey / 255);

/**
 * The image moved by epsilon along a sign.
 * @param {Float32Array} pixels
 * @param {ArrayLike<number>} sign
 * @param {number} epsilon
 */
export function perturbed(pixels, sign, epsilon) {
  const size = fround(epsilon);
  return pixels.map((pixel, i) => Math.min(1, Math.max(0, pixel + size * sign[i])));
}

/**
 * What an attack follows, and what the network makes of the image itself.
 * @param {import("./network.js").Network} network
 * @param {Float32Array} pixels
 * @param {object} aim
 * @param {string} aim.attack
 * @param {number | null} aim.label null: the class predicted
 * @param {number | null} aim.target
 * @param {Int8Array} [aim.painting] signs to follow in place of an attack's
 */
export function direct(network, pixels, { attack, label, target, painting }) {
  const values = network.forward(pixels);
  const logits = /** @type {Float32Array} */ (values.at(-1));
  const clean = softmax(logits);
  const predicted = largest(clean);
  const taken = target === predicted;
  const targeted = target !== null && !taken;
  const goal = targeted ? target : (label ?? predicted);
  const sign =
    painting ?? (attack === "noise" ? randomSign(pixels) : gradientSign(network, values, logits, goal, targeted));
  return { clean, predicted, sign, goal, target: targeted ? goal : null, taken };
}

/**
 * The whole scan, in steps of one forward pass each, so that whoever runs it can pause.
 * @param {import("./network.js").Network} network
 * @param {Float32Array} pixels
 * @param {ReturnType<typeof direct>} direction
 * @returns {Generator<void, Side>}
 */
export function* scan(network, pixels, { clean, sign, goal, target, taken }) {
  const probabilities = new Float32Array(10 * EPSILONS.length);
  /** @param {ArrayLike<number>} shares */
  const succeeds = (shares) => (largest(shares) === goal) === (target !== null);
  /** @type {number | null} */
  let flip = null;
  for (const [step, epsilon] of EPSILONS.entries()) {
    const shares = step ? predict(network, perturbed(pixels, sign, epsilon)) : clean;
    probabilities.set(shares, 10 * step);
    if (step) yield;
    if (flip !== null || !succeeds(shares)) continue;
    flip = epsilon;
    for (let i = 1; step && i < BETWEEN; i++) {
      const between = EPSILONS[step - 1] + (i * (epsilon - EPSILONS[step - 1])) / BETWEEN;
      const found = succeeds(predict(network, perturbed(pixels, sign, between)));
      yield;
      if (!found) continue;
      flip = Math.round(between * 1e4) / 1e4;
      break;
    }
  }
  const zero = !sign.some((way, i) => (way > 0 && pixels[i] < 1) || (way < 0 && pixels[i] > 0));
  return { target, taken, flip, zero, sign, frames: null, probabilities };
}

/**
 * The direction that raises the loss of a class most, or lowers it: the sign of the cross-entropy's gradient.
 * @param {import("./network.js").Network} network
 * @param {Float32Array[]} values of the network
 * @param {Float32Array} logits
 * @param {number} goal
 * @param {boolean} targeted
 */
export function gradientSign(network, values, logits, goal, targeted) {
  const most = Math.max(...logits);
  const sum = logits.reduce((all, logit) => fround(all + fround(Math.exp(fround(logit - most)))), 0);
  const scale = fround(Math.log(sum));
  const losses = logits.map((logit, i) => {
    const share = fround(Math.exp(fround(fround(logit - most) - scale)));
    return (i === goal ? fround(share - 1) : share) * (targeted ? -1 : 1);
  });
  return Int8Array.from(network.gradient(values, losses), Math.sign);
}

/** @param {Float32Array} logits @returns {Float32Array} */
function softmax(logits) {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((all, power) => all + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/** The place of the largest value, the first of equal ones. @param {ArrayLike<number>} values */
export function largest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
