// A layer at work on both pictures: its maps for the original, for the attacked picture, and what differs.

import { LAYERS, place } from "../../lenet/layers.js";
import { make } from "../../shared/dom.js";
import { inPercent } from "../../shared/numbers.js";
import { makeSaying, say } from "../../shared/words.js";
import { GLOW, glow, makeMaps, SIGNED, signed } from "./maps.js";

/** @typedef {{most: number, spread: number}} Scale the brightest activation and the largest difference */
/** @typedef {(l: number, unit: number) => void} Point */

export const BANDS = ["original", "attacked", "difference"];
const ZOOMS = [1, 2, 3, 6, 6, 6]; // a map of each layer is about as wide
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** @param {number} value */
export const decimals = (value) => value.toFixed(3).replace("-", "−");

/**
 * How long the difference is beside the original.
 * @param {ArrayLike<number>} before
 * @param {ArrayLike<number>} after
 */
export function change(before, after) {
  let [moved, length] = [0, 0];
  for (let i = 0; i < before.length; i++) {
    moved += (after[i] - before[i]) ** 2;
    length += before[i] ** 2;
  }
  const share = Math.sqrt(moved / length);
  return Number.isFinite(share) ? inPercent(share, share < 0.1 ? 1 : 0) : "–";
}

/**
 * @param {Element} box
 * @param {number} l the layer
 * @param {Point} onPoint at a unit
 */
export function makeStrip(box, l, onPoint) {
  const layer = LAYERS[l];
  const columns = layer.maps === 16 ? 8 : layer.maps;
  const canvas = /** @type {HTMLCanvasElement} */ (make("canvas", { tabIndex: 0, dataset: { testid: layer.name } }));
  const maps = makeMaps(canvas, layer, { columns, bands: BANDS.length, zoom: ZOOMS[l], gap: 2 });
  const marks = BANDS.map(() => make("i", { className: "mark", hidden: true }));
  const changed = make("b", { className: "changed" });
  const scale = [make("span"), make("span")];
  const units = layer.maps * layer.height * layer.width;
  let current = -1;
  let widest = 0; // the unit that differs most

  const name = make("b");
  const words = make("span", { className: "note" });
  say(name, `inside.${layer.name}`);
  say(words, "inside.changed");
  const legend = make(
    "span",
    { className: "legend" },
    "0",
    ramp("glow", GLOW),
    scale[0],
    ramp("signed", SIGNED),
    scale[1],
  );
  const caption = make("figcaption", { className: "row" }, name, make("span", {}, words, " ", changed), legend);
  const labels = Array.from({ length: layer.maps / columns }, (_, line) =>
    BANDS.map((band, i) => {
      const label = makeSaying(
        "span",
        { style: { top: `${100 * (line * maps.line + maps.middle(i))}%` } },
        `inside.${band}`,
      );
      return label;
    }),
  ).flat();
  const frame = make("div", { className: "strip-frame" }, canvas, ...marks);
  const rows = make("div", { className: "strip-rows" }, make("div", { className: "strip-labels" }, ...labels), frame);
  box.append(make("figure", { className: `strip ${layer.name}` }, caption, rows));

  canvas.setAttribute("role", "slider");
  canvas.setAttribute("aria-valuemin", "1");
  canvas.setAttribute("aria-valuemax", String(units));
  say(canvas, `inside.${layer.name}`, {}, "aria-label");
  mark(0);
  unmark();

  /** @param {number} unit */
  function mark(unit) {
    current = unit;
    marks.forEach((box, band) => {
      box.hidden = false;
      for (const [side, share] of Object.entries(maps.boxOf(unit, band)))
        box.style.setProperty(side, `${100 * share}%`);
    });
    canvas.setAttribute("aria-valuenow", String(unit + 1));
    const { key, values } = address(l, unit);
    say(canvas, key, values, "aria-valuetext");
  }

  function unmark() {
    current = -1;
    for (const box of marks) box.hidden = true;
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const unit = maps.unitAt((event.clientX - left) / width, (event.clientY - top) / height);
    if (unit !== current) onPoint(l, unit);
  }
  canvas.addEventListener("pointermove", follow);
  canvas.addEventListener("pointerdown", follow);
  canvas.addEventListener("focus", () => {
    if (current < 0) onPoint(l, widest);
  });
  canvas.addEventListener("keydown", (event) => {
    const ends = { Home: 0, End: units - 1 };
    const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
    const unit = step ? maps.move(current, step) : ends[/** @type {keyof typeof ends} */ (event.key)];
    if (unit === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    onPoint(l, unit);
  });

  /** @param {Float32Array} before @param {Float32Array} after @param {Scale} scale */
  function draw(before, after, { most, spread }) {
    maps.paint(0, (unit) => glow(before[unit], most));
    maps.paint(1, (unit) => glow(after[unit], most));
    let [difference, farthest] = [0, -1];
    maps.paint(2, (unit) => {
      difference = after[unit] - before[unit];
      if (Math.abs(difference) > farthest) [farthest, widest] = [Math.abs(difference), unit];
      return signed(difference, spread);
    });
    maps.show();
    changed.textContent = change(before, after);
    scale[0].textContent = most.toFixed(1);
    scale[1].textContent = `±${spread.toFixed(1)}`;
  }

  return { draw, mark, unmark };
}

/** A scale's colours in a row. @param {string} kind @param {string} background */
const ramp = (kind, background) => make("i", { className: `ramp ${kind}`, ariaHidden: "true", style: { background } });

/** What a unit is called. @param {number} l @param {number} unit @returns {import("../../shared/words.js").Phrase} */
export function address(l, unit) {
  const { name, kind } = LAYERS[l];
  const layer = { key: `inside.${name}` };
  if (name === "logits") return { key: "inside.score", values: { digit: unit } };
  if (kind === "weigh") return { key: "inside.unit", values: { layer, unit: unit + 1 } };
  const { map, row, column } = place(l, unit);
  return { key: "inside.cell", values: { layer, map: map + 1, row: row + 1, column: column + 1 } };
}
