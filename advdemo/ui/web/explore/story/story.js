// The story over the live view: a strip that leads from one step to the next. A step is done by doing it; every step
// can be skipped, and where a visitor left is remembered.

import { picker } from "../../shared/dom.js";
import { openTab } from "../../shared/link.js";
import { keep, recall } from "../../shared/memory.js";
import { percent } from "../../shared/numbers.js";
import { makeSaying, onLanguage, say } from "../../shared/words.js";
import { painted, STEPS, zoneOf } from "./steps.js";

/** @typedef {import("./steps.js").Now} Now */

const MEMORY = "tour";
const OFF = "off";
const ONWARD = { to_experiments: "learn", to_gan: "gan", to_train: "train" };

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => Omit<Now, "acted" | "zones">} page.now
 * @param {(query: string) => Promise<void>} page.open a state, as a link has it
 * @param {() => void} page.onStep another step is on screen, or none
 */
export function makeStory(root, { now, open, onStep }) {
  const strip = /** @type {HTMLElement} */ (root.querySelector(".story"));
  const pick = picker(strip);
  const [told, acts, dots, next, back] = [".story-told", ".story-acts", ".story-dots", ".next", ".back"].map(pick);
  let at = -1; // step; -1: the story is closed
  let end = ""; // of the step, once it is done
  let acted = "";
  let opening = false; // the state that the step begins with
  /** @type {Set<string>} */
  let zones = new Set();

  dots.append(...STEPS.map(() => document.createElement("i")));

  /** @param {string} name for automation @param {string} value */
  function choose(name, value) {
    const box = /** @type {HTMLInputElement | HTMLSelectElement} */ (root.querySelector(`[data-testid="${name}"]`));
    if (box.value === value) return;
    box.value = value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
  /** @param {Record<string, string>} [values] */
  function chooseAll(values = {}) {
    for (const [name, value] of Object.entries(values)) choose(name, value);
  }

  /** @param {string} name for automation */
  function pressButton(name) {
    const button = /** @type {HTMLElement} */ (root.querySelector(`[data-testid="${name}"]`));
    button.click();
    return button;
  }

  /** @param {number} step @param {boolean} [asItIs] without what it sets: the page shows what a link says */
  async function show(step, asItIs = false) {
    at = step;
    opening = acts.inert = false;
    end = acted = "";
    zones = new Set();
    const { id, link, unless, choose: chosen, press, mark, proof, acts: own = [] } = STEPS[at];
    keep(MEMORY, String(at + 1));
    root.dataset.story = id;
    root.dataset.proof = proof ? "" : "later";
    strip.hidden = false;
    for (const marked of root.querySelectorAll(".led")) marked.classList.remove("led");
    if (mark) root.querySelector(mark)?.classList.add("led");
    for (const [i, dot] of [...dots.children].entries()) dot.classList.toggle("on", i <= at);
    say(pick(".story-step"), "story.step", { now: at + 1, count: STEPS.length });
    acts.replaceChildren(...own.map(makeAct));
    back.disabled = at === 0;
    next.hidden = at === STEPS.length - 1;
    say(pick(".skip"), "story.skip");
    if (!asItIs) {
      if (link && !unless?.({ ...now(), acted, zones })) {
        opening = acts.inert = true; // until then what is on screen is the step's before
        await open(link);
        if (at !== step) return;
        opening = acts.inert = false;
      }
      chooseAll(chosen);
      if (press) {
        opening = true; // the visitor has pressed nothing
        pressButton(press);
        opening = false;
        acted = "";
      }
    }
    onStep();
    tick();
  }

  /** @param {import("./steps.js").Act} act */
  function makeAct({ name, choose: chosen, press, tab }) {
    const button = makeSaying("button", { type: "button", className: "plain" }, `story.${name}`, values());
    button.addEventListener("click", () => {
      acted = name;
      chooseAll(chosen);
      if (press) pressButton(press).scrollIntoView({ block: "nearest" });
      tick();
      if (tab) openTab(tab, "");
    });
    return button;
  }

  function values() {
    const { scan, step, epsilon } = now();
    const winner = scan.winners[step];
    return {
      label: scan.label,
      clean: scan.winners[0],
      now: winner,
      share: percent(scan.probabilities[10 * step + winner]),
      epsilon: epsilon.toFixed(3),
      percent: `${+(100 * epsilon).toFixed(1)}%`,
      flip: scan.flip?.toFixed(4) ?? "0.5",
      count: painted(scan),
    };
  }

  /** Something on screen has changed. */
  function tick() {
    if (at < 0 || opening) return;
    const seen = { ...now(), acted, zones };
    const zone = zoneOf(seen);
    if (zone) zones.add(zone);
    const { id, tried, done } = STEPS[at];
    const reached = done(seen);
    const before = end;
    if (reached) end = typeof reached === "string" ? reached : "done";
    if (reached || !end) say(told, `story.${id}${end ? `_${end}` : tried?.(seen) ? "_tried" : ""}`, values());
    if (end && !before) finish();
    strip.classList.toggle("done", end !== "");
    next.classList.toggle("primary", end !== "");
    next.classList.toggle("plain", end === "");
  }

  function finish() {
    if (at < STEPS.length - 1) return acts.replaceChildren();
    say(pick(".skip"), "story.finish");
    acts.replaceChildren(
      ...Object.entries(ONWARD).map(([name, tab]) => {
        const button = makeSaying("button", { type: "button", className: "plain" }, `story.${name}`);
        button.addEventListener("click", () => openTab(tab, ""));
        return button;
      }),
    );
  }

  function close() {
    at = -1;
    strip.hidden = true;
    delete root.dataset.story;
    delete root.dataset.proof;
    for (const marked of root.querySelectorAll(".led")) marked.classList.remove("led");
    onStep();
  }

  root.addEventListener("click", ({ target }) => {
    const pressed = (/** @type {import("./steps.js").Act} */ { press }) =>
      press && /** @type {Element} */ (target).closest(`[data-testid="${press}"]`);
    const act = STEPS[at]?.acts?.find(pressed);
    if (!act) return;
    acted = act.name;
    tick();
  });
  next.addEventListener("click", () => show(at + 1));
  back.addEventListener("click", () => show(at - 1));
  pick(".skip").addEventListener("click", () => {
    close();
    keep(MEMORY, OFF);
  });
  onLanguage(tick);

  return {
    tick,
    close,
    /** Whether the step says nothing of proofs as yet. */
    hidesProof: () => root.dataset.proof === "later",
    /** @param {string} step as a link has it, from 1 */
    open: (step) => show(Math.min(STEPS.length, Math.max(1, Math.floor(Number(step)) || 1)) - 1),
    /** A first visit begins with the story, a later one where it was left. @param {boolean} linked to something else */
    begin(linked) {
      const left = recall(MEMORY);
      if (left === OFF || (linked && left === null)) return;
      const step = Math.min(STEPS.length, Number(left) || 1) - 1;
      show(step, linked || step === 0); // the page opens as the first step does
    },
  };
}
