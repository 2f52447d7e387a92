// What is to be seen of a game: the digits and what the detective makes of them, in figures, in words and as curves.

import { drawChart } from "../shared/chart.js";
import { picker } from "../shared/dom.js";
import { numeral, thinned } from "../shared/numbers.js";
import { bytes } from "../shared/pixels.js";
import { say, text } from "../shared/words.js";
import { makeGrid } from "./grid.js";
import { happened, hundredths, whole } from "./story.js";

/** @typedef {import("./story.js").View} View */

const COLUMNS = 10; // a digit each
const MOST_POINTS = 300; // of a curve
const LEAST_SPAN = 10; // steps, of the curves
const SHARES = { max: 1, ticks: [0, 0.5, 1], text: (/** @type {number} */ share) => `${100 * share}%` };

/** @param {Element} root @param {any} setup */
export function makeDrawing(root, setup) {
  const pick = picker(root);
  const digits = bytes(setup.real, Uint8Array);
  const forgeries = makeGrid(pick(".forgeries"), setup.shown, COLUMNS);
  const real = makeGrid(pick(".digits.real"), digits.length / 784, COLUMNS);
  real.paint(digits);

  /** @param {View[]} views of the whole game @param {number} changed how many there were at the last change */
  return function draw(views, changed) {
    const view = views[views.length - 1] ?? setup.first;
    if (!view) return;
    forgeries.paint(bytes(view.forgeries, Uint8Array));
    forgeries.judge(view.opinions, "forgery");
    real.judge(view.real_opinions, "real");
    say(pick(".read"), "gan.read", { count: hundredths(view.read) });
    say(pick(".variety"), "gan.variety", { share: whole(view.variety) });
    pick(".variety").dataset.variety = view.variety.toFixed(3);
    const story = views.length ? happened(views, changed) : { key: setup.first ? "gan.first" : "gan.quiet" };
    if (story) say(pick(".happened"), story.key, story.values);
    const steps = view.steps ?? 0;
    pick(".steps").dataset.steps = steps;
    say(pick(".steps"), views.length ? "gan.counts" : setup.example ? "gan.example_curves" : "gan.quiet", {
      seed: setup.example?.seed,
      steps: numeral(steps),
      images: numeral(steps * setup.batch),
      seconds: Math.round(view.seconds ?? 0),
    });
    const shown = views.length ? thinned(views.length, MOST_POINTS).map((place) => views[place]) : setup.example?.views;
    drawCurves(pick('[data-plot="opinions"]'), pick('[data-plot="quality"]'), shown ?? []);
  };
}

/** @param {Element} opinions @param {Element} quality @param {View[]} views */
function drawCurves(opinions, quality, views) {
  const min = views[0]?.steps ?? 0;
  const max = Math.max(min + LEAST_SPAN, views[views.length - 1]?.steps ?? 0);
  const named = (/** @type {number} */ steps) => (steps === min ? text("gan.axis", { count: steps }) : numeral(steps));
  const x = { min, max, ticks: [min, max], text: named };
  /** @param {"real" | "fake" | "read" | "variety"} measure */
  const series = (measure, name = measure === "variety" ? "various" : measure) => ({
    name,
    points: views.map((view) => /** @type {[number, number]} */ ([view.steps, view[measure]])),
  });
  /** @type {[number, number][]} */
  const half = [min, max].map((steps) => [steps, 0.5]);
  drawChart(opinions, {
    series: [{ name: "half", points: half }, series("real"), series("fake")],
    x,
    y: SHARES,
    label: text("gan.opinions"),
  });
  drawChart(quality, { series: [series("read"), series("variety")], x, y: SHARES, label: text("gan.quality") });
}
