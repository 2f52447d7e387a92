// The figures of one curve: its table, what turns into what, digit by digit, and examples.

import { make } from "../shared/dom.js";
import { drawHeatmap } from "../shared/heatmap.js";
import { DIGITS, inPercent, numeral, short, thinned } from "../shared/numbers.js";
import { bytes, paint } from "../shared/pixels.js";
import { makeSaying, say, text } from "../shared/words.js";
import { barHeight } from "./figures.js";

/** @typedef {import("./figures.js").Result} Result */
/** @typedef {import("./figures.js").Example} Example */
/** @typedef {import("./figures.js").Reference} Reference */

const MOST_RIGHT = 1100; // test images of one class, about

/**
 * The tutorial's own table; `references` are further columns for the epsilons that they know.
 * @param {Element} body
 * @param {Result | undefined} result
 * @param {Reference[]} references
 */
export function drawTable(body, result, references) {
  if (!result) return body.replaceChildren();
  body.replaceChildren(
    ...result.epsilons.map((epsilon, i) => {
      const ours = [short(epsilon), (epsilon * 255).toFixed(1), numeral(result.correct[i]), numeral(result.done)];
      const theirs = references.map(({ epsilons, accuracies }) => {
        const known = epsilons.findIndex((value) => Math.abs(value - epsilon) < 1e-9);
        return known < 0 ? "–" : accuracies[known].toFixed(4);
      });
      const cells = [...ours, result.accuracies[i].toFixed(4), ...theirs];
      return make("tr", {}, ...cells.map((value) => make("td", {}, value)));
    }),
  );
}

/** The epsilons that the matrix can be of. @param {Element} box @param {number[]} epsilons @param {number} picked */
export function drawEpsilons(box, epsilons, picked) {
  box.replaceChildren(
    ...thinned(epsilons.length, 11).map((i) => {
      const button = make("button", { type: "button", dataset: { epsilon: i } }, short(epsilons[i]));
      button.setAttribute("aria-pressed", String(i === picked));
      return button;
    }),
  );
}

/** @param {Element} table @param {number[][] | null} counts 10 rows (true digit) of 10 (prediction) */
export function drawMatrix(table, counts) {
  const wrong = counts?.flatMap((row, truth) => row.filter((_, predicted) => predicted !== truth)) ?? [];
  const most = Math.max(1, ...wrong);
  drawHeatmap(table, {
    columns: DIGITS.map(String),
    rows: DIGITS.map((truth) => ({
      name: String(truth),
      cells: DIGITS.map((predicted) => {
        const count = counts?.[truth][predicted];
        if (!count) return { text: counts ? "0" : "", kind: "none" };
        const right = truth === predicted;
        return {
          text: String(count),
          kind: right ? "right" : "wrong",
          weight: count / (right ? MOST_RIGHT : most),
          button: { dataset: { truth, predicted }, ariaLabel: text("sweep.cell", { count, truth, predicted }) },
        };
      }),
    })),
  });
}

/** @param {Element} table @param {Result | undefined} result */
export function drawPerClass(table, result) {
  if (!result) return table.replaceChildren();
  const columns = thinned(result.epsilons.length, 9);
  drawHeatmap(table, {
    columns: columns.map((i) => short(result.epsilons[i])),
    rows: DIGITS.map((digit) => ({
      name: String(digit),
      cells: columns.map((i) => {
        const share = result.per_class[i][digit];
        if (share === null) return { text: "–" };
        return { text: String(Math.round(100 * share)), kind: "right", weight: share };
      }),
    })),
  });
}

/** @param {Element} box @param {Result | undefined} result */
export function drawHistogram(box, result) {
  const counts = result?.first_flips;
  if (!counts) return box.replaceChildren();
  const never = counts.length - 1;
  const labelled = new Set([...thinned(never, 9), never]);
  box.replaceChildren(
    ...counts.map((count, i) => {
      const epsilon = i === never ? "" : short(result.epsilons[i]);
      const bar = make(
        "div",
        { className: i === never ? "bar never" : "bar" },
        make("span", { className: "amount" }, counts.length <= 9 ? numeral(count) : ""),
        make("i", { style: { height: `${barHeight(count, counts).toFixed(1)}px` } }),
        make("span", {}, !labelled.has(i) ? "" : i === never ? text("sweep.never") : epsilon),
      );
      say(bar, i === never ? "sweep.bar_never" : "sweep.bar", { epsilon, count }, "title");
      return bar;
    }),
  );
}

/**
 * @param {Element} table
 * @param {string[]} names of the networks
 * @param {(number | null)[][]} accuracies rows: made on; columns: tried on
 */
export function drawTransfer(table, names, accuracies) {
  const head = names.map((name) => make("th", { scope: "col" }, name));
  const rows = names.map((name, row) => {
    const cells = names.map((_, column) => {
      const share = accuracies[row]?.[column] ?? null;
      return make("td", { className: row === column ? "white-box" : "" }, share === null ? "–" : inPercent(share));
    });
    return make("tr", {}, make("th", { scope: "row" }, name), ...cells);
  });
  const first = make("tr", {}, make("th", {}, text("sweep.transfer_corner")), ...head);
  table.replaceChildren(make("tbody", {}, first, ...rows));
}

/**
 * Adversarial examples by epsilon.
 * @param {Element} box
 * @param {Result | undefined} result
 * @param {Example[][]} examples
 * @param {(index: number, epsilon: number) => void} onOpen
 */
export function drawExamples(box, result, examples, onOpen) {
  if (!result || !examples.length) return box.replaceChildren();
  box.replaceChildren(
    ...thinned(result.epsilons.length, 9).map((i) => {
      const epsilon = result.epsilons[i];
      const name = make("span");
      if (epsilon) name.textContent = `ε = ${short(epsilon)}`;
      else say(name, "sweep.no_attack");
      const none = makeSaying("span", { className: "none" }, "sweep.none_yet");
      const figures = examples[i].map((example) => drawExample(example, (index) => onOpen(index, epsilon)));
      return make("div", { className: "example-row" }, name, ...(figures.length ? figures : [none]));
    }),
  );
}

/** @param {Example} example @param {(index: number) => void} onOpen */
export function drawExample({ index, before, after, image }, onOpen) {
  const canvas = make("canvas", { width: 28, height: 28 });
  const pixels = typeof image === "string" ? bytes(image, Uint8Array) : image;
  paint(canvas, (i) => pixels[i]);
  const button = make("button", { type: "button", className: "bare" }, canvas);
  say(button, "sweep.open_example", { index: String(index) }, "title");
  button.addEventListener("click", () => onOpen(index));
  const caption = make("figcaption", { className: before === after ? "right" : "" }, `${before} → ${after}`);
  return make("figure", {}, button, caption);
}
