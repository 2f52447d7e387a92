// Ten before/after bars of confidence.

import { make } from "../../shared/dom.js";
import { DIGITS, percent } from "../../shared/numbers.js";

/** @param {Element} root */
export function makeBars(root) {
  const box = /** @type {Element} */ (root.querySelector(".bars"));
  const rows = DIGITS.map((digit) => {
    const before = make("i", { className: "before" });
    const after = make("i", { className: "after" });
    const name = make("span", { className: "digit" }, digit);
    const track = make("span", { className: "meter" }, before, after);
    const share = make("span", { className: "percent" });
    box.append(name, track, share);
    return { before, after, share, parts: [name, track, share] };
  });

  /** @param {Float32Array} before @param {Float32Array} after @param {number} label @param {number} winner */
  return function draw(before, after, label, winner) {
    rows.forEach((row, digit) => {
      row.before.style.transform = `scaleX(${before[digit]})`;
      row.after.style.transform = `scaleX(${after[digit]})`;
      row.share.textContent = percent(after[digit]);
      for (const part of row.parts) {
        part.classList.toggle("is-label", digit === label);
        part.classList.toggle("is-winner", digit === winner);
      }
    });
  };
}
