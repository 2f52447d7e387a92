// Many small maps of numbers on one canvas: for each map one picture a band, one below the other.

import { DOWN, GROUND, UP } from "../result/side.js";

/** @typedef {{maps: number, height: number, width: number}} Shape */
/** @typedef {{columns: number, bands?: number, zoom?: number, gap?: number}} Layout */

// Small values are lifted, or one strong cell would hide all others.
const LIFT = 0.6;
const BRIGHTEST = [242, 238, 150];
// The perturbation's two colours at more than their strongest there: cells are small.
const [RISE, FALL] = [UP, DOWN].map((colour) => colour.map((tone) => 1.6 * tone));
const RAMPS = { glow: ramp(BRIGHTEST), rise: ramp(RISE), fall: ramp(FALL), grey: ramp([255, 255, 255], 0, 1) };

const SHARES = [0, 0.1, 0.25, 0.5, 1];
/** The two scales as backgrounds. */
export const GLOW = gradient(SHARES.map((share) => stop(BRIGHTEST, share, share)));
export const SIGNED = gradient([
  ...SHARES.map((share) => stop(FALL, share, (1 - share) / 2)).reverse(),
  ...SHARES.map((share) => stop(RISE, share, (1 + share) / 2)),
]);

/**
 * The colour at a share of a scale.
 * @param {number[]} to @param {number} share @param {number} [from] @param {number} [lift]
 */
function mixed(to, share, from = GROUND, lift = LIFT) {
  return to.map((tone) => Math.round(from + (tone - from) * share ** lift));
}

/**
 * 256 steps to a colour, as a canvas has them in memory.
 * @param {number[]} to @param {number} [from] @param {number} [lift]
 */
function ramp(to, from, lift) {
  const bytes = new Uint8Array(1024);
  for (let i = 0; i < 256; i++) bytes.set([...mixed(to, i / 255, from, lift), 255], 4 * i);
  return new Uint32Array(bytes.buffer);
}

/** @param {number[]} to @param {number} share @param {number} place along the scale */
function stop(to, share, place) {
  return `rgb(${mixed(to, share)}) ${100 * place}%`;
}

/** @param {string[]} stops */
function gradient(stops) {
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

/** @param {Uint32Array} colours @param {number} share */
const along = (colours, share) => colours[Math.round(255 * Math.min(1, Math.max(0, share)))];

/** An activation, where `most` is the brightest. @param {number} value @param {number} most */
export const glow = (value, most) => along(RAMPS.glow, value / (most || 1));

/** What has two directions. @param {number} value @param {number} most */
export const signed = (value, most) => along(value > 0 ? RAMPS.rise : RAMPS.fall, Math.abs(value) / (most || 1));

/** A pixel of a picture. @param {number} value in [0, 1] */
export const grey = (value) => along(RAMPS.grey, value);

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Shape} shape
 * @param {Layout} layout
 */
export function makeMaps(canvas, { maps, height, width }, { columns, bands = 1, zoom = 1, gap = 1 }) {
  const across = width * zoom + gap;
  const down = height * zoom + gap;
  const lines = Math.ceil(maps / columns);
  const line = bands * down + (bands > 1 ? 2 * gap : 0); // bands of one map stand closer than maps
  canvas.width = columns * across - gap;
  canvas.height = lines * line - gap - (bands > 1 ? 2 * gap : 0);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);

  /** @param {number} map @param {number} band */
  const corner = (map, band) => [(map % columns) * across, Math.floor(map / columns) * line + band * down];

  /** @param {number} band @param {(unit: number) => number} shade the colour of a unit */
  function paint(band, shade) {
    let unit = 0;
    for (let map = 0; map < maps; map++) {
      const [left, top] = corner(map, band);
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++, unit++) {
          const colour = shade(unit);
          const start = (top + row * zoom) * canvas.width + left + column * zoom;
          for (let y = 0; y < zoom; y++) {
            const from = start + y * canvas.width;
            pixels.fill(colour, from, from + zoom);
          }
        }
      }
    }
  }

  /** The unit nearest to a place. @param {number} x share of the width @param {number} y share of the height */
  function unitAt(x, y) {
    const left = Math.min(columns - 1, Math.floor((x * canvas.width) / across));
    const top = Math.min(lines - 1, Math.floor((y * canvas.height) / line));
    const map = Math.min(maps - 1, top * columns + left);
    const band = Math.min(bands - 1, Math.floor((y * canvas.height - top * line) / down));
    const [cornerX, cornerY] = corner(map, band);
    return unitOf(map, (y * canvas.height - cornerY) / zoom, (x * canvas.width - cornerX) / zoom);
  }

  /** @param {number} map @param {number} y @param {number} x */
  function unitOf(map, y, x) {
    const [row, column] = [Math.min(height - 1, Math.floor(y)), Math.min(width - 1, Math.floor(x))];
    return (map * height + Math.max(0, row)) * width + Math.max(0, column);
  }

  /** The unit so many steps away, over the edge of a map into the next. @param {number} unit @param {number[]} step */
  function move(unit, [right, below]) {
    const map = Math.floor(unit / (height * width));
    const x = (map % columns) * width + (unit % width) + right;
    const y = Math.floor(map / columns) * height + (Math.floor(unit / width) % height) + below;
    if (x < 0 || y < 0 || x >= columns * width || y >= lines * height) return unit;
    return unitOf(Math.floor(y / height) * columns + Math.floor(x / width), y % height, x % width);
  }

  /** Where a unit is, as shares of the canvas. @param {number} unit @param {number} band */
  function boxOf(unit, band) {
    const [left, top] = corner(Math.floor(unit / (height * width)), band);
    return {
      left: (left + (unit % width) * zoom) / canvas.width,
      top: (top + (Math.floor(unit / width) % height) * zoom) / canvas.height,
      width: zoom / canvas.width,
      height: zoom / canvas.height,
    };
  }

  /** The middle of a band of the first line, as a share of the height. @param {number} band */
  const middle = (band) => (band * down + (down - gap) / 2) / canvas.height;

  return {
    paint,
    show: () => context.putImageData(image, 0, 0),
    unitAt,
    move,
    boxOf,
    middle,
    line: line / canvas.height,
  };
}
