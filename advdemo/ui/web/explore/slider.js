// The epsilon slider: its ticks, its coloured track, playing it, and jumping to a flip.

import { make } from "../shared/dom.js";
import { say } from "../shared/words.js";
import { EPSILONS, LAST } from "./reading.js";

const SECONDS = 5; // from one end to the other
const THUMB = 22; // pixels

/**
 * @param {Element} root
 * @param {() => void} onTick the slider stands elsewhere
 * @param {() => void} onRest it was let go
 */
export function makeSlider(root, onTick, onRest) {
  const input = /** @type {HTMLInputElement} */ (root.querySelector('[data-testid="epsilon"]'));
  const button = /** @type {HTMLElement} */ (root.querySelector(".play"));
  const sign = /** @type {Element} */ (button.querySelector("i"));
  const name = /** @type {Element} */ (button.querySelector("span"));
  let playing = 0;

  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    drawPlay();
  }

  function drawPlay() {
    button.setAttribute("aria-pressed", String(playing !== 0));
    sign.textContent = playing ? "❚❚" : "▶";
    say(name, playing ? "explore.pause" : "explore.play");
  }

  function play() {
    const from = Number(input.value) >= LAST ? 0 : Number(input.value);
    const started = performance.now();
    /** @param {number} now */
    const frame = (now) => {
      input.value = String(Math.min(LAST, from + ((now - started) / 1000) * (LAST / SECONDS)));
      onTick();
      if (Number(input.value) >= LAST) return stop();
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
    drawPlay();
  }

  /** Put the thumb on the first step from epsilon on. @param {number} epsilon */
  function jump(epsilon) {
    stop();
    input.value = String(Math.ceil(epsilon * 200 - 1e-9) / 200);
    onTick();
    onRest();
    input.focus();
  }

  input.addEventListener("input", () => {
    stop();
    onTick();
  });
  input.addEventListener("change", onRest);
  button.addEventListener("click", () => (playing ? stop() : play()));
  root
    .querySelector(".ticks")
    ?.replaceChildren(
      ...[0, 0.1, 0.2, 0.3, 0.4, 0.5].map((tick) =>
        make("span", { style: { left: `${(100 * tick) / LAST}%` } }, tick.toFixed(1)),
      ),
    );
  return { input, stop, jump, step: () => Math.round(Number(input.value) * (EPSILONS.length - 1) * (1 / LAST)) };
}

/**
 * The track up to the thumb: blue where the network is right, orange where it is wrong.
 * @param {[number, number][]} fooledSpans
 * @param {number} epsilon
 */
export function trackFill(fooledSpans, epsilon) {
  /** @param {number} value */
  const place = (value) =>
    value === 0 ? "0px" : `calc(${THUMB / 2}px + ${Math.min(value, epsilon) / LAST} * (100% - ${THUMB}px))`;
  const stops = fooledSpans
    .filter(([from]) => from <= epsilon)
    .flatMap(([from, to]) => [
      `var(--clean) ${place(from)}`,
      `var(--fooled) ${place(from)}`,
      `var(--fooled) ${place(to)}`,
      `var(--clean) ${place(to)}`,
    ]);
  const end = place(epsilon);
  const colours = ["to right", "var(--clean) 0", ...stops, `var(--clean) ${end}`, `var(--track) ${end}`];
  return `linear-gradient(${colours.join(", ")})`;
}
