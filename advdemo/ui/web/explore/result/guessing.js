// How good a guess is, without a page.

const NEAR = 0.02; // what counts for the streak

/**
 * @typedef {object} Tally of one visit
 * @property {number} guesses
 * @property {number} streak near guesses in a row
 * @property {number} longest
 * @property {number | null} best the smallest error
 */

/** @type {Tally} */
export const NOTHING = { guesses: 0, streak: 0, longest: 0, best: null };

/**
 * @param {number | null} guess an epsilon; null: it flips nowhere on the slider
 * @param {number | null} flip where it does
 * @returns {{error: number | null, near: boolean}} no error where only one of the two is a number
 */
export function judge(guess, flip) {
  if (guess === null || flip === null) return { error: null, near: guess === flip };
  const error = Math.abs(guess - flip);
  return { error, near: error <= NEAR + 1e-9 };
}

/** @param {Tally} tally @param {{error: number | null, near: boolean}} judged @returns {Tally} */
export function count({ guesses, streak, longest, best }, { error, near }) {
  const now = near ? streak + 1 : 0;
  return {
    guesses: guesses + 1,
    streak: now,
    longest: Math.max(longest, now),
    best: error === null ? best : Math.min(error, best ?? error),
  };
}

/**
 * A guess and the truth, in words.
 * @param {number | null} guess
 * @param {number | null} flip
 * @returns {{key: string, values: import("../../shared/words.js").Values}}
 */
export function verdict(guess, flip) {
  const { error, near } = judge(guess, flip);
  const values = {
    guess: guess?.toFixed(3) ?? "",
    flip: flip?.toFixed(4) ?? "",
    error: error?.toFixed(4) ?? "",
  };
  if (guess === null) return { key: flip === null ? "guess.never_right" : "guess.never_wrong", values };
  if (flip === null) return { key: "guess.holds", values };
  return { key: near ? "guess.near" : "guess.off", values };
}
