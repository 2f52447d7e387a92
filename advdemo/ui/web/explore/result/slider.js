// The epsilon slider: its ticks, its coloured track, playing it, and jumping to a flip.

import { EPSILONS } from "../../lenet/scan.js";
import { make } from "../../shared/dom.js";
import { sayBoth } from "../../shared/words.js";
import { LAST } from "./reading.js";

const STEPS = (EPSILONS.length - 1) / LAST; // to an epsilon of 1
const SPEED = LAST / 5000; // epsilon in a millisecond
const NEAR = 0.03; // of where the network is fooled
const SLOW = 0.2; // of its speed is what the play keeps there
const LEAP = 0.05; // steps of the play, where the visitor asked for little motion

/**
 * @param {Element} root
 * @param {() => void} onTick the slider stands elsewhere
 * @param {() => void} onRest it was let go
 * @param {() => number | null} flipOf where the network is fooled: the play rests there
 */
export function makeSlider(root, onTick, onRest, flipOf) {
  const input = /** @type {HTMLInputElement} */ (root.querySelector('[data-testid="epsilon"]'));
  const button = /** @type {HTMLElement} */ (root.querySelector(".play"));
  const sign = /** @type {Element} */ (button.querySelector("i"));
  const name = /** @type {Element} */ (button.querySelector("span"));
  let playing = 0;
  Object.assign(input, { max: String(LAST), step: String(1 / STEPS) });

  function stop() {
    cancelAnimationFrame(playing);
    playing = 0;
    drawPlay();
  }

  function pause() {
    stop();
    onRest();
  }

  function drawPlay() {
    button.setAttribute("aria-pressed", String(playing !== 0));
    sign.textContent = playing ? "❚❚" : "▶";
    sayBoth(button, name, playing ? "explore.pause" : "explore.play");
  }

  function play() {
    const flip = flipOf();
    const end = flip ? Math.ceil(flip * STEPS - 1e-9) / STEPS : LAST;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let there = Number(input.value) >= end ? 0 : Number(input.value);
    let before = performance.now();
    /** @param {number} now */
    const frame = (now) => {
      const near = flip !== null && there > end - NEAR;
      there = Math.min(end, there + (now - before) * SPEED * (near ? SLOW : 1));
      before = now;
      input.value = String(calm && there < end ? LEAP * Math.floor(there / LEAP) : there);
      onTick();
      if (there < end) playing = requestAnimationFrame(frame);
      else pause();
    };
    playing = requestAnimationFrame(frame);
    drawPlay();
  }

  /** Put the thumb on the first step from epsilon on. @param {number} epsilon */
  function jump(epsilon) {
    stop();
    input.value = String(Math.ceil(epsilon * STEPS - 1e-9) / STEPS);
    onTick();
    onRest();
    input.focus();
  }

  input.addEventListener("input", () => {
    stop();
    onTick();
  });
  input.addEventListener("change", onRest);
  button.addEventListener("click", () => (playing ? pause() : play()));
  root
    .querySelector(".ticks")
    ?.replaceChildren(
      ...[0, 0.1, 0.2, 0.3, 0.4, 0.5].map((tick) =>
        make("span", { style: { left: `${(100 * tick) / LAST}%` } }, tick.toFixed(1)),
      ),
    );
  return { input, stop, jump, step: () => Math.round(Number(input.value) * STEPS) };
}

/**
 * Where an epsilon lies on the track: the thumb's middle comes no nearer to its ends than --reach.
 * @param {number} epsilon
 */
export const place = (epsilon) => `calc(var(--reach) + ${Math.min(1, epsilon / LAST)} * (100% - 2 * var(--reach)))`;

/**
 * A track in zones, as a background: blue where the answer is proved, hatched where it is undecided, orange from where
 * the attack succeeds, pale orange where only the strongest does. Paler beyond the thumb.
 * @param {Pick<import("./reading.js").Scan, "proved" | "flip" | "strongest">} scan
 * @param {number} epsilon
 * @param {boolean} [live] what the attack does is not known beforehand
 */
export function zones({ proved, flip, strongest }, epsilon, live = false) {
  /** @param {number | null | undefined} value */
  const edge = (value) => (value ? place(value) : "0px");
  const broken = live ? null : flip;
  const end = broken === null ? "100%" : edge(broken);
  const closed = strongest && !live ? edge(strongest) : end;
  const attacked = `var(--strongest) 0 ${end}, var(--fooled) 0`;
  return [
    // The thumb's middle does not come to where the track begins and ends: there is no epsilon there.
    "linear-gradient(to right, var(--track) var(--reach), transparent 0 calc(100% - var(--reach)), var(--track) 0)",
    `linear-gradient(to right, transparent ${edge(epsilon)}, var(--veil) 0)`,
    `linear-gradient(to right, var(--clean) ${edge(proved)}, transparent 0 ${closed}, ${attacked})`,
    "var(--hatch)",
  ].join(", ");
}
