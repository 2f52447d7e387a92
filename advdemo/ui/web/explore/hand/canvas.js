// The perturbation as a canvas to paint on, with the digit below it: by mouse, pen, touch or keys.

import { make } from "../../shared/dom.js";
import { makeSaying, say } from "../../shared/words.js";
import { watchContacts } from "../digit/contacts.js";
import { makePen } from "../digit/pen.js";
import { DOWN, GROUND, UP } from "../result/side.js";
import { stroke } from "./painting.js";

const CELL = 20; // of the canvas's own pixels
const SIDE = 28;
const GHOST = 0.4; // how bright the digit is under the painting
const HINTS = [UP, DOWN].map((colour) => colour.map((channel) => channel * 1.15));

/** @typedef {import("./painting.js").Painting} Painting */
/** @typedef {import("./painting.js").Pen} Pen */
/** @typedef {[number, number]} Point */

/**
 * @param {Element} picture that it takes the place of
 * @param {object} page
 * @param {() => Pen} page.pen
 * @param {() => Painting} page.painting before the stroke
 * @param {(painting: Painting) => void} page.onPaint a stroke has gone on
 * @param {() => void} page.onEnd it is finished
 * @param {() => void} page.onDrop it was none
 * @param {(event: KeyboardEvent) => void} page.onKey that moves no pen
 * @param {() => void} page.undo
 * @param {() => void} page.clear
 */
export function makeCanvas(picture, { pen, painting, onPaint, onEnd, onDrop, onKey, undo, clear }) {
  const size = CELL * SIDE;
  const canvas = /** @type {HTMLCanvasElement} */ (
    make("canvas", { width: size, height: size, tabIndex: 0, dataset: { testid: "hand-pad" } })
  );
  canvas.setAttribute("role", "application");
  const keys = makeSaying("p", { className: "pad-keys", id: "hand-keys" }, "hand.keys");
  canvas.setAttribute("aria-describedby", keys.id);
  say(canvas, "hand.pad", {}, "aria-label");
  picture.after(make("div", { className: "hand-frame" }, canvas, keys));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {Painting} what the stroke under way began on */
  let before = painting();
  /** @type {Point[]} */
  let points = [];
  /** @type {string[]} each pixel as it stands on the canvas: a point of a stroke changes few */
  const drawn = [];

  /** @param {Point[]} all of the stroke */
  function draw(all) {
    if (!points.length) before = painting();
    points = all;
    onPaint(stroke(before, points, pen()));
  }
  function end() {
    points = [];
    onEnd();
  }
  function drop() {
    points = [];
    onDrop();
  }
  /** Keys point at a pixel's corner. @param {Point} point @returns {Point} */
  const middle = ([x, y]) => [x + 0.5 / SIDE, y + 0.5 / SIDE];

  watchContacts(canvas, { draw, end, drop });
  makePen(canvas, {
    least: 0,
    begin: (point) => draw([middle(point)]),
    extend: (point) => draw([...points, middle(point)]),
    end,
    undo,
    clear() {
      points = [];
      clear();
    },
  });
  canvas.addEventListener("keydown", onKey);

  /**
   * @param {Painting} shown
   * @param {Uint8Array} image
   * @param {Int8Array | null} hint the gradient's signs
   */
  function show(shown, image, hint) {
    for (let i = 0; i < SIDE * SIDE; i++) {
      const now = `${shown[i]} ${image[i]} ${hint?.[i]}`;
      if (drawn[i] === now) continue;
      drawn[i] = now;
      const [x, y] = [CELL * (i % SIDE), CELL * Math.floor(i / SIDE)];
      context.fillStyle = `rgb(${colour(shown[i], GROUND + GHOST * image[i]).join(" ")})`;
      context.fillRect(x, y, CELL - 1, CELL - 1); // what is left shows the pixels' borders
      if (shown[i]) drawSign(x, y, shown[i]);
      else if (hint?.[i]) drawHint(x, y, hint[i]);
    }
  }

  /** @param {number} x @param {number} y @param {number} sign */
  function drawSign(x, y, sign) {
    context.fillStyle = "#fff";
    context.fillRect(x + 5, y + 8.5, 9, 2);
    if (sign > 0) context.fillRect(x + 8.5, y + 5, 2, 9);
  }

  /** @param {number} x @param {number} y @param {number} sign of the gradient */
  function drawHint(x, y, sign) {
    context.fillStyle = `rgb(${HINTS[sign > 0 ? 0 : 1].join(" ")})`;
    context.fillRect(x + 6, y + 6, 7, 7);
  }

  return { show, focus: () => canvas.focus() };
}

/** @param {number} sign @param {number} ground */
const colour = (sign, ground) => (sign ? (sign > 0 ? UP : DOWN) : [ground, ground, ground]);
