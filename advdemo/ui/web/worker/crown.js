// CROWN, as advdemo/measures/linear_bounds.py has it: linear bounds of a LeNet's margins over all images within epsilon
// of one. Around each pooling window are two linear functions, one below and one above, each of one of the window's
// four numbers. So a bound goes back through a layer as a gradient does, with a quarter of the terms that Python has.

import { pullConvolution, pullSum } from "../lenet/network.js";
import { apply, EXTRA, hiddenBounds, UNIT } from "./intervals.js";

/** @typedef {import("./intervals.js").Affine} Affine */
/** @typedef {import("./intervals.js").Bounds} Bounds */
/**
 * @typedef {object} Enclosure of each window: below <= y - (a number, or 0) and y - slope * (a number) <= above
 * @property {Int32Array} belowUnit the number's place among the layer's outputs; -1: 0
 * @property {Float64Array} below
 * @property {Int32Array} aboveUnit
 * @property {Float64Array} slope
 * @property {Float64Array} above
 */
/** @typedef {{layer: Affine, enclosure: Enclosure, row: Float64Array}} Enclosed `row`: room for its inputs */

/**
 * A lower bound of the label's logit less any other.
 * @param {Affine[]} layers @param {Bounds} pixels a `pixelBox` @param {number} label
 */
export function crownMargin(layers, pixels, label) {
  const hidden = layers.slice(0, -1);
  const last = /** @type {Affine} */ (layers.at(-1));
  const coarse = hiddenBounds(layers, pixels);
  let reach = pixels.centre.map((value, i) => Math.abs(value) + pixels.radius[i]);
  const box = { ...pixels, radius: pixels.radius.map((spread, i) => spread + (784 + EXTRA) * UNIT * reach[i]) };
  /** @type {Enclosed[]} */
  const before = [];
  hidden.forEach((layer, depth) => {
    const noise = noiseOf(layer, reach);
    const { centre, radius } = coarse[depth];
    const lower = Float64Array.from(centre, (middle, i) => middle - radius[i]);
    const upper = Float64Array.from(centre, (middle, i) => middle + radius[i]);
    if (depth > 0) tighten(lower, upper, before, layer, noise, box);
    before.push({ layer, enclosure: enclose(layer, lower, upper, noise), row: new Float64Array(layer.inputs) });
    reach = Float32Array.from(layer.windows, (window) => Math.max(0, ...window.map((unit) => upper[unit])));
  });
  const noise = noiseOf(last, reach);
  const { weights, bias, inputs } = last;
  let least = Number.POSITIVE_INFINITY;
  for (let k = 0; k < bias.length; k++) {
    if (k === label) continue;
    const row = Float64Array.from({ length: inputs }, (_, i) => weights[label * inputs + i] - weights[k * inputs + i]);
    const margin = lowest(before, row, bias[label] - bias[k], box) - noise[label] - noise[k];
    least = Math.min(least, margin);
  }
  return least;
}

/**
 * What rounding adds at most to each output: in the network's sum over inputs, in a bound's over outputs, and in that
 * of the biases over all outputs.
 * @param {Affine} layer @param {Float32Array} reach which no input exceeds
 */
function noiseOf(layer, reach) {
  const { sizes, bias, biasSizes, area, terms, seenBy, outputs } = layer;
  const sums = terms + seenBy + EXTRA;
  const products = apply(layer, reach, sizes, new Float64Array(bias.length));
  return Float64Array.from(
    products,
    (product, i) => UNIT * (sums * product + (sums + outputs) * biasSizes[Math.floor(i / area)]),
  );
}

/**
 * Improve, in place, the bounds of a layer's outputs by what is known of the layers before it, where they decide about
 * an enclosure.
 * @param {Float64Array} lower @param {Float64Array} upper @param {Enclosed[]} before @param {Affine} layer
 * @param {Float64Array} noise @param {Bounds} box
 */
function tighten(lower, upper, before, layer, noise, box) {
  const row = new Float64Array(layer.inputs);
  /** @param {number} unit @param {1 | -1} sign */
  const bound = (unit, sign) => {
    row.fill(0);
    pull(layer, row, sign, unit);
    return lowest(before, row, sign * layer.bias[Math.floor(unit / layer.area)], box) - noise[unit];
  };
  for (const window of layer.windows) {
    if (window.length === 1 && lower[window[0]] >= 0) continue; // a ReLU that is on: there is nothing to enclose
    const level = Math.max(0, ...window.map((unit) => lower[unit]));
    for (const unit of window.filter((unit) => upper[unit] > level)) {
      lower[unit] = Math.max(lower[unit], bound(unit, 1));
      upper[unit] = Math.min(upper[unit], -bound(unit, -1));
    }
  }
}

/**
 * The two linear functions around each window.
 * @param {Affine} layer @param {Float64Array} lower @param {Float64Array} upper @param {Float64Array} noise
 * @returns {Enclosure}
 */
function enclose({ windows }, lower, upper, noise) {
  const count = windows.length;
  const found = {
    belowUnit: new Int32Array(count),
    below: new Float64Array(count),
    aboveUnit: new Int32Array(count),
    slope: new Float64Array(count),
    above: new Float64Array(count),
  };
  for (const [w, window] of windows.entries()) {
    const best = window.reduce((a, b) => (lower[b] + upper[b] > lower[a] + upper[a] ? b : a));
    const isOn = lower[best] + upper[best] > 0;
    found.belowUnit[w] = isOn ? best : -1;
    found.below[w] = isOn ? -noise[best] : 0;

    const top = window.reduce((a, b) => (upper[b] > upper[a] ? b : a));
    const level = Math.max(0, ...window.map((unit) => (unit === top ? lower[unit] : upper[unit])));
    const [low, high] = [lower[top], upper[top]];
    const slope = Math.min(1, Math.max(0, (high - level) / Math.max(high - low, 1e-30)));
    const above = level - slope * low + slope * noise[top] + EXTRA * UNIT * (Math.abs(low) + Math.abs(high));
    found.aboveUnit[w] = top;
    found.slope[w] = slope;
    found.above[w] = above * (1 + 2 * UNIT * count);
  }
  return found;
}

/**
 * A lower bound of a row times what is behind the last of the layers `before`, plus a constant.
 * @param {Enclosed[]} before @param {Float64Array} row @param {number} constant @param {Bounds} box
 */
function lowest(before, row, constant, { centre, radius }) {
  let sum = constant;
  for (let depth = before.length - 1; depth >= 0; depth--) {
    const { layer, enclosure, row: found } = before[depth];
    const { belowUnit, below, aboveUnit, slope, above } = enclosure;
    found.fill(0);
    for (let w = 0; w < row.length; w++) {
      const weight = row[w];
      if (weight === 0) continue;
      const isLow = weight > 0;
      sum += weight * (isLow ? below[w] : above[w]);
      const unit = isLow ? belowUnit[w] : aboveUnit[w];
      const share = isLow ? weight : weight * slope[w];
      if (unit < 0 || share === 0) continue;
      sum += share * layer.bias[Math.floor(unit / layer.area)];
      pull(layer, found, share, unit);
    }
    row = found;
  }
  for (let i = 0; i < row.length; i++) sum += row[i] * centre[i] - Math.abs(row[i]) * radius[i];
  return sum;
}

/** @param {Affine} layer @param {Float64Array} found @param {number} share @param {number} unit */
function pull({ isConvolution, weights, width }, found, share, unit) {
  if (isConvolution) pullConvolution(found, share, weights, unit, width);
  else pullSum(found, share, weights, unit);
}
