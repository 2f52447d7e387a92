// What the page draws from its figures, on a tree of nodes in place of a browser.

import "./page.mjs";

import assert from "node:assert/strict";
import { test } from "node:test";
import { crossings } from "../../advdemo/ui/web/explore/attacks/crossings.js";
import { makeBars } from "../../advdemo/ui/web/explore/result/bars.js";
import { DOWN, GROUND, makeSide, UP } from "../../advdemo/ui/web/explore/result/side.js";
import { place, zones } from "../../advdemo/ui/web/explore/result/slider.js";
import { make } from "../../advdemo/ui/web/shared/dom.js";
import { painted } from "../../advdemo/ui/web/shared/pixels.js";
import { exportAs } from "../../advdemo/ui/web/sweep/curves.js";
import { drawHistogram, drawPerClass, drawTransfer } from "../../advdemo/ui/web/sweep/tables.js";
import { written } from "./page.mjs";

const texts = (/** @type {any} */ root, /** @type {string} */ selector) =>
  root.querySelectorAll(selector).map(({ textContent }) => textContent);
const rows = (/** @type {any} */ table) => table.querySelectorAll("tr").map((row) => texts(row, "td"));

/** A digit whose pixel 0 goes up and 1 down, read as 3 with 0.9 at first and as 8 with 0.75 from ε = 0.2 on. */
function sideOfADigit() {
  const figure = () => make("figure", {}, make("canvas"), make("span", { className: "verdict" }));
  const figures = [figure(), figure(), figure()];
  const picture = make("div", {}, ...figures, make("span", { className: "formula" }));
  const curve = make("div", { className: "curve" });
  const mark = make("span");
  const side = makeSide(picture, make("div", {}, curve, make("div", { className: "curve-legend" })), mark);
  const probabilities = new Float32Array(1010);
  for (let step = 0; step <= 100; step++) {
    probabilities[10 * step + 3] = step < 40 ? 0.875 : 0.25;
    probabilities[10 * step + 8] = step < 40 ? 0.125 : 0.75;
  }
  const sign = new Int8Array(784);
  sign.set([1, -1]);
  const image = new Uint8Array(784).fill(100);
  side.receive({
    ...{ attack: "fgsm", label: 3, target: null, flip: 0.1975, zero: false },
    ...{ probabilities, image, sign, frames: null },
  });
  return { side, figures, curve, mark };
}

test("the curve's dot stands at the slider's epsilon and the winner's confidence", () => {
  const { side, curve } = sideOfADigit();
  const dot = () => curve.querySelector(".cursor").style;
  side.tick(20);
  assert.deepEqual([dot().left, dot()["--dot"]], ["20%", "12.5%"]); // from above
  side.tick(60);
  assert.deepEqual([dot().left, dot()["--dot"]], ["60%", "25%"]);
});

test("the curve's labels stand where their values are", () => {
  const { curve } = sideOfADigit();
  const labels = (/** @type {string} */ axis, /** @type {string} */ end) =>
    curve.querySelectorAll(`span.${axis}`).map((label) => [label.textContent, label.style[end]]);
  assert.deepEqual(labels("y", "bottom"), [
    ["0%", "0%"],
    ["50%", "50%"],
    ["100%", "100%"],
  ]);
  assert.deepEqual(labels("x", "left").slice(0, 2), [
    ["0.0", "0%"],
    ["0.1", "20%"],
  ]);
});

test("pixels made brighter have one colour, pixels made darker the other, the stronger the larger epsilon", () => {
  const { side, figures } = sideOfADigit();
  const colours = () => painted(figures[1].querySelector("canvas")).slice(0, 3);
  side.tick(100);
  assert.deepEqual(
    colours(),
    [UP, DOWN, [GROUND, GROUND, GROUND]].map((channels) => `rgb(${channels.join(" ")})`),
  );
  side.tick(0);
  assert.deepEqual(new Set(colours()), new Set([`rgb(${GROUND} ${GROUND} ${GROUND})`]));
  assert.deepEqual(
    [UP, DOWN],
    [
      [138, 79, 109],
      [30, 122, 116],
    ],
  ); // as images/picture.py has them
});

test("the verdict, the mark and the orange of the pictures follow the slider", () => {
  const { side, figures, mark } = sideOfADigit();
  side.tick(60);
  assert.deepEqual(
    figures.map((figure) => figure.querySelector(".verdict").textContent),
    ["3 · 87.5%", "", "8 · 75.0%"],
  );
  assert.deepEqual(
    figures.map((figure) => figure.classes().includes("fooled")),
    [false, false, true],
  );
  assert.equal(mark.style.left, place(0.1975));
});

