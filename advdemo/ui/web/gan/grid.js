// Digits in a grid, and under each how real the detective finds it, as a bar and a number.

import { make } from "../shared/dom.js";
import { paint } from "../shared/pixels.js";
import { text } from "../shared/words.js";

/** @param {Element} box @param {number} count @param {number} columns */
export function makeGrid(box, count, columns) {
  const cells = Array.from({ length: count }, () => {
    const canvas = make("canvas", { width: 28, height: 28 });
    canvas.setAttribute("role", "img");
    const bar = make("i");
    const share = make("span", { className: "share" });
    return {
      canvas,
      bar,
      share,
      cell: make("div", { className: "cell" }, canvas, make("span", { className: "meter" }, bar), share),
    };
  });
  /** @type {HTMLElement} */ (box).style.setProperty("--columns", String(columns));
  box.replaceChildren(...cells.map(({ cell }) => cell));

  return {
    /** @param {Uint8Array} pixels */
    paint: (pixels) => {
      for (const [place, { canvas }] of cells.entries()) paint(canvas, (i) => pixels[place * 784 + i]);
    },
    /** @param {number[]} opinions @param {"real" | "forgery"} kind */
    judge: (opinions, kind) => {
      cells.forEach(({ canvas, bar, share }, place) => {
        const percent = Math.round(100 * opinions[place]);
        bar.style.width = `${percent}%`;
        share.textContent = String(percent);
        canvas.setAttribute("aria-label", text(`gan.cell_${kind}`, { digit: place % 10, share: `${percent}%` }));
      });
    },
  };
}
