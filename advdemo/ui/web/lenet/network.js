// LeNet in the browser: what advdemo/networks/lenet.py computes from the same weights, forward and back to the pixels.
//
// `values` are all that flows through it: values[0] is the normalised picture with a margin of zeros, values[l] is what
// goes into LAYERS[l] and values[l + 1] what comes out of it, map after map, row after row. Sums are taken in double
// precision and kept in single precision, so that equal inputs of a pooling window stay equal, as they are in Python.

import { inputShape, KERNEL, LAYERS, MARGIN, MEAN, SIDE, STD } from "./layers.js";

const LAST = LAYERS.length - 1;

/**
 * @typedef {object} Network
 * @property {Float32Array[]} parameters
 * @property {(pixels: ArrayLike<number>) => Float32Array[]} forward every number on the way to the ten logits
 * @property {(values: Float32Array[], logits: ArrayLike<number>) => Float64Array} gradient of the 784 pixels, from
 *   that of the logits
 */

/**
 * @param {Float32Array[]} parameters weight and bias of each layer that has them, as the state dict orders them
 * @returns {Network}
 */
export function makeNetwork(parameters) {
  const weights = parameters.map((values) => Float64Array.from(values)); // which are quicker to multiply with

  return {
    parameters,
    forward(pixels) {
      /** @type {Float32Array[]} */
      const values = [normalised(pixels)];
      LAYERS.forEach(({ kind, first }, l) => {
        if (kind === "pool") values.push(pool(values[l], LAYERS[l]));
        else {
          const compute = kind === "convolve" ? convolve : weigh;
          const sums = compute(values[l], weights[first], weights[first + 1], inputShape(l).width);
          values.push(l < LAST ? relu(sums) : sums);
        }
      });
      return values;
    },
    gradient(values, logits) {
      let gradient = Float64Array.from(logits);
      for (let l = LAST; l >= 0; l--) {
        const { kind, first } = LAYERS[l];
        if (kind === "pool") gradient = unpool(gradient, values[l], values[l + 1], LAYERS[l]);
        else {
          const pull = kind === "convolve" ? pullConvolution : pullSum;
          const found = new Float64Array(values[l].length);
          for (let unit = 0; unit < gradient.length; unit++) {
            if (gradient[unit] !== 0) pull(found, gradient[unit], weights[first], unit, LAYERS[l].width);
          }
          gradient = found;
          if (l > 0) mask(gradient, values[l]);
        }
      }
      return pictureOf(gradient);
    },
  };
}

/** @param {ArrayLike<number>} pixels */
function normalised(pixels) {
  const picture = new Float32Array(SIDE * SIDE);
  for (let y = 0; y < 28; y++) {
    const row = (y + MARGIN) * SIDE + MARGIN;
    for (let x = 0; x < 28; x++) picture[row + x] = (pixels[y * 28 + x] - MEAN) / STD;
  }
  return picture;
}

/** The reverse for a gradient. @param {Float64Array} gradient of the normalised picture, without its margin's */
function pictureOf(gradient) {
  const pixels = new Float64Array(784);
  for (let i = 0; i < 784; i++) pixels[i] = gradient[(Math.floor(i / 28) + MARGIN) * SIDE + (i % 28) + MARGIN] / STD;
  return pixels;
}

/**
 * Each kernel slides over all maps at once. Two kernels and two places at a time: they share what they read.
 * @param {Float32Array} inputs @param {Float64Array} weights @param {Float64Array} bias @param {number} side of inputs
 */
export function convolve(inputs, weights, bias, side) {
  const size = side - KERNEL + 1;
  const area = size * size;
  const sums = new Float32Array(bias.length * area);
  const taps = weights.length / bias.length;
  const channels = inputs.length / (side * side);
  for (let map = 0; map < bias.length; map += 2) {
    for (let place = 0; place < area; place += 2) {
      let [left, right] = [bias[map], bias[map]];
      let [otherLeft, otherRight] = [bias[map + 1], bias[map + 1]];
      const corner = Math.floor(place / size) * side + (place % size);
      let w = map * taps;
      for (let channel = 0; channel < channels; channel++) {
        for (let y = 0; y < KERNEL; y++, w += KERNEL) {
          const at = (channel * side + y) * side + corner;
          const x0 = inputs[at];
          const x1 = inputs[at + 1];
          const x2 = inputs[at + 2];
          const x3 = inputs[at + 3];
          const x4 = inputs[at + 4];
          const x5 = inputs[at + 5];
          const a0 = weights[w];
          const a1 = weights[w + 1];
          const a2 = weights[w + 2];
          const a3 = weights[w + 3];
          const a4 = weights[w + 4];
          left += a0 * x0 + a1 * x1 + a2 * x2 + a3 * x3 + a4 * x4;
          right += a0 * x1 + a1 * x2 + a2 * x3 + a3 * x4 + a4 * x5;
          const b0 = weights[w + taps];
          const b1 = weights[w + taps + 1];
          const b2 = weights[w + taps + 2];
          const b3 = weights[w + taps + 3];
          const b4 = weights[w + taps + 4];
          otherLeft += b0 * x0 + b1 * x1 + b2 * x2 + b3 * x3 + b4 * x4;
          otherRight += b0 * x1 + b1 * x2 + b2 * x3 + b3 * x4 + b4 * x5;
        }
      }
      const out = map * area + place;
      sums[out] = left;
      sums[out + 1] = right;
      sums[out + area] = otherLeft;
      sums[out + area + 1] = otherRight;
    }
  }
  return sums;
}