test("a bar and a percentage for each digit, before and after", () => {
  const box = make("div", { className: "bars" });
  const share = (/** @type {number} */ digit, /** @type {number} */ sure) =>
    Float32Array.from({ length: 10 }, (_, i) => (i === digit ? sure : (1 - sure) / 9));
  makeBars(make("div", {}, box))(share(3, 0.875), share(8, 0.75), 3, 8);
  const widths = (/** @type {string} */ kind) =>
    box.querySelectorAll(`i.${kind}`).map(({ style }) => Number(style.transform.match(/scaleX\((.+)\)/)[1]));
  assert.deepEqual([widths("before")[3], widths("after")[8]], [0.875, 0.75]);
  assert.equal(texts(box, ".percent")[8], "75.0%");
  assert.equal(texts(box, ".percent")[3], "2.8%");
  assert.deepEqual(
    box
      .querySelectorAll("span.digit")
      .map((name) => name.classes().slice(1).join())
      .join(" ")
      .trim(),
    "is-label     is-winner",
  );
});

test("the track is blue up to what is certified and orange from where the attack succeeds", () => {
  const scan = { proved: 0.05, flip: 0.2 };
  const [, veil, colours] = zones(scan, 0.1).split(", linear-gradient");
  /** @param {string} closed @param {string} end */
  const track = (closed, end) => `transparent 0 ${closed}, var(--strongest) 0 ${end}, var(--fooled) 0)`;
  assert.equal(place(0.2), "calc(var(--reach) + 0.4 * (100% - 2 * var(--reach)))");
  assert.ok(colours.includes(`var(--clean) ${place(0.05)}, ${track(place(0.2), place(0.2))}`));
  assert.ok(veil.includes(`transparent ${place(0.1)}, var(--veil) 0`));
  assert.ok(zones({ proved: 0, flip: null }, 0).includes(`var(--clean) 0px, ${track("100%", "100%")}`));
  assert.ok(zones({ ...scan, strongest: 0.1 }, 0).includes(track(place(0.1), place(0.2))));
  assert.ok(zones({ ...scan, strongest: 0.1 }, 0, true).includes(track("100%", "100%")));
});

test("half is rounded to black: at exactly epsilon a white pixel crosses, a black one does not", () => {
  assert.deepEqual(crossings(Uint8Array.of(255), [0.495, 0.5]), [0, 1]);
  assert.deepEqual(crossings(Uint8Array.of(0), [0.5, 0.505]), [0, 1]);
});

test("a row of the transfer table is of the network that the examples were made on", () => {
  const table = make("table");
  drawTransfer(
    table,
    ["A", "B"],
    [
      [0.1, 0.5],
      [0.9, null],
    ],
  );
  assert.deepEqual(rows(table), [[], ["10.0%", "50.0%"], ["90.0%", "–"]]);
  assert.deepEqual(texts(table, "th").slice(1), ["A", "B", "A", "B"]);
});

const swept = {
  epsilons: [0, 0.1, 0.2],
  per_class: [0.9, 0.5, 0.1].map((share) => [share, null, ...Array(8).fill(share / 2)]),
  first_flips: [1, 40, 300, 659],
};

test("a column of the classes' accuracies is of its own epsilon", () => {
  const table = make("table");
  drawPerClass(table, /** @type {any} */ (swept));
  assert.deepEqual(texts(table, "th").slice(0, 4), ["0", "0.1", "0.2", "0"]);
  assert.deepEqual(rows(table).slice(1, 4), [
    ["90", "50", "10"],
    ["–", "–", "–"],
    ["45", "25", "5"],
  ]);
});

test("a bar of the histogram is named by its own epsilon and count", () => {
  const box = make("div");
  drawHistogram(box, /** @type {any} */ (swept));
  assert.deepEqual(texts(box, ".amount"), ["1", "40", "300", "659"]);
  const titles = box.querySelectorAll(".bar").map((bar) => bar.getAttribute("title"));
  for (const [i, parts] of [["ε = 0", "1"], ["0.1", "40"], ["0.2", "300"], ["659"]].entries()) {
    for (const part of parts) assert.ok(titles[i].includes(part), titles[i]);
  }
});

test("the exported chart has its accuracies at their heights, and room for every name below", async () => {
  const result = { epsilons: [0, 0.2], accuracies: [1, 0.25], done: 10 };
  const title = { key: "attacks.fgsm" };
  const curves = ["fgsm", "pgd"].map((attack) => ({ title, attack, proof: false, result }));
  await exportAs("png", /** @type {any} */ (curves), { name: "", epsilons: [0, 0.2], accuracies: [0.5, 0] });
  const heights = (/** @type {any} */ line) =>
    line.attributes.points.split(" ").map((point) => Number(point.split(",")[1]));
  const [reference, first] = written.svg.querySelectorAll("polyline");
  const rules = written.svg
    .querySelectorAll("rect")
    .slice(1)
    .map(({ attributes }) => Number(attributes.y));
  assert.deepEqual(rules, [620, 487.5, 355, 222.5, 90]); // for 0, 25, 50, 75 and 100%
  assert.deepEqual(heights(first), [rules[4], rules[1]]);
  assert.deepEqual(heights(reference), [rules[2], rules[0]]);
  const lowest = Math.max(...written.svg.querySelectorAll("text").map(({ attributes }) => Number(attributes.y)));
  const room = Number(written.svg.attributes.height) - lowest;
  assert.ok(room >= 20 && room <= 80, `${room} pixels below the last name`);
});
