// Guess first: where will the network change its mind? Until the visitor has guessed, what would tell is not there: the
// scan is veiled before anything is drawn from it.

import { make } from "../../shared/dom.js";
import { hush, makeSaying, say } from "../../shared/words.js";
import { count, judge, NOTHING, verdict } from "./guessing.js";
import { place } from "./slider.js";

/** @typedef {import("./reading.js").Answer} Answer */

/** A scan that tells nothing but what the network reads without the attack. @param {Answer} scan @returns {Answer} */
export function veiled(scan) {
  const probabilities = new Float32Array(scan.probabilities.length);
  for (let at = 0; at < probabilities.length; at += 10) probabilities.set(scan.probabilities.subarray(0, 10), at);
  return { ...scan, flip: null, zero: false, probabilities, veiled: true };
}

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => number} page.epsilon where the slider stands
 * @param {() => import("../choices.js").Side | null} page.side what is attacked, and how; null: no such question
 * @param {() => void} page.show everything, drawn anew
 * @param {() => void} page.another digit that has not been seen
 */
export function makeGuess(root, { epsilon, side, show, another }) {
  const slider = /** @type {HTMLElement} */ (root.querySelector(".slider"));
  const button = (/** @type {string} */ name, kind = "plain") => {
    const made = makeSaying(
      "button",
      { type: "button", className: kind, dataset: { testid: `guess-${name}` } },
      `guess.${name}`,
    );
    return made;
  };
  const toggle = button("first", "plain of-setup guess-first");
  const [here, never, next] = [button("here", "primary"), button("never"), button("next")];
  const told = make("p", { className: "told", role: "status", dataset: { testid: "guess-told" } });
  const tallied = make("p", { className: "note", dataset: { testid: "guess-tally" } });
  const mark = make("span", { className: "guess-mark", hidden: true, ariaHidden: "true" });
  const row = make("div", { className: "row guess" }, told, here, never, next, tallied);
  root.querySelector(".control")?.append(row);
  slider.append(mark);
  const narrow = matchMedia("(max-width: 760px)");
  const settle = () => (narrow.matches ? row.prepend(toggle) : root.querySelector(".play")?.before(toggle));
  narrow.addEventListener("change", settle); // on a phone the slider comes first
  settle();

  let on = false;
  let open = false; // a guess is asked for
  let key = ""; // of the digit on screen
  let answered = ""; // the digit that was guessed
  /** @type {Answer} as the server sent it */
  let truth;
  let tally = NOTHING;

  /** What is to be drawn of a scan that has come. @param {Answer[]} scans @returns {Answer[]} */
  function veil(scans) {
    [truth] = scans;
    const misread = truth.target === null && truth.flip === 0;
    const question = side();
    const before = key;
    key = [JSON.stringify(question), truth.label, truth.flip, truth.image].join();
    open = on && question !== null && !misread && key !== answered;
    const guessed = on && key === answered && key === before;
    if (!guessed) mark.hidden = true;
    if (!on) hush(told);
    else if (open) say(told, truth.target === null ? "guess.where" : "guess.where_target", values());
    else if (misread) say(told, "guess.misread");
    else if (!guessed) hush(told);
    draw();
    return open ? scans.map(veiled) : scans;
  }

  const values = () => ({ label: truth.label, target: truth.target ?? "" });

  /** @param {number | null} guess */
  function answer(guess) {
    open = false;
    answered = key;
    tally = count(tally, judge(guess, truth.flip));
    show();
    const { key: words, values } = verdict(guess, truth.flip);
    say(told, words, values);
    mark.hidden = guess === null;
    mark.style.left = place(guess ?? 0);
    draw();
    next.focus();
  }

  function draw() {
    root.toggleAttribute("data-veiled", open);
    toggle.setAttribute("aria-pressed", String(on));
    for (const part of [here, never]) part.hidden = !open;
    next.hidden = !on || open;
    tallied.hidden = !on || tally.guesses === 0;
    const { guesses, streak, longest, best } = tally;
    const key = best === null ? "guess.tally" : "guess.tally_best";
    say(tallied, key, { guesses, streak, longest, best: best?.toFixed(4) ?? "" });
    tick();
  }

  function tick() {
    if (open) say(here, "guess.here", { epsilon: epsilon().toFixed(3) });
  }

  toggle.addEventListener("click", () => {
    on = !on;
    answered = "";
    show();
  });
  here.addEventListener("click", () => answer(epsilon()));
  never.addEventListener("click", () => answer(null));
  next.addEventListener("click", another);

  return {
    veil,
    tick,
    /** Whether digits are to be guessed. */
    asks: () => on && side() !== null,
    /** Whether the answer must not be told. */
    hides: () => open,
  };
}
