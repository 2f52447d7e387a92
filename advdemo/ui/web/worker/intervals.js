// Interval bound propagation, as advdemo/networks/intervals.py has it: bounds of every number of a LeNet over all
// images within epsilon of one, as centre and radius. Rounding of single precision is accounted for as there.

import { inputShape, KERNEL, LAYERS, MARGIN, MEAN, SIDE, STD } from "../lenet/layers.js";
import { convolve, corner, weigh } from "../lenet/network.js";

export const UNIT = 2 ** -24; // of rounding
export const EXTRA = 16; // operations on a number from one sum to the next, and more
export const PIXEL = 2 ** -20; // more than what rounding adds to a pixel's distance from the image

/** @typedef {{centre: Float32Array, radius: Float32Array}} Bounds */
/** @typedef {ReturnType<typeof affineLayers>[number]} Affine */

/** The convolutions and sums, with a ReLU behind each but the last. @param {Float32Array[]} parameters */
export const affineLayers = (parameters) =>
  LAYERS.flatMap(({ kind, maps, height, width, first }, l) => {
    if (kind === "pool") return [];
    const [weights, bias] = [parameters[first], parameters[first + 1]].map((values) => Float64Array.from(values));
    const { height: tall, width: wide, maps: channels } = inputShape(l);
    const area = bias.length < maps * height * width ? height * width : 1;
    return {
      isConvolution: kind === "convolve",
      weights,
      bias,
      sizes: weights.map(Math.abs),
      biasSizes: bias.map(Math.abs),
      inputs: channels * tall * wide,
      outputs: bias.length * area,
      area, // outputs that share a bias
      side: wide,
      width,
      terms: weights.length / bias.length, // of a unit's sum
      seenBy: kind === "convolve" ? maps * KERNEL * KERNEL : bias.length, // units, at most, that an input goes into
      windows: kind === "convolve" ? pooled(maps, height / 2, width / 2) : ones(bias.length),
    };
  });

/** The outputs that go into each unit behind pooling. @param {number} maps @param {number} tall @param {number} wide */
const pooled = (maps, tall, wide) =>
  Array.from({ length: maps * tall * wide }, (_, unit) => {
    const from = corner(unit, wide);
    return [from, from + 1, from + 2 * wide, from + 2 * wide + 1];
  });

/** @param {number} count */
const ones = (count) => Array.from({ length: count }, (_, unit) => [unit]);

/**
 * What a layer makes of its inputs, of its own weights or of others.
 * @param {Affine} layer @param {Float32Array} inputs @param {Float64Array} weights @param {Float64Array} bias
 */
export const apply = ({ isConvolution, side }, inputs, weights, bias) =>
  isConvolution ? convolve(inputs, weights, bias, side) : weigh(inputs, weights, bias);

/**
 * All images within epsilon of one, normalised, with a margin of zeros.
 * @param {Float32Array} pixels @param {number} epsilon
 */
export function pixelBox(pixels, epsilon) {
  const box = { centre: new Float32Array(SIDE * SIDE), radius: new Float32Array(SIDE * SIDE) };
  pixels.forEach((pixel, i) => {
    const at = (Math.floor(i / 28) + MARGIN) * SIDE + (i % 28) + MARGIN;
    const [lower, upper] = [Math.max(0, pixel - epsilon), Math.min(1, pixel + epsilon)];
    box.centre[at] = ((lower + upper) / 2 - MEAN) / STD;
    box.radius[at] = (upper - lower) / (2 * STD) + PIXEL / STD;
  });
  return box;
}

/**
 * Before each ReLU, the bounds of a layer's outputs; the last of the list are those of the last layer's inputs.
 * @param {Affine[]} layers @param {Bounds} box @returns {Bounds[]}
 */
export function hiddenBounds(layers, { centre, radius }) {
  const found = [];
  for (const layer of layers.slice(0, -1)) {
    const share = rounding(layer);
    const wider = radius.map((spread, i) => spread + share * (Math.abs(centre[i]) + spread));
    const { weights, bias, sizes, biasSizes, windows } = layer;
    const bounds = {
      centre: apply(layer, centre, weights, bias),
      radius: apply(
        layer,
        wider,
        sizes,
        biasSizes.map((size) => share * size),
      ),
    };
    found.push(bounds);
    centre = new Float32Array(windows.length);
    radius = new Float32Array(windows.length);
    for (const [w, window] of windows.entries()) {
      let [lower, upper] = [0, 0];
      for (const unit of window) {
        lower = Math.max(lower, bounds.centre[unit] - bounds.radius[unit]);
        upper = Math.max(upper, bounds.centre[unit] + bounds.radius[unit]);
      }
      centre[w] = (lower + upper) / 2;
      radius[w] = (upper - lower) / 2;
    }
  }
  return [...found, { centre, radius }];
}

/**
 * A lower bound of the label's logit less any other.
 * @param {Affine[]} layers @param {Bounds} box @param {number} label
 */
export function intervalMargin(layers, box, label) {
  const last = /** @type {Affine} */ (layers.at(-1));
  const { centre, radius } = /** @type {Bounds} */ (hiddenBounds(layers, box).at(-1));
  const { weights, bias, sizes, biasSizes, inputs } = last;
  const logits = weigh(centre, weights, bias);
  const reach = centre.map((value, i) => Math.abs(value) + radius[i]);
  const own = weigh(reach, sizes, biasSizes);
  const margins = Array.from(logits, (logit, k) => {
    if (k === label) return Number.POSITIVE_INFINITY;
    let spread = rounding(last) * (own[k] + own[label]);
    for (let i = 0; i < inputs; i++)
      spread += Math.abs(weights[label * inputs + i] - weights[k * inputs + i]) * radius[i];
    return logits[label] - logit - spread;
  });
  return Math.min(...margins);
}

/** What rounding adds to a sum, as a share of its terms' sizes. @param {Affine} layer */
const rounding = ({ terms }) => 2 * (terms + EXTRA) * UNIT;
