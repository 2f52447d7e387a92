// Six experiments: a question, a guess, and then what the server measures.

import { make } from "../shared/dom.js";
import { inPercent } from "../shared/numbers.js";
import { bytes, paint } from "../shared/pixels.js";
import { askPatiently, isTrouble } from "../shared/server.js";
import { makeSaying, say, sayError } from "../shared/words.js";

/**
 * @typedef {object} Experiment
 * @property {string} name
 * @property {string[]} options
 * @property {number | null} index of the test image that it is about
 * @property {number | null} label
 * @property {string | null} image base64
 */
/** @typedef {{answer: string, measured: Record<string, number | null>}} Finding */

/** Where each can be seen, and whether what is measured is a share of images; else it is an epsilon.
 * @type {Record<string, {tab?: string, open: string, shares?: boolean}>} */
const PLACES = {
  attack: { open: "index=7&attack=fgsm&compare=pgd&epsilon=0.12" },
  network: { open: "index=63&attack=pgd&model=robust&compare=certified&epsilon=0.25" },
  noise: { open: "index=4&attack=fgsm&compare=noise&epsilon=0.2", shares: true },
  transfer: { tab: "sweep", open: "model=robust&attack=pgd", shares: true },
  proof: { open: "index=63&attack=pgd&model=robust&compare=certified&epsilon=0.1" },
  blind: { open: "index=242&attack=fgsm&compare=pgd&epsilon=0.15" },
};
const LAST_EPSILON = 0.5; // of the slider

/** @param {Element} root @param {Experiment[]} experiments */
export function makeExperiments(root, experiments) {
  let at = 0;
  /** @type {boolean[]} whether each guess so far was right */
  let right = [];

  function ask() {
    const { name, options, image, label } = experiments[at];
    const title = makeSaying("h3", { tabIndex: -1 }, `experiments.title_${name}`);
    const question = makeSaying("legend", {}, `experiments.question_${name}`, { label: label ?? "" });
    const choices = options.map((value) => {
      const words = makeSaying("span", {}, `experiments.option_${name}_${value}`);
      return make("label", {}, make("input", { type: "radio", name: "guess", value }), words);
    });
    const commit = makeSaying("button", { type: "submit", className: "primary", disabled: true }, "experiments.commit");
    const outcome = make("div", { className: "stack outcome", ariaLive: "polite" });
    const fields = make("fieldset", {}, question, ...choices);
    const form = make("form", {}, fields, commit);
    form.addEventListener("change", () => {
      commit.disabled = false;
    });
    form.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      fields.disabled = true;
      commit.disabled = true;
      measure(form.guess.value, form, outcome);
    });
    root.replaceChildren(progress(), title, make("div", { className: "row asked" }, ...picture(image), form), outcome);
    return title;
  }

  /** @param {string} guess @param {any} form @param {Element} outcome */
  async function measure(guess, form, outcome) {
    const { name } = experiments[at];
    const status = makeSaying("p", { className: "status" }, "experiments.measuring");
    outcome.replaceChildren(status);
    const onTrouble = (/** @type {import("../shared/server.js").Trouble} */ trouble) => sayError(status, trouble);
    try {
      reveal(await askPatiently("experiment", { name }, { onTrouble }), guess, form, outcome);
    } catch (error) {
      if (!isTrouble(error)) throw error;
      sayError(status, error);
      form.querySelector("fieldset").disabled = false;
      form.querySelector(".primary").disabled = false;
    }
  }

  /** @param {Finding} finding @param {string} guess @param {any} form @param {Element} outcome */
  function reveal({ answer, measured }, guess, form, outcome) {
    const { name, options } = experiments[at];
    right[at] = guess === answer;
    for (const input of form.guess) {
      const mark = input.value === answer ? "true" : input.value === guess ? "false" : "";
      input.parentElement.dataset.mark = mark;
    }
    const verdict = make("p", { className: "verdict" });
    say(verdict, right[at] ? "experiments.right" : "experiments.wrong", {
      answer: { key: `experiments.option_${name}_${answer}` },
    });
    const why = makeSaying("p", {}, `experiments.why_${name}`);
    const { tab, open, shares } = PLACES[name];
    const scale = makeSaying(
      "p",
      { className: "note" },
      shares ? "experiments.shares" : name === "proof" ? "experiments.proved" : "experiments.epsilons",
    );
    const rows = Object.entries(measured).map(([key, value]) => {
      const label = makeSaying(
        "span",
        {},
        options.includes(key) ? `experiments.option_${name}_${key}` : `attacks.short_${key}`,
      );
      return bar(label, value, Boolean(shares));
    });
    const see = makeSaying(
      "button",
      { type: "button", className: "plain", dataset: { open, ...(tab ? { tab } : {}) } },
      tab ? "experiments.see_sweep" : "experiments.see",
    );
    const next = make("button", { type: "button", className: "primary" });
    const last = at === experiments.length - 1;
    say(next, last ? "experiments.finish" : "experiments.next");
    next.addEventListener("click", () => {
      at += 1;
      (last ? finish() : ask()).focus();
    });
    outcome.replaceChildren(verdict, scale, ...rows, why, make("div", { className: "row try" }, next, see));
    root.querySelector(".steps")?.replaceWith(progress());
    form.querySelector(".primary").remove();
    next.focus({ preventScroll: true });
  }

  function finish() {
    const title = make("h3", { tabIndex: -1 });
    const score = right.filter(Boolean).length;
    say(title, "experiments.score", { score, total: experiments.length });
    const moral = makeSaying("p", {}, "experiments.moral");
    const again = makeSaying("button", { type: "button", className: "plain" }, "experiments.again");
    again.addEventListener("click", start);
    root.replaceChildren(progress(), title, moral, make("div", { className: "row try" }, again));
    return title;
  }

  /** A mark for each experiment: guessed right, guessed wrong, under way, to come. */
  function progress() {
    const marks = experiments.map((_, i) => {
      const state = right[i] === undefined ? (i === at ? "now" : "later") : right[i] ? "right" : "wrong";
      const mark = make("li", { dataset: { state } }, state === "right" ? "✓" : state === "wrong" ? "✗" : i + 1);
      say(mark, `experiments.step_${state}`, { number: i + 1 }, "aria-label");
      return mark;
    });
    return make("ol", { className: "row steps" }, ...marks);
  }

  function start() {
    [at, right] = [0, []];
    ask().focus();
  }

  if (experiments.length) ask();
}

/** The digit in question, if it is about one. @param {string | null} image */
function picture(image) {
  if (!image) return [];
  const canvas = make("canvas", { width: 28, height: 28 });
  canvas.setAttribute("role", "img");
  say(canvas, "experiments.picture", {}, "aria-label");
  const pixels = bytes(image, Uint8Array);
  paint(canvas, (i) => pixels[i]);
  return [canvas];
}

/** @param {Element} label @param {number | null} value @param {boolean} share */
function bar(label, value, share) {
  const number = make("b");
  if (value === null) say(number, "experiments.never", { epsilon: LAST_EPSILON });
  else number.textContent = share ? inPercent(value) : value.toFixed(4);
  const width = value === null ? 1 : Math.min(1, share ? value : value / LAST_EPSILON);
  const fill = make("i", { style: { width: inPercent(width) } });
  return make("div", { className: "measured" }, label, make("div", { className: "meter" }, fill), number);
}
