// The picture to share: what is on screen, on a sheet of its own. It is always light, and sharp at twice its size.

import { text } from "../../shared/words.js";

const [WIDTH, MARGIN, SIDE, GAP] = [1200, 60, 320, 60]; // pixels; three images and two gaps between the margins
const COLOURS = { text: "#0f172a", quiet: "#64748b", clean: "#2563eb", fooled: "#c2410c" };
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
  const canvas = document.createElement("canvas");
  canvas.width = WIDTH;
  canvas.height = 170 + rows.length * (SIDE + 130) + lines.length * 40;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const family = getComputedStyle(root).fontFamily;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;

  /**
   * @param {string} words
   * @param {number} x
   * @param {number} y
   * @param {number} size
   * @param {string} colour
   * @param {number} [weight]
   */
  function write(words, x, y, size, colour, weight = 400) {
    context.font = `${weight} ${size}px ${family}`;
    context.fillStyle = colour;
    context.fillText(words, x, y, WIDTH - MARGIN - x);
  }

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
      context.drawImage(/** @type {HTMLCanvasElement} */ (figure.querySelector("canvas")), x, y, SIDE, SIDE);
      if (fooled) outline(x, y);
      write(wordsOf(figure.querySelector("b")), x, y + SIDE + 38, 26, COLOURS.text, 700);
      const verdict = figure.querySelector(".verdict");
      const colour = verdict?.matches(".fooled") ? COLOURS.fooled : verdict ? COLOURS.clean : COLOURS.quiet;
      write(wordsOf(verdict ?? figure.querySelector(".formula")), x, y + SIDE + 72, 26, colour, verdict ? 700 : 400);
      if (place) write(place === 1 ? "+" : "=", x - 41, y + SIDE / 2 + 12, 36, COLOURS.quiet);
    });
    y += SIDE + 96;
  }

  /** @param {number} x @param {number} y */
  function outline(x, y) {
    context.strokeStyle = COLOURS.fooled;
    context.lineWidth = 6;
    context.strokeRect(x - 5, y - 5, SIDE + 10, SIDE + 10);
  }

  y += 22;
  for (const line of lines) {
    write(fitted(line), MARGIN, y, 26, COLOURS.text);
    y += 40;
  }
  write("advdemo", MARGIN, canvas.height - 30, 24, COLOURS.text, 700);
  write(`${location.host}${location.pathname}`.replace(/\/$/, ""), MARGIN + 130, canvas.height - 30, 22, COLOURS.quiet);

  /** As much of a line as there is room for, to whole words. @param {string} line */
  function fitted(line) {
    context.font = `400 26px ${family}`;
    let kept = "";
    for (const part of line.match(PARTS) ?? []) {
      if (context.measureText(`${kept}${part.trimEnd()}`).width > WIDTH - 2 * MARGIN) return `${kept.trimEnd()}…`;
      kept += part;
    }
    return kept;
  }

  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return blob && { blob, words: lines.join(" ") };
}

/** @param {HTMLElement} node */
const isShown = (node) => node.offsetParent !== null;

/** @param {Element | null} node */
const wordsOf = (node) => node?.textContent?.trim() ?? "";
