// What a scan says, without a page: which class wins where, and in which words.

import { EPSILONS, largest, perturbed, pixelsOf } from "../../lenet/scan.js";

/** @typedef {import("../../shared/words.js").Phrase} Phrase */
/**
 * @typedef {object} Scan one attack on one digit at every epsilon
 * @property {string} attack
 * @property {number} label the true class
 * @property {number | null} target the class to reach
 * @property {number | null} flip the smallest epsilon that succeeds
 * @property {number | null} [proved] the largest epsilon with a proof, once known; null: not for such a network
 * @property {number | null} [strongest] the smallest at which the strongest attack succeeds, once asked for
 * @property {boolean} zero nothing moves: there is no gradient to follow
 * @property {Float32Array} probabilities 10 for each epsilon
 * @property {number[]} winners the most likely class at each epsilon
 * @property {number[]} rivals classes to draw beside the label
 * @property {[number, number][]} fooledSpans
 * @property {Uint8Array} image
 * @property {Int8Array | Float32Array | null} sign what epsilon multiplies; of PGD, in a glimpse, no whole numbers
 * @property {Uint8Array | null} frames
 * @property {boolean} [veiled] the visitor is to guess first
 * @property {boolean} [partial] only what stands at the slider's place is known
 */
/** @typedef {Omit<Scan, "winners" | "rivals" | "fooledSpans">} Answer a scan as it comes */

/** The end of the slider. */
export const LAST = EPSILONS[EPSILONS.length - 1];

/**
 * The picture that the network sees at a position of the slider: 784 pixels in [0, 1].
 * @param {Pick<Scan, "image" | "sign" | "frames">} scan
 * @param {number} step
 */
export function pixelsAt({ image, sign, frames }, step) {
  if (frames) return Float32Array.from(frames.subarray(step * 784, step * 784 + 784), (grey) => grey / 255);
  return perturbed(pixelsOf(image), sign ?? new Int8Array(784), EPSILONS[step]);
}

/**
 * The classes that win somewhere, in that order; where none does, the one that comes closest.
 * @param {number[]} winners
 * @param {Float32Array} probabilities
 * @param {number} label
 */
export function rivals(winners, probabilities, label) {
  const found = [...new Set(winners)].filter((winner) => winner !== label);
  if (found.length) return found;
  const peaks = new Float32Array(10);
  probabilities.forEach((share, i) => {
    if (i % 10 !== label) peaks[i % 10] = Math.max(peaks[i % 10], share);
  });
  return [largest(peaks)];
}

/**
 * The stretches of epsilon where the network is wrong; the first from its exact flip, where known.
 * @param {number[]} epsilons
 * @param {number[]} winners
 * @param {number} label
 * @param {number | null} flip
 * @returns {[number, number][]}
 */
export function spans(epsilons, winners, label, flip) {
  /** @type {[number, number][]} */
  const found = [];
  winners.forEach((winner, step) => {
    if (winner === label) return;
    const previous = found[found.length - 1];
    if (previous && step > 0 && winners[step - 1] !== label) previous[1] = epsilons[step];
    else found.push([found.length ? epsilons[step] : (flip ?? epsilons[step]), epsilons[step]]);
  });
  return found;
}

/**
 * What happened at one position of the slider, in words.
 * @param {Pick<Scan, "attack" | "label" | "target" | "winners" | "zero" | "flip" | "partial">} scan
 * @param {number} step
 * @param {string} share the winner's confidence, written
 * @returns {{key: string, values: import("../../shared/words.js").Values}}
 */
export function outcome({ attack, label, target, winners, zero, flip, partial }, step, share) {
  const clean = winners[0];
  const now = winners[step];
  const values = { clean, now, label, share, target: target ?? "" };
  if (clean !== label) {
    const change = step === 0 ? "" : now === clean ? "_still" : "_now";
    return { key: `explore.already_wrong${change}`, values };
  }
  if (zero) return { key: attack === "hand" ? "hand.nothing_moves" : "explore.zero_gradient", values };
  if (step === 0) return { key: "explore.no_perturbation", values };
  if (now === target) return { key: "explore.target_reached", values };
  if (now !== label) return { key: target === null ? "explore.fooled" : "explore.fooled_otherwise", values };
  if (partial) return { key: "explore.still", values };
  if (flip !== null && target === null && EPSILONS[step] >= flip) return { key: "explore.right_again", values };
  if (flip !== null || target !== null) return { key: "explore.still", values };
  return { key: "explore.still_never", values: { ...values, never: { key: `attacks.never_${attack}` } } };
}

/**
 * What is certified of a digit, where the attack succeeds, and what is undecided, in words.
 * @param {Pick<Scan, "attack" | "label" | "target" | "winners" | "flip" | "proved">} scan
 * @returns {{key: string, values: import("../../shared/words.js").Values}}
 */
export function standing({ attack, label, target, winners, flip, proved }) {
  const values = {
    proved: proved?.toFixed(4) ?? "",
    flip: flip?.toFixed(4) ?? "",
    attack: { key: `attacks.short_${attack}` },
    target: target ?? "",
  };
  if (winners[0] !== label) return { key: "proof.misread", values };
  if (proved === undefined) return { key: "proof.looking", values };
  if (proved === null) return { key: "proof.other_layers", values };
  if (proved >= LAST) return { key: "proof.everywhere", values };
  const some = proved > 0;
  if (attack === "blackbox") return { key: some ? "proof.live" : "proof.live_unproved", values };
  const aimed = target === null ? "" : "_target";
  if (flip === null) return { key: `proof.never${aimed}${some ? "" : "_unproved"}`, values };
  if (target === null) return { key: some ? "proof.broken" : "proof.broken_unproved", values };
  return { key: some ? "proof.reached" : "proof.reached_unproved", values };
}

/** Whether there are epsilons that neither a proof nor the attack decides. @param {Scan} scan */
export const isUndecided = ({ proved, flip, winners, label }) =>
  typeof proved === "number" && winners[0] === label && (flip ?? LAST) - proved > 1e-4;

/**
 * What the strongest attack changes, in words; null: there was nothing to change.
 * @param {Scan} scan
 */
export function narrowed(scan) {
  const { proved, strongest } = scan;
  if (!isUndecided(scan) || strongest === undefined) return null;
  if (strongest === null || strongest >= (scan.flip ?? 1)) return { key: "proof.not_narrowed", values: {} };
  const values = { proved: proved?.toFixed(4) ?? "", strongest: strongest.toFixed(4) };
  return { key: proved ? "proof.narrowed" : "proof.narrowed_unproved", values };
}
