// The drawing pad: strokes by mouse, pen, touch or keys, kept as lists of points so that undo is exact, over the digit
// of a link if one brought it.

import { make } from "../../shared/dom.js";
import { paint } from "../../shared/pixels.js";
import { watchContacts } from "./contacts.js";
import { makePen } from "./pen.js";
import { curves, PAD_PEN, toMnist } from "./strokes.js";

/** @typedef {import("./strokes.js").Point} Point */
/** @typedef {import("./strokes.js").Form} Form */

/**
 * @param {Element} root
 * @param {object} listeners
 * @param {(pixels: Uint8Array) => void} listeners.onStroke the digit so far, while a stroke is drawn
 * @param {(form: Form | null) => void} listeners.onChange at the end of each stroke and after undo and clear; null is
 * an empty pad
 */
export function makePad(root, { onStroke, onChange }) {
  const canvas = /** @type {HTMLCanvasElement} */ (root.querySelector('[data-testid="pad"]'));
  const undo = /** @type {HTMLButtonElement} */ (root.querySelector('[data-testid="pad-undo"]'));
  const clear = /** @type {HTMLButtonElement} */ (root.querySelector('[data-testid="pad-clear"]'));
  const hint = /** @type {HTMLElement} */ (root.querySelector(".pad-hint"));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {Point[][]} */
  let strokes = [];
  /** @type {Point[] | null} */
  let current = null;
  /** @type {Uint8Array | null} the 28x28 pixels of a link, under the strokes */
  let ground = null;

  /** @param {Point[]} stroke */
  function trace(stroke) {
    context.beginPath();
    context.moveTo(...stroke[0]);
    for (const [, control, end] of curves(stroke)) context.quadraticCurveTo(...control, ...end);
    const [x, y] = stroke[stroke.length - 1];
    context.lineTo(x + 1e-5, y); // a dot too has a length, or it is not drawn
    context.stroke();
  }

  function repaint() {
    context.setTransform(canvas.width, 0, 0, canvas.height, 0, 0); // the pad is 1 x 1
    context.fillStyle = "#000";
    context.fillRect(0, 0, 1, 1);
    if (ground) drawGround(ground);
    context.strokeStyle = "#fff";
    context.lineWidth = PAD_PEN;
    context.lineCap = context.lineJoin = "round";
    strokes.forEach(trace);
    if (current) trace(current);
    hint.hidden = strokes.length > 0 || current !== null || ground !== null;
    undo.disabled = strokes.length === 0;
    clear.disabled = strokes.length === 0 && ground === null;
  }

  /** @param {Uint8Array} pixels */
  function drawGround(pixels) {
    const small = make("canvas", { width: 28, height: 28 });
    paint(small, (i) => pixels[i]);
    context.drawImage(small, 0, 0, 1, 1);
  }

  function changed() {
    repaint();
    onChange(strokes.length || ground ? toMnist(strokes, ground) : null);
  }

  /** The stroke under way. @param {Point[]} points */
  function draw(points) {
    current = points;
    repaint();
    const form = toMnist([...strokes, points], ground);
    if ("pixels" in form) onStroke(form.pixels);
  }
  function end() {
    if (current) strokes.push(current);
    drop();
  }
  function drop() {
    current = null;
    changed();
  }
  function takeBack() {
    strokes.pop();
    changed();
  }
  function wipe() {
    strokes = [];
    ground = null;
    drop();
  }
  undo.addEventListener("click", takeBack);
  clear.addEventListener("click", wipe);
  watchContacts(canvas, { draw, end, drop });
  makePen(canvas, {
    begin: (point) => draw([point]),
    extend: (point) => draw([...(current ?? []), point]),
    end,
    undo: takeBack,
    clear: wipe,
  });
  repaint();
  return {
    resend: () => (strokes.length > 0 || ground !== null) && changed(),
    /** Begin anew with the digit of a link. @param {Uint8Array} pixels */
    show(pixels) {
      strokes = [];
      ground = pixels;
      repaint();
    },
  };
}
