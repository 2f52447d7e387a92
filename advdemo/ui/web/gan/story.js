// What there is to say of a game, without a page.

/** @typedef {"both" | "generator" | "discriminator"} Learner */
/**
 * @typedef {object} View what the server shows of a game, some four times a second
 * @property {number} steps
 * @property {number} seconds of play
 * @property {string} forgeries base64
 * @property {number[]} opinions how real the detective finds each forgery
 * @property {number[]} real_opinions and each real digit
 * @property {number} read share of the forgeries that LeNet reads as asked
 * @property {number} variety
 * @property {number | null} real mean opinion of real digits since the last view
 * @property {number | null} fake of forgeries
 */

const COLLAPSED = 0.65; // of the variety of real digits: what games without a switch stay above once digits are read
const CALM = 0.2; // from one half, where the curves look fine

/**
 * The mean of the last views' opinion of forgeries, and what else is compared.
 * @param {View[]} views
 */
export function summary(views) {
  const last = views.filter(({ fake }) => fake !== null).slice(-4);
  if (!last.length) return null;
  /** @param {(view: View) => number} pick */
  const mean = (pick) => last.reduce((sum, view) => sum + pick(view), 0) / last.length;
  return {
    fake: mean(({ fake }) => fake ?? 0),
    real: mean(({ real }) => real ?? 0),
    read: last[last.length - 1].read,
    variety: last[last.length - 1].variety,
  };
}

/**
 * What happened since who learns, or a switch, was changed.
 * @param {View[]} views of the whole game
 * @param {number} since the number of views at the change
 * @returns {import("../shared/words.js").Phrase | null}
 */
export function happened(views, since) {
  const after = summary(views.slice(since));
  if (!after) return null;
  const before = summary(views.slice(0, since));
  const now = views[views.length - 1];
  const first = views[Math.max(0, since - 1)];
  const count = now.steps - first.steps;
  if (!count) return null;
  const calm = Math.abs(after.fake - 0.5) < CALM && Math.abs(after.real - 0.5) < CALM;
  if (calm && after.variety < COLLAPSED && after.read > 0.3) {
    return { key: "gan.collapsed", values: { count, variety: whole(after.variety), fake: whole(after.fake) } };
  }
  if (!before) {
    return { key: "gan.so_far", values: { count, read: whole(after.read), fake: whole(after.fake) } };
  }
  return {
    key: "gan.since",
    values: {
      count,
      fake_before: whole(before.fake),
      fake: whole(after.fake),
      read_before: whole(before.read),
      read: whole(after.read),
      variety_before: whole(before.variety),
      variety: whole(after.variety),
    },
  };
}

/** @param {number} share */
const whole = (share) => `${Math.round(100 * share)}%`;
