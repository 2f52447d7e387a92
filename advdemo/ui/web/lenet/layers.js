// LeNet's layers, as advdemo/networks/lenet.py has them: their shapes, and what each unit is computed from.

export const MEAN = 0.1307;
export const STD = 0.3081;
export const MARGIN = 2; // zeros around the picture
export const SIDE = 28 + 2 * MARGIN;
export const KERNEL = 5;
const SEES_ALL = { stride: 0, field: 28, margin: 0 };

/**
 * @typedef {object} Layer
 * @property {string} name
 * @property {"convolve" | "pool" | "weigh"} kind
 * @property {number} maps what comes out of it; units that have no place are laid out in rows
 * @property {number} height
 * @property {number} width
 * @property {number} first where its weights are among the parameters
 * @property {number} field pixels to a side of what a unit sees of the picture, `stride` further for the next unit
 * @property {number} stride
 * @property {number} margin pixels by which the first unit sees beyond the edge
 */

/** @type {Layer[]} */
export const LAYERS = [
  { name: "conv1", kind: "convolve", maps: 6, height: 28, width: 28, first: 0, stride: 1, field: 5, margin: MARGIN },
  { name: "pool1", kind: "pool", maps: 6, height: 14, width: 14, first: -1, stride: 2, field: 6, margin: MARGIN },
  { name: "conv2", kind: "convolve", maps: 16, height: 10, width: 10, first: 2, stride: 2, field: 14, margin: MARGIN },
  { name: "pool2", kind: "pool", maps: 16, height: 5, width: 5, first: -1, stride: 4, field: 16, margin: MARGIN },
  { name: "fc1", kind: "weigh", maps: 1, height: 3, width: 40, first: 4, ...SEES_ALL },
  { name: "fc2", kind: "weigh", maps: 1, height: 3, width: 28, first: 6, ...SEES_ALL },
  { name: "logits", kind: "weigh", maps: 1, height: 1, width: 10, first: 8, ...SEES_ALL },
];

const NAMES = ["conv.0", "conv.3", "fc.0", "fc.2", "fc.4"].flatMap((layer) => [`${layer}.weight`, `${layer}.bias`]);

/** A checkpoint's parameters in the order of the layers. @param {Record<string, Float32Array>} tensors */
export const parametersOf = (tensors) => NAMES.map((name) => tensors[name]);

/** Maps, height and width of what goes into a layer. @param {number} l */
export const inputShape = (l) => (l ? LAYERS[l - 1] : { maps: 1, height: SIDE, width: SIDE });

/** A grey of the picture, in [0, 1], from what normalisation made of it. @param {number} value */
export const greyOf = (value) => value * STD + MEAN;

/** Where a unit of a layer lies. @param {number} l @param {number} unit */
export function place(l, unit) {
  const { height, width } = LAYERS[l];
  return { map: Math.floor(unit / (height * width)), row: Math.floor(unit / width) % height, column: unit % width };
}

/**
 * What a unit sees of the picture: the upper left corner, which may lie beyond the edge, and the side of a square.
 * @param {number} l @param {number} unit
 */
export function receptiveField(l, unit) {
  const { stride, field, margin } = LAYERS[l];
  const { row, column } = place(l, unit);
  return { top: row * stride - margin, left: column * stride - margin, side: field };
}

/**
 * What a unit is computed from: the inputs that it sees, and, but for pooling, a weight for each and the bias.
 * @param {Float32Array[]} parameters @param {Float32Array[]} values @param {number} l @param {number} unit
 * @returns {{inputs: Float32Array, weights: Float32Array | null, bias: number, maps: number, height: number,
 *   width: number}}
 */
export function terms(parameters, values, l, unit) {
  const { kind, first } = LAYERS[l];
  const shape = inputShape(l);
  if (kind === "weigh") {
    const count = values[l].length;
    const weights = parameters[first].subarray(unit * count, unit * count + count);
    return { inputs: values[l], weights, bias: parameters[first + 1][unit], ...shape };
  }
  const { map, row, column } = place(l, unit);
  if (kind === "pool") {
    const inputs = window(values[l], shape, [map], 2 * row, 2 * column, 2);
    return { inputs, weights: null, bias: 0, maps: 1, height: 2, width: 2 };
  }
  const channels = Array.from({ length: shape.maps }, (_, channel) => channel);
  const inputs = window(values[l], shape, channels, row, column, KERNEL);
  const weights = parameters[first].subarray(map * inputs.length, (map + 1) * inputs.length);
  return { inputs, weights, bias: parameters[first + 1][map], maps: shape.maps, height: KERNEL, width: KERNEL };
}

/**
 * @param {Float32Array} values @param {{height: number, width: number}} shape @param {number[]} maps
 * @param {number} top @param {number} left @param {number} side
 */
function window(values, { height, width }, maps, top, left, side) {
  const found = maps.flatMap((map) =>
    Array.from({ length: side }, (_, y) => {
      const from = (map * height + top + y) * width + left;
      return [...values.subarray(from, from + side)];
    }).flat(),
  );
  return Float32Array.from(found);
}
