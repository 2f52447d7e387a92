// The picture to share: what is on screen, on a sheet of its own. It is always light, and sharp at twice its size.

import { makeSheet, widthOf } from "../../shared/sheet.js";
import { text } from "../../shared/words.js";

const [WIDTH, MARGIN, SIDE, GAP] = [1200, 60, 320, 60]; // pixels; three images and two gaps between the margins
const COLOURS = { text: "#0f172a", quiet: "#64748b", clean: "#2563eb", fooled: "#c2410c" };
const OUTLINE = { stroke: COLOURS.fooled, "stroke-width": 6 };
const PARTS = /[\u2e80-\uffef]|[^\s\u2e80-\uffef]+\s*/gu; // between which a line may break

/**
 * @param {HTMLElement} root
 * @param {import("../../shared/words.js").Phrase} title
 * @returns {Promise<import("../../shared/sharing.js").Picture | null>}
 */
export async function drawPicture(root, title) {
  const rows = /** @type {HTMLElement[]} */ ([...root.querySelectorAll(".picture, .box-pictures")]).filter(isShown);
  if (!rows.length) return null;
  /** @param {string} selector */
  const told = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
  const lines = [".outcome", ".other-outcome", ".box-status"].map(told).filter(isShown).map(wordsOf).filter(Boolean);
  const height = 170 + rows.length * (SIDE + 130) + lines.length * 40;
  const sheet = makeSheet(WIDTH, height);
  /**
   * @param {string} words
   * @param {number} x
   * @param {number} y
   * @param {number} size
   * @param {string} colour
   * @param {number} [weight]
   */
  const write = (words, x, y, size, colour, weight) =>
    sheet.write(words, x, y, { size, colour, weight, room: WIDTH - MARGIN - x });

  const size = wordsOf(told('[data-testid="epsilon-value"]'));
  const single = rows.length === 1 ? `${text(title.key, title.values)} · ` : "";
  write(`${single}ε = ${size}`, MARGIN, 80, 36, COLOURS.text, 700);
  let y = 115;
  for (const row of rows) {
    if (rows.length > 1) write(wordsOf(row.querySelector(".name")), MARGIN, y + 16, 26, COLOURS.quiet);
    y += rows.length > 1 ? 34 : 0;
    row.querySelectorAll("figure").forEach((figure, place) => {
      const x = MARGIN + place * (SIDE + GAP);
      const fooled = figure.matches(".fooled");
      sheet.place(/** @type {HTMLCanvasElement} */ (figure.querySelector("canvas")), x, y, SIDE);
      if (fooled) sheet.draw("rect", { x: x - 5, y: y - 5, width: SIDE + 10, height: SIDE + 10, ...OUTLINE });
      write(wordsOf(figure.querySelector("b")), x, y + SIDE + 38, 26, COLOURS.text, 700);
      const verdict = figure.querySelector(".verdict");
      const colour = verdict?.matches(".fooled") ? COLOURS.fooled : verdict ? COLOURS.clean : COLOURS.quiet;
      write(wordsOf(verdict ?? figure.querySelector(".formula")), x, y + SIDE + 72, 26, colour, verdict ? 700 : 400);
      if (place) write(place === 1 ? "+" : "=", x - 41, y + SIDE / 2 + 12, 36, COLOURS.quiet);
    });
    y += SIDE + 96;
  }

  y += 22;
  for (const line of lines) {
    write(fitted(line), MARGIN, y, 26, COLOURS.text);
    y += 40;
  }
  write("advdemo", MARGIN, height - 30, 24, COLOURS.text, 700);
  write(`${location.host}${location.pathname}`.replace(/\/$/, ""), MARGIN + 130, height - 30, 22, COLOURS.quiet);
  return { blob: await sheet.file(), words: lines.join(" ") };
}

/** As much of a line as there is room for, to whole words. @param {string} line */
function fitted(line) {
  let kept = "";
  for (const part of line.match(PARTS) ?? []) {
    if (widthOf(`${kept}${part.trimEnd()}`, 26) > WIDTH - 2 * MARGIN) return `${kept.trimEnd()}…`;
    kept += part;
  }
  return kept;
}

/** @param {HTMLElement} node */
const isShown = (node) => node.offsetParent !== null;

/** @param {Element | null} node */
const wordsOf = (node) => node?.textContent?.trim() ?? "";
