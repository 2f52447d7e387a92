// The drawing pad: strokes by mouse, pen or touch, kept as lists of points so that undo is exact, over the digit of a
// link if one brought it.

import { make } from "../../shared/dom.js";
import { base64, paint } from "../../shared/pixels.js";
import { makePen } from "./pen.js";

const PEN = 0.075; // its width over the pad's

/** @typedef {[number, number]} Point */

/**
 * @param {Element} root
 * @param {object} listeners
 * @param {() => void} listeners.onStroke while a stroke is drawn
 * @param {(digit: {drawing: string} | {pixels: string} | null) => void} listeners.onChange at the end of each stroke
 * and after undo and clear; null is an empty pad
 */
export function makePad(root, { onStroke, onChange }) {
  const canvas = /** @type {HTMLCanvasElement} */ (root.querySelector('[data-testid="pad"]'));
  const undo = /** @type {HTMLButtonElement} */ (root.querySelector('[data-testid="pad-undo"]'));
  const clear = /** @type {HTMLButtonElement} */ (root.querySelector('[data-testid="pad-clear"]'));
  const hint = /** @type {HTMLElement} */ (root.querySelector(".pad-hint"));
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  /** @type {Point[][]} */
  let strokes = [];
  /** @type {{pointer: number, points: Point[]} | null} */
  let current = null;
  /** @type {Uint8Array | null} the 28x28 pixels of a link, under the strokes */
  let ground = null;

  /** @param {PointerEvent} event @returns {Point} */
  function point(event) {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) * canvas.width) / box.width,
      ((event.clientY - box.top) * canvas.height) / box.height,
    ];
  }

  // Quadratic curves through the midpoints of the samples: smooth, and the same however the samples were batched.
  /** @param {Point[]} points */
  function trace(points) {
    context.beginPath();
    context.moveTo(...points[0]);
    for (let i = 1; i < points.length - 1; i++) {
      const [x, y] = points[i];
      const [nextX, nextY] = points[i + 1];
      context.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
    }
    const [x, y] = points[points.length - 1];
    context.lineTo(x + 0.01, y); // a dot too has a length, or it is not drawn
    context.stroke();
  }

  function repaint() {
    context.fillStyle = "#000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (ground) drawGround(ground);
    context.strokeStyle = "#fff";
    context.lineWidth = canvas.width * PEN;
    context.lineCap = context.lineJoin = "round";
    strokes.forEach(trace);
    if (current) trace(current.points);
    hint.hidden = strokes.length > 0 || current !== null || ground !== null;
    undo.disabled = strokes.length === 0;
    clear.disabled = strokes.length === 0 && ground === null;
  }

  /** @param {Uint8Array} pixels */
  function drawGround(pixels) {
    const small = make("canvas", { width: 28, height: 28 });
    paint(small, (i) => pixels[i]);
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  const picture = () => canvas.toDataURL("image/png");

  function changed() {
    repaint();
    onChange(strokes.length ? { drawing: picture() } : ground && { pixels: base64(ground) });
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (current || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    begin(point(event), event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!current || event.pointerId !== current.pointer) return;
    const samples = event.getCoalescedEvents?.() ?? [];
    extend(...(samples.length ? samples : [event]).map(point));
  });
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(name, (event) => {
      if (!current || event.pointerId !== current.pointer) return;
      end();
    });
  }

  /** @param {Point} point @param {number} [pointer] none: the pen that keys move */
  function begin(point, pointer = -1) {
    current = { pointer, points: [point] };
    repaint();
  }
  /** @param {...Point} points */
  function extend(...points) {
    current?.points.push(...points);
    repaint();
    onStroke();
  }
  function end() {
    if (current) strokes.push(current.points);
    current = null;
    changed();
  }
  function takeBack() {
    strokes.pop();
    changed();
  }
  function wipe() {
    strokes = [];
    current = null;
    ground = null;
    changed();
  }
  undo.addEventListener("click", takeBack);
  clear.addEventListener("click", wipe);
  makePen(canvas, { begin, extend, end, undo: takeBack, clear: wipe });
  repaint();
  return {
    picture,
    resend: () => (strokes.length > 0 || ground !== null) && changed(),
    /** Begin anew with the digit of a link. @param {Uint8Array} pixels */
    show(pixels) {
      strokes = [];
      ground = pixels;
      repaint();
    },
  };
}
