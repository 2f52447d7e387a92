// A pad on which a digit morphs, under the finger or by arrow keys.

import { say } from "../../shared/words.js";
import { inside } from "./latents.js";

/** @typedef {[number, number]} Place */
/** @type {Record<string, Place>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const [STEP, LEAP] = [2, 10]; // of an arrow key, and with Shift

/**
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} knob
 * @param {number} edge of the plane: coordinates are whole numbers from -edge to edge
 * @param {object} page
 * @param {() => Place} page.place where the digit is
 * @param {(place: Place) => void} page.onMove
 * @param {() => void} page.onRest
 */
export function makeMorph(canvas, knob, edge, { place, onMove, onRest }) {
  /** @type {number | null} */
  let pointer = null;
  canvas.setAttribute("aria-valuemin", String(-edge));
  canvas.setAttribute("aria-valuemax", String(edge));

  /** @param {PointerEvent} event */
  function follow(event) {
    const frame = canvas.getBoundingClientRect();
    const share = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ size) =>
      edge * ((2 * (at - from)) / size - 1);
    onMove(inside(share(event.clientX, frame.left, frame.width), share(event.clientY, frame.top, frame.height), edge));
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => event.pointerId === pointer && follow(event));
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      onRest();
    });
  }
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in WAYS)) return;
    event.preventDefault();
    const step = event.shiftKey ? LEAP : STEP;
    const [[x, y], [across, down]] = [place(), WAYS[event.key]];
    onMove(inside(x + step * across, y + step * down, edge));
  });
  canvas.addEventListener("keyup", ({ key }) => key in WAYS && onRest());

  return function draw() {
    const [x, y] = place();
    knob.style.left = `${50 + (50 * x) / edge}%`;
    knob.style.top = `${50 + (50 * y) / edge}%`;
    canvas.setAttribute("aria-valuenow", String(x));
    say(canvas, "generate.place", { x, y: -y }, "aria-valuetext");
  };
}
