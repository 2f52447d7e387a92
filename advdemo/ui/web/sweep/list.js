// The curves so far, the one of them that the tables are about, and the epsilon that the matrix is about. No page.

import { startAt } from "./figures.js";

/** @typedef {import("./figures.js").Curve} Curve */

/** @param {Curve[]} first @param {number} most curves */
export function makeList(first, most) {
  let curves = first;
  let selected = 0;
  let at = 0; // the place of the epsilon

  /** @param {number} place */
  function select(place) {
    selected = Math.max(0, place);
    at = startAt(curves[selected]?.result?.epsilons ?? []);
  }
  select(0);

  return {
    select,
    /**
     * A curve with its first result, in place of one of the same network and attack, or of the last.
     * @param {Curve} curve
     */
    add(curve) {
      const same = curves.findIndex(({ id }) => id === curve.id);
      const place = same >= 0 ? same : Math.min(curves.length, most - 1);
      curves[place] = curve;
      select(place);
    },
    /** @param {number} place */
    remove(place) {
      curves = curves.filter((_, i) => i !== place);
      select(Math.min(selected, curves.length - 1));
    },
    /** @param {number} place of the epsilon */
    look(place) {
      at = place;
    },
    get curves() {
      return curves;
    },
    get selected() {
      return selected;
    },
    /** @returns {Curve | undefined} */
    get current() {
      return curves[selected];
    },
    get at() {
      return at;
    },
    /** @returns {number | undefined} */
    get epsilon() {
      return curves[selected]?.result?.epsilons[at];
    },
  };
}
