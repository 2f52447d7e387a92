// What there is to say of a game, without a page.

/** @typedef {"both" | "generator" | "discriminator"} Learner */
/**
 * @typedef {object} View what the server shows of a game, some four times a second
 * @property {number} steps
 * @property {number} seconds of play
 * @property {string} forgeries base64
 * @property {number[]} opinions how real the detective finds each forgery
 * @property {number[]} real_opinions and each real digit
 * @property {number} fake the mean of `opinions`
 * @property {number} real the mean of `real_opinions`
 * @property {number} read share of the forgeries that LeNet reads as asked
 * @property {number} variety
 */

const COLLAPSED = 0.65; // of the variety of real digits: what games without a switch stay above once digits are read
const CALM = 0.2; // from one half, where the curves look fine
const JUMP = 0.4; // from one view to the next; only steps that are too large make two of them
const RECENT = 8; // views

/**
 * What happened since who learns, or a switch, was changed.
 * @param {View[]} views of the whole game
 * @param {number} since the number of views at the change
 * @returns {import("../shared/words.js").Phrase | null}
 */
export function happened(views, since) {
  const now = views[views.length - 1];
  const before = views[since - 1];
  const count = now.steps - (before ?? views[0]).steps;
  if (!count) return null;
  const recent = views.slice(since).slice(-RECENT);
  const opinions = recent.map(({ fake }) => fake);
  const jumps = opinions.filter((fake, i) => i && Math.abs(fake - opinions[i - 1]) > JUMP).length;
  if (jumps > 1) {
    return { key: "gan.swinging", values: { low: whole(Math.min(...opinions)), high: whole(Math.max(...opinions)) } };
  }
  const values = { count, fake: whole(now.fake), read: hundredths(now.read), variety: whole(now.variety) };
  const calm = recent.every(({ fake, real }) => Math.max(Math.abs(fake - 0.5), Math.abs(real - 0.5)) < CALM);
  if (calm && now.variety < COLLAPSED && now.read > 0.3) {
    return { key: "gan.collapsed", values: { ...values, count: now.steps } };
  }
  if (!before) return { key: "gan.so_far", values };
  return {
    key: "gan.since",
    values: {
      ...values,
      fake_before: whole(before.fake),
      read_before: hundredths(before.read),
      variety_before: whole(before.variety),
    },
  };
}

/** @param {number} share */
export const hundredths = (share) => Math.round(100 * share);

/** @param {number} share */
export const whole = (share) => `${hundredths(share)}%`;
