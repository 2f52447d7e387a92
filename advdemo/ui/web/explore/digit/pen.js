// Drawing without a pointer: arrow keys move a pen over the pad, Space puts it down and lifts it.

import { make } from "../../shared/dom.js";
import { say } from "../../shared/words.js";

const CELLS = 28; // steps from one edge to the other
const LEAP = 4; // steps at once, with Shift
const REST = 500; // milliseconds without a move, before its place is read out
/** @type {Record<string, [number, number]>} two held keys add up; the corners are those of a number pad */
const WAYS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  Home: [-1, -1],
  PageUp: [1, -1],
  End: [-1, 1],
  PageDown: [1, 1],
};

/** @typedef {import("./strokes.js").Point} Point */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} pad
 * @param {(point: Point) => void} pad.begin a stroke
 * @param {(point: Point) => void} pad.extend it
 * @param {() => void} pad.end it
 * @param {() => void} pad.undo
 * @param {() => void} pad.clear
 * @param {number} [pad.least] step from the left and upper edge that the pen may come to
 */
export function makePen(canvas, pad) {
  const mark = make("span", { className: "pen", ariaHidden: "true" });
  const voice = make("p", { className: "unseen", role: "status" });
  canvas.parentElement?.append(mark, voice);
  /** @type {Set<string>} */
  const held = new Set();
  let [x, y] = [CELLS / 2, CELLS / 2];
  let down = false;
  let timer = 0;

  /** @returns {Point} */
  const point = () => [x / CELLS, y / CELLS];
  /** @param {string} key @param {number} [delay] milliseconds */
  function tell(key, delay = 0) {
    clearTimeout(timer);
    timer = setTimeout(() => say(voice, key, { x, y }), delay);
  }

  function draw() {
    mark.style.left = `${(100 * x) / CELLS}%`;
    mark.style.top = `${(100 * y) / CELLS}%`;
    mark.classList.toggle("down", down);
  }

  function lift() {
    if (!down) return;
    down = false;
    draw();
    pad.end();
    tell("keyboard.up");
  }

  function lower() {
    down = true;
    draw();
    pad.begin(point());
    tell("keyboard.down");
  }

  /** @param {number} steps */
  function move(steps) {
    /** @param {number} at @param {0 | 1} axis */
    const moved = (at, axis) => {
      const by = [...held].reduce((sum, key) => sum + WAYS[key][axis], 0);
      return Math.min(CELLS - 1, Math.max(pad.least ?? 1, at + steps * Math.sign(by)));
    };
    [x, y] = [moved(x, 0), moved(y, 1)];
    if (down) pad.extend(point());
    draw();
    tell("keyboard.place", REST);
  }

  function clear() {
    down = false;
    draw();
    pad.clear();
    tell("keyboard.cleared");
  }

  function undo() {
    lift();
    pad.undo();
    tell("keyboard.undone");
  }

  canvas.addEventListener("keydown", (event) => {
    const { key, shiftKey, ctrlKey, metaKey, altKey, repeat } = event;
    const command = ctrlKey || metaKey;
    if (key in WAYS && !command && !altKey) {
      held.add(key);
      move(shiftKey ? LEAP : 1);
    } else if (key === " " && !command) {
      if (!repeat) (down ? lift : lower)();
    } else if (key === "Escape") clear();
    else if (key === "Backspace" || (command && key === "z")) undo();
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("keyup", ({ key }) => held.delete(key));
  canvas.addEventListener("blur", () => {
    held.clear();
    lift();
  });
  canvas.addEventListener("pointerdown", lift, { capture: true });
  draw();
}
