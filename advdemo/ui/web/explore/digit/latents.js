// What a grid of generated digits says between its frames, without a page. Places on its plane are whole numbers from
// -edge to edge.

/**
 * @typedef {object} Order a generated digit, as the server is asked for it
 * @property {number} digit
 * @property {number} seed of the plane
 * @property {[number, number]} place on it
 * @property {string | null} centre 64 int8 as base64, where it is a found one
 */

/**
 * The four frames around a place and their weights.
 * @param {[number, number]} place
 * @param {number} edge
 * @param {number} grid frames to a side
 * @returns {[number, number][]}
 */
export function around([x, y], edge, grid) {
  const scale = (grid - 1) / (2 * edge);
  const column = Math.min(grid - 2, Math.floor((x + edge) * scale));
  const row = Math.min(grid - 2, Math.floor((y + edge) * scale));
  const right = (x + edge) * scale - column;
  const down = (y + edge) * scale - row;
  const corner = row * grid + column;
  return [
    [corner, (1 - right) * (1 - down)],
    [corner + 1, right * (1 - down)],
    [corner + grid, (1 - right) * down],
    [corner + grid + 1, right * down],
  ];
}

/**
 * A place's mean of values that belong to the frames.
 * @param {ArrayLike<number>} values
 * @param {[number, number]} place
 * @param {number} edge
 */
export const between = (values, place, edge) =>
  around(place, edge, Math.sqrt(values.length)).reduce((sum, [frame, weight]) => sum + weight * values[frame], 0);

/** A place on the plane. @param {number} x @param {number} y @param {number} edge @returns {[number, number]} */
export const inside = (x, y, edge) => [clamp(x, edge), clamp(y, edge)];

/** @param {number} value @param {number} edge */
const clamp = (value, edge) => Math.max(-edge, Math.min(edge, Math.round(value))) + 0; // no -0

/** An order as a link holds it. @param {Order} order */
export function write({ digit, seed, place, centre }) {
  const middle = centre ? `.${centre.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}` : "";
  return `${digit}.${seed}.${place.join(".")}${middle}`;
}

/**
 * The reverse: what a link says, as far as it says it; null when it names no digit.
 * @param {string} text
 * @param {number} edge
 */
export function read(text, edge) {
  const [digit, seed, x, y, middle] = text.split(".");
  if (!/^[0-9]$/.test(digit)) return null;
  const whole = Number(seed);
  const centre = /^[\w-]{86}$/.test(middle ?? "") ? `${middle.replaceAll("-", "+").replaceAll("_", "/")}==` : null;
  /** @type {Order} */
  const order = {
    digit: Number(digit),
    seed: seed && Number.isInteger(whole) && whole >= 0 && whole < 2 ** 32 ? whole : 0,
    place: inside(Number(x) || 0, Number(y) || 0, edge),
    centre,
  };
  return order;
}

/** A seed nobody has chosen. */
export const anySeed = () => Math.floor(Math.random() * 100_000);
