// Strokes in MNIST's form, whatever their size, place and speed: what images/drawing.py makes of a picture's ink, made
// of the points themselves. The pad's canvas is never read back: browsers that protect privacy falsify its pixels.

import { DIGIT, place, SIZE } from "./place.js";

export const PAD_PEN = 0.075; // the pen's width over the pad's side, as it is shown
const PEN = DIGIT * 0.11; // pixels: MNIST's median over its longest side
const FINE = 8; // samples along a pixel's side
const TRUE = 0.01; // pixels that a line may be off the curve
const WIDTH = SIZE * FINE; // samples
const RADIUS = (FINE * PEN) / 2; // samples

/** @typedef {[x: number, y: number]} Point in shares of the pad's side */
/** @typedef {{pixels: Uint8Array} | {key: string}} Form 784 greys, ink is 255; or the words' key for why not */

/**
 * The digit that strokes make: its longest side is 20 pixels, its centre of mass as near the middle as it can be with
 * nothing cut off.
 * @param {Point[][]} strokes
 * @param {Uint8Array | null} [ground] 784 greys that the pad shows under the strokes
 * @returns {Form}
 */
export function toMnist(strokes, ground = null) {
  const points = strokes.flat();
  if (!points.length) return ground ? { pixels: ground } : { key: "errors.no_ink" };
  if (!ground && isDot(points)) return { key: "errors.no_stroke" };
  // On a ground the strokes keep their place; alone they fill MNIST's box, the pen included.
  const reach = FINE * (DIGIT - PEN);
  const rough = ground ? WIDTH : reach / longest(extent(points));
  const paths = strokes.map((stroke) => flatten(stroke, (FINE * TRUE) / rough));
  const [left, top, ...rest] = extent(paths.flat());
  const scale = ground ? WIDTH : reach / longest([left, top, ...rest]);
  const [x, y] = ground ? [0, 0] : [RADIUS - scale * left, RADIUS - scale * top];
  const ink = ground ? enlarged(ground) : new Uint8Array(WIDTH * WIDTH);
  for (const path of paths) {
    const samples = path.map((point) => [x + scale * point[0], y + scale * point[1]]);
    for (let i = 0; i < samples.length; i++) drawLine(ink, samples[Math.max(0, i - 1)], samples[i]);
  }
  return { pixels: place(ink, WIDTH) };
}

/** Whether the pen has hardly moved: what it leaves on the pad is a dot. @param {Point[]} points */
export const isDot = (points) => longest(extent(points)) < PAD_PEN / 2;

/**
 * Smooth curves through the midpoints of a stroke's points, the same however these were batched.
 * @param {Point[]} stroke
 * @returns {[start: Point, control: Point, end: Point][]} quadratic Bézier curves
 */
export function curves(stroke) {
  const ends = stroke.slice(1, -1).map((point, i) => middle(point, stroke[i + 2]));
  const last = stroke[stroke.length - 1];
  return [...ends, last].map((end, i) => [ends[i - 1] ?? stroke[0], stroke[i + 1] ?? last, end]);
}

/** @param {Point} a @param {Point} b @returns {Point} */
const middle = ([x, y], [nextX, nextY]) => [(x + nextX) / 2, (y + nextY) / 2];

/**
 * Points along a stroke; straight lines between them are nowhere further off than `tolerance`.
 * @param {Point[]} stroke @param {number} tolerance
 */
function flatten(stroke, tolerance) {
  const path = [stroke[0]];
  for (const [[x0, y0], [x1, y1], [x2, y2]] of curves(stroke)) {
    const bulge = Math.hypot(x0 - 2 * x1 + x2, y0 - 2 * y1 + y2) / 4;
    const count = Math.max(1, Math.ceil(Math.sqrt(bulge / tolerance)));
    for (let i = 1; i <= count; i++) {
      const t = i / count;
      const [a, b, c] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
      path.push([a * x0 + b * x1 + c * x2, a * y0 + b * y1 + c * y2]);
    }
  }
  return path;
}

/** @param {Point[]} points @returns {[left: number, top: number, right: number, bottom: number]} */
function extent(points) {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  return [left, top, right, bottom];
}

/** @param {ReturnType<typeof extent>} extent */
const longest = ([left, top, right, bottom]) => Math.max(right - left, bottom - top);

/** A picture, each pixel as a square of samples. @param {Uint8Array} pixels */
function enlarged(pixels) {
  const samples = new Uint8Array(WIDTH * WIDTH);
  for (let row = 0; row < WIDTH; row++) {
    for (let column = 0; column < WIDTH; column++) {
      samples[row * WIDTH + column] = pixels[Math.floor(row / FINE) * SIZE + Math.floor(column / FINE)];
    }
  }
  return samples;
}

/**
 * Ink all samples within the pen's radius of a line, row by row.
 * @param {Uint8Array} ink
 * @param {number[]} start x and y in samples
 * @param {number[]} end
 */
function drawLine(ink, [x0, y0], [x1, y1]) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = Math.hypot(dx, dy);
  // From the line's middle to its two edges.
  const [aside, along] = length ? [(RADIUS * Math.abs(dy)) / length, (RADIUS * dx * Math.sign(dy)) / length] : [0, 0];
  const last = Math.min(WIDTH - 1, Math.floor(Math.max(y0, y1) + RADIUS - 0.5));
  for (let row = Math.max(0, Math.ceil(Math.min(y0, y1) - RADIUS - 0.5)); row <= last; row++) {
    const y = row + 0.5;
    const [half0, half1] = [half(y - y0), half(y - y1)];
    let left = Math.min(x0 - half0, x1 - half1);
    let right = Math.max(x0 + half0, x1 + half1);
    const [t0, t1] = [(y - y0 - along) / dy, (y - y0 + along) / dy];
    if (t0 > 0 && t0 < 1) left = Math.min(left, x0 + t0 * dx - aside);
    if (t1 > 0 && t1 < 1) right = Math.max(right, x0 + t1 * dx + aside);
    const from = row * WIDTH + Math.max(0, Math.ceil(left - 0.5));
    const until = row * WIDTH + Math.min(WIDTH, Math.floor(right + 0.5));
    for (let i = from; i < until; i++) ink[i] = 255;
  }
}

/** Half the pen's width, so far from its middle; -Infinity beyond it. @param {number} distance */
const half = (distance) => (Math.abs(distance) <= RADIUS ? Math.sqrt(RADIUS ** 2 - distance ** 2) : -Infinity);
