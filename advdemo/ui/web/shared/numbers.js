// How numbers are written, everywhere on the page.

/** 10,000: alike in English and Chinese. @param {number} value */
export const numeral = (value) => value.toLocaleString("en-US");

/** 97.2%, 99.98%, 0.4%, 0%: never 100% for less than certainty to two decimals. @param {number} share in 0..1 */
export function percent(share) {
  if (share >= 0.9995) return share >= 0.99995 ? "100%" : `${(100 * share).toFixed(2)}%`;
  return share < 0.0005 ? "0%" : `${(100 * share).toFixed(1)}%`;
}

/** 98.98%, with a fixed number of decimals. @param {number} share in 0..1 @param {number} [digits] */
export const inPercent = (share, digits = 1) => `${(100 * share).toFixed(digits)}%`;

/** 0.05, 0.1: as short as it can be to four decimals. @param {number} epsilon */
export const short = (epsilon) => String(+epsilon.toFixed(4));

/** Some of 0 .. count - 1, evenly, with both ends. @param {number} count @param {number} most */
export function thinned(count, most) {
  if (count <= most) return [...Array(count).keys()];
  return [...Array(most).keys()].map((i) => Math.round((i * (count - 1)) / (most - 1)));
}

/** @param {number[]} values */
export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

export const DIGITS = [...Array(10).keys()];
