// The curves of the Sweep tab: their chart, the list of them, and a picture of them for slides.

import { drawChart } from "../shared/chart.js";
import { make } from "../shared/dom.js";
import { inPercent, numeral, short } from "../shared/numbers.js";
import { makeSheet } from "../shared/sheet.js";
import { makeSaying, say, text } from "../shared/words.js";
import { asCsv, asJson, bands, lastOf, points, ticksOf } from "./figures.js";

/** @typedef {import("./figures.js").Result} Result */
/** @typedef {import("./figures.js").Curve} Curve */
/** @typedef {import("./figures.js").Reference} Reference */

export const COLOURS = ["#2563eb", "#8a4f6d", "#1e7a74", "#64748b", "#7c3aed", "#4d7c0f"];
// In a box of 100 by 100, as style.css has them; null: a circle.
const SHAPES = [
  null,
  "8,8 92,8 92,92 8,92",
  "50,0 100,95 0,95",
  "50,0 100,50 50,100 0,50",
  "0,5 100,5 50,100",
  "0,0 50,30 100,0 70,50 100,100 50,70 0,100 30,50",
];
const SHARES = [0, 0.25, 0.5, 0.75, 1];
const FEW = 8; // epsilons, whose accuracies are written beside the dots

/**
 * Accuracy against epsilon.
 * @param {Element} box
 * @param {(Curve & {result: Result})[]} curves
 * @param {Reference[]} references
 * @param {number} selected
 */
export function drawCurves(box, curves, references, selected) {
  const lists = curves.length ? curves.map(({ result }) => result) : references;
  const last = lastOf(lists);
  const few = (curves[selected]?.result.epsilons.length ?? 0) <= FEW;
  drawChart(box, {
    series: [
      ...references.map((reference) => ({ name: `reference ${reference.name}`, points: points(reference, last) })),
      ...curves.map(({ result, proof, attack }, i) => ({
        name: `ours curve-${i}${proof ? ` proof ${attack}` : ""}`,
        colour: `var(--curve-${i})`,
        points: points(result, last),
        dots: /** @type {const} */ ("all"),
        labels: i === selected && few ? (/** @type {number} */ y) => (100 * y).toFixed(1) : undefined,
      })),
    ],
    areas: bands(curves).map(({ place, above, below }) => ({ above, below, colour: `var(--curve-${place})` })),
    x: { max: last, ticks: ticksOf(lists, last), text: (x) => (x ? short(x) : text("sweep.axis", { epsilon: "0" })) },
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
 * The chart as a picture, its legend below: it goes into people's slides.
 * @param {(Curve & {result: Result})[]} curves
 * @param {Reference} reference
 * @returns {Promise<Blob>}
 */
function asPicture(curves, reference) {
  const [width, left, right, top, bottom, row] = [1280, 110, 1230, 90, 620, 38];
  const sheet = makeSheet(width, bottom + 110 + row * (curves.length + 1));
  const results = curves.map(({ result }) => result);
  const last = lastOf(results);
  /** @param {number} epsilon @param {number} share @returns {[number, number]} */
  const place = (epsilon, share) => [left + ((right - left) * epsilon) / last, bottom - (bottom - top) * share];
  /** @param {[number, number][]} places @param {string} stroke @param {string} dashes @param {number} [shape] */
  const line = (places, stroke, dashes, shape) => {
    sheet.draw("polyline", { points: places.join(" "), stroke, "stroke-width": 4, "stroke-dasharray": dashes });
    if (shape !== undefined) for (const [x, y] of places) mark(x, y, shape);
  };
  /** @param {number} x @param {number} y @param {number} shape */
  const mark = (x, y, shape) => {
    const [fill, corners] = [COLOURS[shape], SHAPES[shape]];
    if (!corners) return sheet.draw("circle", { cx: x, cy: y, r: 8, fill });
    sheet.draw("polygon", { points: corners, fill, transform: `translate(${x - 9} ${y - 9}) scale(0.18)` });
  };
  /** A row of the legend. @param {number} i @param {string} words @param {string} stroke @param {string} dashes */
  const name = (i, words, stroke, dashes) => {
    const y = bottom + 110 + row * i;
    const ends = /** @type {[number, number][]} */ ([left, left + 80].map((x) => [x, y - 8]));
    line(ends, stroke, dashes);
    if (i < curves.length) mark(left + 40, y - 8, i);
    sheet.write(words, left + 100, y, { weight: i < curves.length ? 700 : 400, room: right - left - 100 });
  };

  sheet.write(text("sweep.png_title"), left, 50, { size: 30, weight: 700, colour: "#0f172a" });
  for (const share of SHARES) {
    const [x, y] = place(0, share);
    sheet.draw("rect", { x, y, width: right - left, height: 1.5, fill: "#e2e8f0" });
    sheet.write(inPercent(share, 0), left - 14, y + 8, { align: "end" });
  }
  for (const epsilon of ticksOf(results, last)) {
    sheet.write(short(epsilon), place(epsilon, 0)[0], bottom + 36, { align: "middle" });
  }
  sheet.write("ε", (left + right) / 2, bottom + 66, { align: "middle" });
  line(
    points(reference, last).map(([epsilon, share]) => place(epsilon, share)),
    "#94a3b8",
    "12 10",
  );
  curves.forEach(({ title, result, proof, attack }, i) => {
    const dashes = !proof ? "none" : attack === "crown" ? "18 8" : "4 7";
    line(
      points(result, last).map(([epsilon, share]) => place(epsilon, share)),
      COLOURS[i],
      dashes,
      i,
    );
    name(i, text("sweep.png_curve", { name: title, images: numeral(result.done) }), COLOURS[i], dashes);
  });
  name(curves.length, text("sweep.png_reference"), "#94a3b8", "12 10");
  return sheet.file();
}
