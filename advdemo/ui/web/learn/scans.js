// Figures of one digit under attack, drawn from the server's scans: a slider to drag, and two attacks side by side.

import { LAST, pixelsAt } from "../explore/result/reading.js";
import { DOWN, GROUND, UP } from "../explore/result/side.js";
import { EPSILONS, largest } from "../lenet/scan.js";
import { drawChart } from "../shared/chart.js";
import { make } from "../shared/dom.js";
import { percent, short } from "../shared/numbers.js";
import { paint } from "../shared/pixels.js";
import { makeSaying, onLanguage, say, text } from "../shared/words.js";

/** @typedef {import("../explore/result/reading.js").Scan} Scan */
/** @typedef {{image: Uint8Array, label: number, sides: Scan[]}} Reply */

/** One digit, its perturbation and both together at the ε of a slider. @param {Element} box @param {Reply} reply */
export function drawDrag(box, { image, label, sides }) {
  const scan = { ...sides[0], image };
  const pictures = ["original", "perturbation", "attacked"].map((name) => {
    const canvas = make("canvas", { width: 28, height: 28 });
    canvas.setAttribute("role", "img");
    say(canvas, `learn.${name}`, {}, "aria-label");
    const caption = make("p", { className: "small" });
    const title = makeSaying("b", {}, `learn.${name}`);
    return { canvas, caption, figure: make("div", { className: "picture" }, canvas, title, caption) };
  });
  const slider = make("input", { type: "range", min: 0, max: EPSILONS.length - 1, value: 0 });
  slider.dataset.testid = "learn-epsilon";
  const value = make("output");
  const sentence = make("p", { className: "sentence", ariaLive: "polite" });
  say(slider, "learn.slider", {}, "aria-label");
  slider.addEventListener("input", draw);
  const [original, perturbation, attacked] = pictures;
  paint(original.canvas, (i) => image[i]);
  say(original.caption, "learn.reads", answer(scan, 0));
  box.replaceChildren(
    make("div", { className: "row pictures" }, ...pictures.map(({ figure }) => figure)),
    make("label", { className: "row drag" }, make("span", {}, "ε = ", value), slider),
    sentence,
  );
  draw();

  function draw() {
    const step = slider.valueAsNumber;
    const epsilon = EPSILONS[step];
    const pixels = pixelsAt(scan, step);
    const now = answer(scan, step);
    value.textContent = epsilon.toFixed(3);
    slider.setAttribute("aria-valuetext", `ε = ${epsilon.toFixed(3)}`);
    paint(perturbation.canvas, (i) => {
      const sign = scan.sign?.[i] ?? 0;
      const strength = step && Math.abs(sign) * Math.min(1, 0.35 + 2.2 * epsilon);
      return (sign > 0 ? UP : DOWN).map((part) => GROUND + (part - GROUND) * strength);
    });
    paint(attacked.canvas, (i) => 255 * pixels[i]);
    say(perturbation.caption, "learn.up_to", { share: percent(epsilon) });
    say(attacked.caption, "learn.reads", now);
    attacked.figure.classList.toggle("fooled", now.digit !== label);
    say(sentence, now.digit === label ? (step ? "learn.not_yet" : "learn.drag") : "learn.now_fooled", now);
  }
}

/**
 * Two attacks, or two networks: the confidence in the true digit at every ε, and the images at one.
 * @param {HTMLElement} box @param {Reply} reply @param {string[]} names of the sides, keys of words
 * @param {number} [step] of ε; without it, each at the first ε that fools, or at the last
 */
export function drawDuel(box, { image, label, sides }, names, step) {
  const chart = make("div", { className: "plot" });
  const lines = sides.map((side, i) => ({
    name: i ? "second" : "first",
    points: EPSILONS.map(
      (epsilon, at) => /** @type {[number, number]} */ ([epsilon, side.probabilities[10 * at + label]]),
    ),
  }));
  const legend = names.map((key, i) =>
    make("span", {}, make("i", { className: i ? "line second" : "line" }), makeSaying("span", {}, key)),
  );
  const pictures = sides.map((side, i) => {
    const scan = { ...side, image };
    const at =
      step ?? (side.flip === null ? EPSILONS.length - 1 : EPSILONS.findIndex((epsilon) => epsilon >= (side.flip ?? 0)));
    const canvas = make("canvas", { width: 28, height: 28 });
    const caption = make("p", { className: "small" });
    const told = { ...answer(scan, at), epsilon: short(EPSILONS[at]) };
    const pixels = pixelsAt(scan, at);
    paint(canvas, (place) => 255 * pixels[place]);
    canvas.setAttribute("role", "img");
    say(canvas, "learn.reads_at", told, "aria-label");
    say(caption, "learn.reads_at", told);
    const fooled = told.digit === label ? "" : " fooled";
    return make("div", { className: `picture${fooled}` }, canvas, makeSaying("b", {}, names[i]), caption);
  });
  const title = makeSaying("p", { className: "small" }, "learn.confidence_in", { digit: label });
  box.replaceChildren(
    make("div", { className: "stack" }, title, chart, make("div", { className: "legend" }, ...legend)),
    make("div", { className: "row pictures" }, ...pictures),
  );
  onLanguage(draw);
  draw();

  function draw() {
    drawChart(chart, {
      series: lines,
      x: { max: LAST, ticks: [0, 0.1, 0.2, 0.3, 0.4, 0.5], text: (value) => (value ? String(value) : "ε = 0") },
      y: { max: 1, ticks: [0, 0.5, 1], text: (value) => `${100 * value}%` },
      label: text("learn.confidence_in", { digit: label }),
    });
  }
}

/** @param {Scan} scan @param {number} step */
function answer({ probabilities }, step) {
  const row = probabilities.subarray(10 * step, 10 * step + 10);
  const digit = largest(row);
  return { digit, share: percent(row[digit]) };
}
