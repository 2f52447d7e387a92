// What a grid of generated digits says between its frames, without a page.

export const GRID = 15; // frames to a side
export const EDGE = 50; // coordinates are whole numbers from -EDGE to EDGE

/**
 * @typedef {object} Order a generated digit, as the server is asked for it
 * @property {number} digit
 * @property {number} seed of the plane
 * @property {[number, number]} place on it
 * @property {string | null} centre 64 int8 as base64, where it is a found one
 */

/** The four frames around a place and their weights. @param {[number, number]} place @returns {[number, number][]} */
export function around([x, y]) {
  const scale = (GRID - 1) / (2 * EDGE);
  const column = Math.min(GRID - 2, Math.floor((x + EDGE) * scale));
  const row = Math.min(GRID - 2, Math.floor((y + EDGE) * scale));
  const right = (x + EDGE) * scale - column;
  const down = (y + EDGE) * scale - row;
  const corner = row * GRID + column;
  return [
    [corner, (1 - right) * (1 - down)],
    [corner + 1, right * (1 - down)],
    [corner + GRID, (1 - right) * down],
    [corner + GRID + 1, right * down],
  ];
}

/**
 * A place's mean of values that belong to the frames.
 * @param {ArrayLike<number>} values
 * @param {[number, number]} place
 */
export const between = (values, place) =>
  around(place).reduce((sum, [frame, weight]) => sum + weight * values[frame], 0);

/** A place on the plane, whole and inside. @param {number} x @param {number} y @returns {[number, number]} */
export const inside = (x, y) => [clamp(x), clamp(y)];

/** @param {number} value */
const clamp = (value) => Math.max(-EDGE, Math.min(EDGE, Math.round(value))) + 0; // no -0

/** An order as a link holds it. @param {Order} order */
export function write({ digit, seed, place, centre }) {
  const middle = centre ? `.${centre.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}` : "";
  return `${digit}.${seed}.${place.join(".")}${middle}`;
}

/** The reverse: what a link says, as far as it says it; null when it names no digit. @param {string} text */
export function read(text) {
  const [digit, seed, x, y, middle] = text.split(".");
  if (!/^[0-9]$/.test(digit)) return null;
  const whole = Number(seed);
  const centre = /^[\w-]{86}$/.test(middle ?? "") ? `${middle.replaceAll("-", "+").replaceAll("_", "/")}==` : null;
  /** @type {Order} */
  const order = {
    digit: Number(digit),
    seed: seed && Number.isInteger(whole) && whole >= 0 && whole < 2 ** 32 ? whole : 0,
    place: inside(Number(x) || 0, Number(y) || 0),
    centre,
  };
  return order;
}

/** A seed nobody has chosen. */
export const anySeed = () => Math.floor(Math.random() * 100_000);
