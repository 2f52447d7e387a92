// The curves of the Sweep tab: their chart, the list of them, and a picture of them for slides.

import { drawChart } from "../shared/chart.js";
import { make } from "../shared/dom.js";
import { inPercent, numeral, thinned } from "../shared/numbers.js";
import { makeSheet } from "../shared/sheet.js";
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
  return asPicture(curves, reference);
}

/**
 * The chart as a picture: it goes into people's slides.
 * @param {(Curve & {result: Result})[]} curves
 * @param {Reference} reference
 * @returns {Promise<Blob>}
 */
function asPicture(curves, reference) {
  const [width, height, left, right, top, bottom] = [1280, 800, 110, 1230, 90, 700];
  const sheet = makeSheet(width, height);
  const last = lastOf(curves.map(({ result }) => result));
  /** @param {number} epsilon @param {number} share @returns {[number, number]} */
  const place = (epsilon, share) => [left + ((right - left) * epsilon) / last, bottom - (bottom - top) * share];
  /** @param {{epsilons: number[], accuracies: number[]}} list @param {string} stroke @param {string} dashes */
  const line = (list, stroke, dashes) => {
    const places = points(list, last).map(([epsilon, share]) => place(epsilon, share).join());
    sheet.draw("polyline", { points: places.join(" "), stroke, "stroke-width": 4, "stroke-dasharray": dashes });
  };
  sheet.write(text("sweep.png_title"), left, 50, { size: 30, weight: 700, colour: "#0f172a" });
  for (const share of SHARES) {
    const [x, y] = place(0, share);
    sheet.draw("rect", { x, y, width: right - left, height: 1.5, fill: "#e2e8f0" });
    sheet.write(inPercent(share, 0), left - 14, y + 8, { align: "end" });
  }
  const ticks = curves[0].result.epsilons;
  for (const i of thinned(ticks.length, 9)) {
    sheet.write(String(+ticks[i].toFixed(3)), place(ticks[i], 0)[0], bottom + 36, { align: "middle" });
  }
  sheet.write("ε", (left + right) / 2, bottom + 76, { align: "middle" });
  line(reference, "#94a3b8", "12 10");
  curves.forEach(({ title, result, proof }, i) => {
    const words = text("sweep.png_curve", { name: title, images: numeral(result.done) });
    line(result, COLOURS[i], proof ? "4 6" : "none");
    sheet.write(words, right, top + 10 + 34 * i, { align: "end", weight: 700, colour: COLOURS[i] });
  });
  const under = top + 10 + 34 * curves.length;
  sheet.write(text("sweep.png_reference"), right, under, { align: "end", colour: "#64748b" });
  return sheet.file();
}
