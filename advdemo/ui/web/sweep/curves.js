// The curves of the Sweep tab: their chart, the list of them, and a picture of them for slides.

import { drawChart } from "../shared/chart.js";
import { make } from "../shared/dom.js";
import { inPercent, numeral, thinned } from "../shared/numbers.js";
import { makeSaying, say, text } from "../shared/words.js";
import { asCsv, asJson, bands, lastOf, points } from "./figures.js";

/** @typedef {import("./figures.js").Result} Result */
/** @typedef {import("./figures.js").Curve} Curve */
/** @typedef {import("./figures.js").Reference} Reference */

export const COLOURS = ["#2563eb", "#8a4f6d", "#1e7a74", "#64748b", "#7c3aed", "#4d7c0f"];
const SHARES = [0, 0.25, 0.5, 0.75, 1];

/**
 * Accuracy against epsilon.
 * @param {Element} box
 * @param {(Curve & {result: Result})[]} curves
 * @param {Reference[]} references
 * @param {number} selected
 */
export function drawCurves(box, curves, references, selected) {
  const last = lastOf(curves.length ? curves.map(({ result }) => result) : references);
  const epsilons = curves[selected]?.result.epsilons ?? references[0].epsilons;
  const few = epsilons.length <= 8;
  drawChart(box, {
    series: [
      ...references.map((reference) => ({ name: `reference ${reference.name}`, points: points(reference, last) })),
      ...curves.map(({ result, proof }, i) => ({
        name: `ours curve-${i}${proof ? " proof" : ""}`,
        colour: `var(--curve-${i})`,
        points: points(result, last),
        dots: /** @type {const} */ ("all"),
        labels: i === selected && few ? (/** @type {number} */ y) => (100 * y).toFixed(1) : undefined,
      })),
    ],
    areas: bands(curves).map(({ place, above, below }) => ({ above, below, colour: `var(--curve-${place})` })),
    x: { max: last, ticks: few ? epsilons : SHARES.map((share) => share * last), text: (x) => String(+x.toFixed(3)) },
    y: { max: 1, ticks: SHARES, text: (y) => `${100 * y}%` },
    label: text("sweep.chart"),
  });
}

/** The curves by name, to select or remove. @param {Element} box @param {Curve[]} curves @param {number} selected */
export function drawChips(box, curves, selected) {
  box.replaceChildren(
    ...curves.map(({ title }, i) => {
      const name = makeSaying("span", {}, title.key, title.values);
      const remove = make("button", { type: "button", className: "bare", dataset: { remove: i } }, "×");
      say(remove, "sweep.remove", { name: title }, "aria-label");
      const select = make("button", { type: "button", className: "bare", dataset: { select: i } }, make("i"), name);
      select.setAttribute("aria-pressed", String(i === selected));
      return make("span", { className: `curve-chip curve-${i}` }, select, remove);
    }),
  );
}

/**
 * The curves as a file.
 * @param {string} format
 * @param {(Curve & {result: Result})[]} curves
 * @param {Reference} reference
 * @returns {Promise<Blob>}
 */
export async function exportAs(format, curves, reference) {
  if (format === "csv") return new Blob([asCsv(curves)], { type: "text/csv" });
  if (format === "json") return new Blob([asJson(curves)], { type: "application/json" });
  return asPng(curves, reference);
}

/**
 * The chart on a canvas of its own, on white whatever the page's theme: it goes into people's slides.
 * @param {(Curve & {result: Result})[]} curves
 * @param {Reference} reference
 * @returns {Promise<Blob>}
 */
function asPng(curves, reference) {
  const [width, height, left, right, top, bottom] = [1280, 800, 110, 1230, 90, 700];
  const canvas = make("canvas", { width, height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const last = lastOf(curves.map(({ result }) => result));
  /** @param {number} epsilon @param {number} share @returns {[number, number]} */
  const place = (epsilon, share) => [left + ((right - left) * epsilon) / last, bottom - (bottom - top) * share];
  /** @param {{epsilons: number[], accuracies: number[]}} list @param {string} colour @param {number[]} dash */
  const line = (list, colour, dash) => {
    context.beginPath();
    for (const [epsilon, share] of points(list, last)) context.lineTo(...place(epsilon, share));
    Object.assign(context, { strokeStyle: colour, lineWidth: 4 });
    context.setLineDash(dash);
    context.stroke();
  };
  /** @param {string} words @param {number} x @param {number} y @param {CanvasTextAlign} align */
  const write = (words, x, y, align, font = "24px sans-serif", colour = "#334155") => {
    Object.assign(context, { font, fillStyle: colour, textAlign: align });
    context.fillText(words, x, y);
  };
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  write(text("sweep.png_title"), left, 50, "left", "bold 30px sans-serif", "#0f172a");
  for (const share of SHARES) {
    const [, y] = place(0, share);
    context.fillStyle = "#e2e8f0";
    context.fillRect(left, y, right - left, 1.5);
    write(inPercent(share, 0), left - 14, y + 8, "right");
  }
  const ticks = curves[0].result.epsilons;
  for (const i of thinned(ticks.length, 9)) {
    write(String(+ticks[i].toFixed(3)), place(ticks[i], 0)[0], bottom + 36, "center");
  }
  write("ε", (left + right) / 2, bottom + 76, "center");
  line(reference, "#94a3b8", [12, 10]);
  curves.forEach(({ title, result, proof }, i) => {
    const words = text("sweep.png_curve", { name: title, images: numeral(result.done) });
    line(result, COLOURS[i], proof ? [4, 6] : []);
    write(words, right, top + 10 + 34 * i, "right", "bold 24px sans-serif", COLOURS[i]);
  });
  write(text("sweep.png_reference"), right, top + 10 + 34 * curves.length, "right", "24px sans-serif", "#64748b");
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
