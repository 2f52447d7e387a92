// The ten logits of both pictures, and what differs.

import { LAYERS } from "../../lenet/layers.js";
import { largest } from "../../lenet/scan.js";
import { make } from "../../shared/dom.js";
import { DIGITS } from "../../shared/numbers.js";
import { say } from "../../shared/words.js";
import { address, BANDS } from "./strips.js";

const L = LAYERS.length - 1;

/** @param {Element} box @param {import("./strips.js").Point} onPoint */
export function makeScores(box, onPoint) {
  const buttons = DIGITS.map((digit) => {
    const cells = BANDS.map((band) => make("span", { className: band }));
    const button = make("button", { type: "button", dataset: { digit } }, make("b", {}, digit), ...cells);
    for (const kind of ["pointerenter", "focus", "click"]) button.addEventListener(kind, () => onPoint(L, digit));
    return { button, cells };
  });
  const labels = () => {
    const words = BANDS.map(() => make("span"));
    for (const [i, band] of BANDS.entries()) say(words[i], `inside.${band}`);
    return make("div", { className: "score-labels" }, make("b", {}, "\u00a0"), ...words);
  };
  // Narrow screens have two lines of five.
  const [low, high] = [buttons.slice(0, 5), buttons.slice(5)].map((half) => half.map(({ button }) => button));
  box.append(labels(), ...low, labels(), ...high);

  /** @param {Float32Array} before @param {Float32Array} after @param {number} label the true digit */
  function draw(before, after, label) {
    const winners = [largest(before), largest(after)];
    buttons.forEach(({ cells }, digit) => {
      const values = [before[digit], after[digit], after[digit] - before[digit]];
      cells.forEach((cell, i) => {
        const text = values[i].toFixed(1).replace("-", "−");
        cell.textContent = i === 2 && values[i] > 0 ? `+${text}` : text;
        cell.classList.toggle("wins", winners[i] === digit);
        cell.classList.toggle("fooled", winners[i] === digit && digit !== label);
      });
    });
  }

  /** @param {number} digit */
  const mark = (digit) => {
    unmark();
    buttons[digit].button.classList.add("pointed");
  };
  const unmark = () => {
    for (const { button } of buttons) button.classList.remove("pointed");
  };
  buttons.forEach(({ button }, digit) => {
    const { key, values } = address(L, digit);
    say(button, key, values, "title");
  });
  return { draw, mark, unmark };
}