/**
 * Add the weights with which a unit of a convolution sees its inputs.
 * @param {Float64Array} found one number for each input @param {number} share by which the weights are multiplied
 * @param {Float64Array} weights @param {number} unit @param {number} size of what comes out
 */
export function pullConvolution(found, share, weights, unit, size) {
  const side = size + KERNEL - 1;
  const area = side * side;
  const taps = (found.length / area) * KERNEL * KERNEL;
  const map = Math.floor(unit / (size * size));
  let at = Math.floor((unit % (size * size)) / size) * side + (unit % size);
  for (let w = map * taps; w < (map + 1) * taps; at += area - KERNEL * side) {
    for (let y = 0; y < KERNEL; y++, w += KERNEL, at += side) {
      found[at] += share * weights[w];
      found[at + 1] += share * weights[w + 1];
      found[at + 2] += share * weights[w + 2];
      found[at + 3] += share * weights[w + 3];
      found[at + 4] += share * weights[w + 4];
    }
  }
}

/** The largest of each 2x2. @param {Float32Array} inputs @param {import("./layers.js").Layer} layer */
function pool(inputs, { maps, height, width }) {
  const most = new Float32Array(maps * height * width);
  for (let unit = 0; unit < most.length; unit++) {
    const from = corner(unit, width);
    const below = from + 2 * width;
    most[unit] = Math.max(inputs[from], inputs[from + 1], inputs[below], inputs[below + 1]);
  }
  return most;
}

/**
 * To the first of the largest, as PyTorch has it.
 * @param {Float64Array} gradient @param {Float32Array} inputs @param {Float32Array} most
 * @param {import("./layers.js").Layer} layer
 */
function unpool(gradient, inputs, most, { width }) {
  const found = new Float64Array(inputs.length);
  for (let unit = 0; unit < most.length; unit++) {
    const from = corner(unit, width);
    const below = from + 2 * width;
    let at = from;
    if (inputs[at] !== most[unit]) at = from + 1;
    if (inputs[at] !== most[unit]) at = below;
    if (inputs[at] !== most[unit]) at = below + 1;
    found[at] = gradient[unit];
  }
  return found;
}

/** Where the window of a unit begins. @param {number} unit @param {number} width of what comes out */
export const corner = (unit, width) => 4 * (unit - (unit % width)) + 2 * (unit % width);

/** @param {Float32Array} inputs @param {Float64Array} weights @param {Float64Array} bias */
export function weigh(inputs, weights, bias) {
  const count = inputs.length;
  const sums = new Float32Array(bias.length);
  for (let unit = 0; unit < bias.length; unit += 2) {
    let first = bias[unit];
    let second = bias[unit + 1];
    for (let i = 0, at = unit * count; i < count; i++, at++) {
      first += weights[at] * inputs[i];
      second += weights[at + count] * inputs[i];
    }
    sums[unit] = first;
    sums[unit + 1] = second;
  }
  return sums;
}

/**
 * Add the weights with which a unit of a layer sees all inputs.
 * @param {Float64Array} found @param {number} share @param {Float64Array} weights @param {number} unit
 */
export function pullSum(found, share, weights, unit) {
  const count = found.length;
  for (let i = 0, at = unit * count; i < count; i++, at++) found[i] += share * weights[at];
}

/** @param {Float32Array} sums */
function relu(sums) {
  for (let i = 0; i < sums.length; i++) if (sums[i] < 0) sums[i] = 0;
  return sums;
}

/** What ReLU lets through. @param {Float64Array} gradient @param {Float32Array} outputs */
function mask(gradient, outputs) {
  for (let i = 0; i < outputs.length; i++) if (outputs[i] <= 0) gradient[i] = 0;
}
