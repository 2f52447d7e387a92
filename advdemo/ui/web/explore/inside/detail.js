// What one unit is computed from: what it sees of both pictures, its inputs times its weights, and their sum.

import { greyOf, LAYERS, receptiveField, terms } from "../../lenet/layers.js";
import { make } from "../../shared/dom.js";
import { paint } from "../../shared/pixels.js";
import { makeSaying, say } from "../../shared/words.js";
import { glow, grey, makeMaps, signed } from "./maps.js";
import { address, BANDS, decimals } from "./strips.js";

/** @typedef {import("./strips.js").Scale} Scale */
/** @typedef {ReturnType<typeof terms>} Terms */

const LAST = LAYERS.length - 1;
const WHAT = ["picture", "inputs", "weights", "products"];

/** @param {Element} box @param {() => void} onClose */
export function makeDetail(box, onClose) {
  const name = /** @type {Element} */ (box.querySelector(".detail-name"));
  const field = /** @type {Element} */ (box.querySelector(".detail-field"));
  box.querySelector(".close")?.addEventListener("click", onClose);
  const rows = BANDS.slice(0, 2).map((band) => makeRow(band));
  box.append(...rows.map(({ row }) => row));

  /** @param {number} l @param {number} unit */
  function point(l, unit) {
    const { key, values } = address(l, unit);
    say(name, key, values);
    const { side } = receptiveField(l, unit);
    say(field, side === 28 ? "inside.sees_all" : "inside.sees", { side });
    for (const row of rows) row.point(l, unit);
  }

  /**
   * @param {Float32Array[]} parameters
   * @param {ArrayLike<number>[]} pictures pixels of the original and of the attacked picture
   * @param {Float32Array[][]} values of both
   * @param {Scale[]} scales of all layers
   * @param {number} l @param {number} unit
   */
  function draw(parameters, pictures, values, scales, l, unit) {
    const parts = values.map((of) => terms(parameters, of, l, unit));
    const products = parts.map(({ inputs, weights }) => weights?.map((weight, i) => weight * inputs[i]) ?? null);
    const largest = Math.max(...products.map((all) => (all ? reach(all) : 0)));
    rows.forEach((row, i) => {
      row.draw(pictures[i], parts[i], products[i], { largest, most: l ? scales[l - 1].most : 0 });
      row.tell(parts[i], products[i], values[i][l + 1][unit], l === LAST);
    });
  }
  return { point, draw };
}

/** The largest size. @param {Float32Array} values */
const reach = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** One picture's way to the unit. @param {string} band */
function makeRow(band) {
  const [picture, inputs, weights, products] = WHAT.map(() => make("canvas"));
  const outline = make("i", { className: "field" });
  const label = make("b");
  const sum = make("p", { className: "sum-told" });
  const sign = (/** @type {string} */ text) => make("span", { className: "operator", ariaHidden: "true" }, text);
  const parts = [picture, inputs, weights, products].map((canvas, i) => {
    const caption = makeSaying("figcaption", { className: "small" }, `inside.${WHAT[i]}`);
    return make("figure", {}, i ? canvas : make("div", { className: "strip-frame" }, canvas, outline), caption);
  });
  say(label, `inside.${band}`);
  const times = [sign("×"), parts[2], sign("="), parts[3]];
  const row = make("div", { className: "detail-row" }, label, parts[0], parts[1], ...times, sum);
  picture.width = picture.height = 28;
  let first = true; // the layer sees pixels
  /** @type {ReturnType<typeof makeMaps>[]} */
  let maps = [];

  /** @param {number} l @param {number} unit */
  function point(l, unit) {
    const { top, left, side } = receptiveField(l, unit);
    const ends = [left, top, left + side, top + side].map((end) => Math.min(28, Math.max(0, end)));
    const [x, y, right, bottom] = ends.map((end) => (100 * end) / 28);
    Object.assign(outline.style, {
      left: `${x}%`,
      top: `${y}%`,
      width: `${right - x}%`,
      height: `${bottom - y}%`,
    });
    first = l === 0;
    maps = [];
    for (const part of times) part.hidden = LAYERS[l].kind === "pool";
  }

  /**
   * @param {ArrayLike<number>} pixels @param {Terms} terms @param {Float32Array | null} multiplied
   * @param {{largest: number, most: number}} scale
   */
  function draw(pixels, terms, multiplied, { largest, most }) {
    paint(picture, (i) => 255 * pixels[i]);
    const shape = terms.height === 3 ? { maps: 1, height: terms.inputs.length / 12, width: 12 } : terms;
    const columns = Math.ceil(Math.sqrt(shape.maps));
    if (!maps.length) {
      maps = [inputs, weights, products].map((canvas) => makeMaps(canvas, shape, { columns, zoom: 2 }));
    }
    const [input, weight, product] = maps;
    input.paint(0, (i) => (first ? grey(greyOf(terms.inputs[i])) : glow(terms.inputs[i], most)));
    input.show();
    const { weights: kernel } = terms;
    if (!kernel || !multiplied) return;
    const heaviest = reach(kernel);
    weight.paint(0, (i) => signed(kernel[i], heaviest));
    product.paint(0, (i) => signed(multiplied[i], largest));
    weight.show();
    product.show();
  }

  /** @param {Terms} terms @param {Float32Array | null} multiplied @param {number} value @param {boolean} last */
  function tell({ inputs, bias }, multiplied, value, last) {
    row.dataset.value = value.toFixed(6);
    if (!multiplied) {
      say(sum, "inside.largest", { values: [...inputs].map(decimals).join(", "), value: decimals(value) });
      return;
    }
    const total = multiplied.reduce((all, product) => all + product, 0);
    const values = {
      sum: decimals(total),
      bias: decimals(bias),
      total: decimals(total + bias),
      value: decimals(value),
    };
    say(sum, last ? "inside.sum_last" : "inside.sum", values);
  }
  return { row, point, draw, tell };
}
