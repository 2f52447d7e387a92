// What an attack did to the digit: one or two sides of pictures and curves, the confidence bars, and it all in words.

import { EPSILONS, largest } from "../../lenet/scan.js";
import { make } from "../../shared/dom.js";
import { percent } from "../../shared/numbers.js";
import { bytes } from "../../shared/pixels.js";
import { fillWords, hush, onLanguage, say } from "../../shared/words.js";
import { makeBars } from "./bars.js";
import { outcome, standing } from "./reading.js";
import { makeSide } from "./side.js";
import { place, zones } from "./slider.js";

/** @typedef {import("./reading.js").Scan} Scan */
/** @typedef {ReturnType<typeof import("./slider.js").makeSlider>} Slider */
/** @typedef {ReturnType<typeof import("../choices.js").makeChoices>} Choices */

/**
 * @param {HTMLElement} root
 * @param {Slider} slider
 * @param {Choices} choices
 * @param {ReturnType<typeof import("./guess.js").makeGuess>} guess
 */
export function makeResult(root, slider, choices, guess) {
  /** @param {string} selector */
  const pick = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
  const pictures = pick(".pictures");
  const charts = pick(".charts");
  const drawBars = makeBars(root);
  const boxes = {
    result: pick(".result"),
    epsilon: pick('[data-testid="epsilon-value"]'),
    bytes: pick(".bytes"),
    outcome: pick(".outcome"),
    other: pick(".other-outcome"),
    proof: pick('[data-testid="proof"]'),
    otherProof: pick(".other-proof"),
    otherTrack: pick(".other-track"),
    strongest: pick(".strongest-mark"),
  };

  // The second picture and curve are copies of the first, without the names that automation looks for.
  addCopy(pictures, ".picture");
  addCopy(charts, ".curve-card");
  const marks = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".flip-mark"));
  const cards = charts.querySelectorAll(".curve-card");
  const views = [...pictures.children].map((picture, i) => makeSide(picture, cards[i], marks[i]));
  const scans = () => views.map(({ scan }) => scan).filter((scan) => scan !== null);

  /** @type {import("./reading.js").Answer[]} what the server answered */
  let answers = [];
  /** @type {import("../choices.js").Side[]} what it was asked about */
  let asked = [];
  let sides = asked; // on screen
  /** @type {{proved: number | null}[] | null} how far each is proved, once known */
  let proofs = null;
  /** @type {{strongest: number | null}[] | null} from where the strongest attack succeeds, once asked for */
  let narrowed = null;

  /** Show what the server answered. @param {any} value */
  function receive(value) {
    asked = choices.sides();
    const shared = { image: numbers(value.image, Uint8Array), label: value.label };
    answers = value.sides.map((/** @type {any} */ reply, /** @type {number} */ i) => ({
      ...decode(reply, asked[i].attack),
      ...shared,
    }));
    proofs = narrowed = null;
    show();
    return shared;
  }

  function show() {
    guess.veil(answers).forEach((answer, i) => {
      views[i].receive(answer);
    });
    arrange(asked);
    drawFlips();
    drawProof();
    tick();
    if (proofs) prove(proofs);
    if (narrowed) narrow(narrowed);
  }

  /** There is a picture and a curve, with a name, for each side. @param {typeof asked} chosen */
  function arrange(chosen) {
    sides = chosen;
    views.forEach((view, i) => {
      if (sides[i]) return;
      view.scan = null;
      marks[i].hidden = true;
    });
    root.classList.toggle("comparing", scans().length > 1);
    for (const box of [pictures, charts]) {
      box.querySelectorAll(".name").forEach((name, i) => {
        const title = sides[i] && choices.title(sides[i]);
        if (title) say(name, title.key, title.values);
        else hush(name);
      });
    }
  }

  /** Show the pictures and bars of another digit at the slider's place; its curve comes later. @param {any} value */
  function preview({ image, label, sides: found }) {
    views.forEach((view, i) => {
      if (view.scan && found[i]) view.preview({ image, label, ...found[i] });
    });
    arrange(choices.sides());
    tick();
  }

  /**
   * Show what the network predicts, and nothing of an attack.
   * @param {Uint8Array} image
   * @param {Float32Array} shares
   */
  function read(image, shares) {
    for (const view of views) if (view.scan) view.read(image, shares, largest(shares));
  }

  /** Say why there is no proof as yet. @param {import("../../shared/words.js").Phrase} trouble */
  const sayNoProof = ({ key, values }) => say(boxes.proof, key, values);

  /** Show how far each side is proved. @param {{proved: number | null}[]} sides */
  function prove(sides) {
    proofs = sides;
    if (guess.hides()) return;
    scans().forEach((scan, i) => {
      scan.proved = sides[i].proved;
    });
    drawProof();
    tick();
  }

  /** Show from where the strongest attack succeeds. @param {{strongest: number | null}[]} sides */
  function narrow(sides) {
    narrowed = sides;
    if (guess.hides()) return;
    scans().forEach((scan, i) => {
      scan.strongest = sides[i].strongest;
    });
    tick();
  }

  function drawProof() {
    const [first, second] = scans();
    const [name, otherName] = sides.map(choices.title);
    const words = standing(choices.live() ? { ...first, attack: "blackbox" } : first);
    if (second) {
      say(boxes.proof, "explore.named", { name, words });
      say(boxes.otherProof, "explore.named", { name: otherName, words: standing(second) });
    } else say(boxes.proof, words.key, words.values);
  }

  function drawFlips() {
    const [first, second] = scans();
    const [head, otherHead] = pictures.querySelectorAll(".flip");
    drawFlip(pick('[data-testid="flip-epsilon"]'), first);
    drawFlip(/** @type {HTMLElement} */ (head), first);
    drawFlip(/** @type {HTMLElement} */ (otherHead), second ?? first);
  }

  /** Everything that depends on epsilon. */
  function tick() {
    const step = slider.step();
    const epsilon = EPSILONS[step];
    for (const view of views) if (view.scan) view.tick(step);
    const [first, second] = scans();
    const { probabilities, winners, label } = first;
    const live = choices.live();
    const fooled = !live && winners[step] !== label;
    boxes.result.classList.toggle("fooled", fooled);
    drawBars(probabilities.subarray(0, 10), probabilities.subarray(step * 10, step * 10 + 10), label, winners[step]);
    boxes.epsilon.textContent = epsilon.toFixed(3);
    boxes.bytes.textContent = `= ${(epsilon * 255).toFixed(1)}/255`;
    const words = inWords(first, step);
    if (second) {
      const [name, otherName] = sides.map(choices.title);
      say(boxes.outcome, "explore.named", { name, words });
      say(boxes.other, "explore.named", { name: otherName, words: inWords(second, step) });
    } else say(boxes.outcome, words.key, words.values);
    const reading =
      live || guess.hides() ? "" : `${winners[step]}, ${percent(probabilities[step * 10 + winners[step]])}`;
    say(slider.input, "explore.slider_value", { epsilon: epsilon.toFixed(3), words: reading }, "aria-valuetext");
    slider.input.style.setProperty("--fill", zones(first, epsilon, live));
    if (second) boxes.otherTrack.style.background = zones(second, epsilon);
    boxes.strongest.hidden = live || !first.strongest;
    boxes.strongest.style.left = place(first.strongest ?? 0);
    slider.input.style.setProperty("--thumb", fooled ? "var(--fooled)" : "var(--clean)");
  }

  boxes.result.addEventListener("click", ({ target }) => {
    const flip = Number(/** @type {HTMLElement} */ (target).closest(".flip")?.getAttribute("data-epsilon"));
    if (flip) slider.jump(flip);
  });
  onLanguage(() => {
    for (const view of views) view.drawCurve();
    tick();
  });
  return { receive, preview, read, sayNoProof, show, prove, narrow, tick, scans };
}

/** @param {Element} box @param {string} selector */
function addCopy(box, selector) {
  const copy = /** @type {HTMLElement} */ (box.querySelector(selector)?.cloneNode(true));
  copy.classList.add("second");
  for (const part of copy.querySelectorAll("[data-testid]")) part.removeAttribute("data-testid");
  box.append(copy);
  fillWords(copy);
}

/** @param {any} reply @param {string} attack */
const decode = (reply, attack) => ({
  ...reply,
  attack,
  probabilities: numbers(reply.probabilities, Float32Array),
  sign: numbers(reply.sign, Int8Array),
  frames: numbers(reply.frames, Uint8Array),
});

/**
 * An array as it is, or as base64, in which the page brings its first digit.
 * @template T
 * @param {string | T} value
 * @param {new (buffer: ArrayBuffer) => T} Type
 */
const numbers = (value, Type) => (typeof value === "string" ? bytes(value, Type) : value);

/** @param {Scan} scan @param {number} step */
const inWords = (scan, step) => outcome(scan, step, percent(scan.probabilities[step * 10 + scan.winners[step]]));

/** @param {HTMLElement} box @param {Scan} scan */
function drawFlip(box, { flip, target }) {
  box.dataset.epsilon = String(flip ?? "");
  box.toggleAttribute("disabled", !flip);
  const aim = target === null ? "" : "_target";
  const key = flip === null ? `no_flip${aim}` : flip === 0 ? "wrong_at_zero" : `flips${aim}`;
  const mark = make("i", { ariaHidden: "true" }, "▼");
  say(box, `explore.${key}`, { mark, target: target ?? "", epsilon: flip?.toFixed(4) ?? "" });
}
