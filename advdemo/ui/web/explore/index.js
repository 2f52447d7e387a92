// The Explore tab. The server sends one scan a digit: the image, the sign of the gradient (or 101 images, where the
// perturbation is no multiple of epsilon) and 101 x 10 probabilities. Moving the slider only looks things up in it: no
// request, no arithmetic beyond 784 additions.

import { makeCode } from "../shared/code.js";
import { make } from "../shared/dom.js";
import { decode, encode } from "../shared/drawing.js";
import { forgerQuestion, ownForger } from "../shared/forger.js";
import { onOpen, remember } from "../shared/link.js";
import { DIGITS } from "../shared/numbers.js";
import { base64 } from "../shared/pixels.js";
import { askPatiently, isTrouble, isUnknown } from "../shared/server.js";
import { offerPicture } from "../shared/sharing.js";
import { fillWords, say, sayError } from "../shared/words.js";
import { makeBinary } from "./attacks/binary.js";
import { makeBlackBox } from "./attacks/blackbox.js";
import { makeChoices } from "./choices.js";
import { makeBoard } from "./digit/board.js";
import { makeFollower } from "./digit/follower.js";
import { makeGenerate } from "./digit/generate.js";
import { write } from "./digit/latents.js";
import { makePad } from "./digit/pad.js";
import { makeInside } from "./inside/inside.js";
import { makeGuess } from "./result/guess.js";
import { drawPicture } from "./result/picture.js";
import { makeResult } from "./result/result.js";
import { makeSlider } from "./result/slider.js";

/** @typedef {import("./digit/latents.js").Order} Order */
/** @typedef {{index?: number, drawing?: string, pixels?: string, generated?: Order, label?: number | null}} Digit */

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".explore"));
  /** @param {string} selector */
  const pick = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
  fillWords(root);

  let asking = new AbortController(); // of the newest request
  /** @type {Digit} what the newest request asked for */
  let asked = { index: props.value.index };
  let drawn = ""; // the digit as a link holds it, where nothing else names it
  let onPad = ""; // what the pad shows, likewise, once it was answered

  /** @type {import("./choices.js").Attack[]} */
  const attacks = JSON.parse(props.attacks);
  const scannable = attacks.filter((attack) => attack.scannable);
  const choices = makeChoices(root, props.networks, scannable, () => ask(asked));
  const slider = makeSlider(root, tick, rest);
  const guess = makeGuess(root, {
    epsilon: () => Number(slider.input.value),
    side: () => (choices.live() ? null : choices.sides()[0]),
    show: () => result.show(),
    another: () => {
      if (root.dataset.mode === "pick") ask({ index: board.random(), label: null });
      else if (root.dataset.mode === "generate") pick('[data-testid="another"]').click();
      else result.show();
    },
  });
  const result = makeResult(root, slider, choices, guess);
  const inside = makeInside(root, { scans: result.scans, choices, step: slider.step, onToggle: linkHere });
  const showLabel = makeLabel(root, (label) => ask({ ...asked, label }));
  const board = makeBoard(root, props.board, (index) => ask({ index, label: null }));
  const follower = makeFollower(choices, (value) => {
    asking.abort(); // what is under way is about the strokes before
    root.classList.remove("waiting", "stale");
    root.classList.toggle("reading", choices.slow());
    showError(null);
    if (choices.slow()) return result.read(value);
    show(value);
    showLabel(value.label, value.label_source);
  });
  const pad = makePad(root, {
    onStroke: () => follower.follow(pad.picture),
    onChange: (digit) => {
      follower.stop();
      onPad = "";
      if (digit) return ask({ ...digit, label: null });
      asking.abort(); // an answer under way is to a drawing that is gone
      root.classList.remove("waiting");
      root.classList.add("stale");
      showError(null);
    },
  });
  const generate = makeGenerate(root, (generated) => ask({ generated, label: null }), showError, choices);
  const blackBox = makeBlackBox(root, { question, epsilon: () => Number(slider.input.value), showError });
  const binary = makeBinary(root, { question, choices, showError });
  pick('[data-testid="random"]').addEventListener("click", () => ask({ index: board.random(), label: null }));

  const code = makeCode(root, (snippets, note) => {
    const scans = result.scans();
    const answers = choices.live() ? blackBox.answers() : null;
    return snippets.explore(
      {
        sides: choices.sides().map((side, i) => ({
          ...side,
          target: answers === "label" ? null : (scans[i]?.target ?? null),
        })),
        answers,
        label: scans[0].label,
        index: asked.index ?? null,
        image: scans[0].image,
        order: asked.generated ?? null,
        ownForger: ownForger() !== null,
      },
      note,
    );
  });

  root.addEventListener("click", ({ target }) => {
    if (/** @type {Element} */ (target).closest("[data-answers]")) code.update();
  });

  /** @param {any} value what the server answered */
  function show(value) {
    const { image } = result.receive(value);
    binary.receive(image);
    binary.tick(slider.step());
  }

  function tick() {
    result.tick();
    inside.tick();
    guess.tick();
    code.tick(Number(slider.input.value));
    binary.tick(slider.step());
  }

  /** About what was asked for last. @param {boolean} withWeights */
  function question(withWeights) {
    const forger = asked.generated ? forgerQuestion(withWeights) : {};
    return { ...asked, ...choices.question(withWeights), ...forger };
  }

  /** @param {Digit} digit @param {boolean} [withWeights] */
  async function ask(digit, withWeights = false) {
    asked = digit;
    asking.abort();
    asking = new AbortController();
    blackBox.close();
    const { signal } = asking;
    root.classList.add("waiting");
    say(pick(".working"), choices.slow() ? "explore.working_long" : "explore.working");
    try {
      receive(await askPatiently("scan", question(withWeights), { signal, onTrouble: showError }));
    } catch (error) {
      if (signal.aborted) return; // a newer question is under way
      if (!isTrouble(error)) throw error;
      if (isUnknown(error) && !withWeights) return ask(digit, true);
      root.classList.remove("waiting", "stale");
      showError(error);
    }
  }

  /** @param {any} value what the server answered */
  async function receive(value) {
    root.classList.remove("waiting", "stale", "reading");
    showError(null);
    if (value.sides.some((/** @type {any} */ { taken }) => taken)) {
      showError({ key: "explore.taken", values: { target: choices.target.value } });
      choices.target.value = "";
    }
    show(value);
    inside.receive();
    code.tick(Number(slider.input.value));
    code.update();
    board.mark(value.index ?? null);
    showLabel(value.label, value.label_source);
    for (const option of choices.target.options) option.disabled = option.value === String(value.label);
    if (asked.drawing) asked = { pixels: base64(value.image), label: asked.label }; // as a link would ask for it
    prove();
    askBox();
    drawn = "";
    const { signal } = asking;
    if (asked.pixels || (asked.generated && ownForger())) {
      const text = await encode(value.image);
      if (signal.aborted) return;
      drawn = text;
      if (asked.pixels) onPad = text;
    }
    linkHere();
  }

  /** The black box is asked about another digit, network, target or budget. */
  function askBox() {
    root.toggleAttribute("data-live", choices.live());
    if (choices.live()) blackBox.start();
    else blackBox.close();
  }

  function rest() {
    linkHere();
    if (choices.live()) blackBox.start();
  }

  /** Ask how far the digit on screen is proved: that takes longer than its scan. @param {boolean} [withWeights] */
  async function prove(withWeights = false) {
    const { signal } = asking;
    try {
      result.prove((await askPatiently("prove", question(withWeights), { signal, onTrouble: showError })).sides);
    } catch (error) {
      if (signal.aborted) return; // about a digit that is gone
      if (!isTrouble(error)) throw error;
      if (isUnknown(error) && !withWeights) return prove(true);
      showError(error);
    }
  }

  /** @param {import("../shared/words.js").ServerError | null} error */
  function showError(error) {
    const box = pick(".error");
    box.hidden = !error;
    if (error) sayError(box, error);
  }

  pick('[data-show="generate"]').hidden = !props.generates;
  const modes = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-show]"));
  /** @param {string | undefined} mode */
  function showMode(mode) {
    root.dataset.mode = mode;
    for (const button of modes) button.setAttribute("aria-pressed", String(button.dataset.show === mode));
  }
  for (const button of modes) {
    button.addEventListener("click", () => {
      if (button.dataset.show === root.dataset.mode) return;
      showMode(button.dataset.show);
      if (button.dataset.show === "draw") pad.resend();
      if (button.dataset.show === "generate") generate.resend();
    });
  }

  // The address holds what is on screen, so that it can be shared; a network of one's own it cannot hold.
  function linkHere() {
    const { model, attack, target, compare } = choices;
    const own = model.value === "yours" || compare.value === "yours";
    const state = {
      index: asked.index,
      generate: asked.generated && !drawn ? write(asked.generated) : "",
      drawing: drawn,
      label: asked.label,
      model: model.value,
      attack: attack.value,
      target: target.value,
      compare: compare.value,
      epsilon: slider.input.value,
      answers: choices.live() ? blackBox.answers() : "",
      inside: inside.isOpen() ? 1 : "",
    };
    remember(own ? {} : state);
  }

  /** @param {string} query */
  async function open(query) {
    const state = new URLSearchParams(query);
    slider.stop();
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    const text = state.get("drawing");
    const pixels = text === null ? null : await decode(text);
    if (signal.aborted) return;
    choices.open(state);
    inside.open(state.has("inside"));
    blackBox.choose(state.get("answers") ?? "scores");
    if (state.has("epsilon")) slider.input.value = String(Number(state.get("epsilon")) || 0);
    const label = /^[0-9]$/.test(state.get("label") ?? "") ? Number(state.get("label")) : null;
    const generated = props.generates ? generate.open(state.get("generate")) : null;
    showMode(pixels ? "draw" : generated ? "generate" : "pick");
    if (pixels) {
      if (onPad !== text) pad.show(pixels);
      return ask({ pixels: base64(pixels), label });
    }
    if (generated) return ask({ generated, label });
    const index = Number(state.get("index") ?? props.value.index ?? 0);
    await ask({ index: Number.isInteger(index) ? index : 0, label });
    if (text !== null) showError({ key: "share.drawing_damaged" });
  }

  slider.input.value = props.start;
  receive(props.value);
  onOpen(open);
  offerPicture(() => drawPicture(root, choices.title(choices.sides()[0])));
}

/** The box for the true label. @param {Element} root @param {(label: number | null) => void} onChange */
function makeLabel(root, onChange) {
  const box = /** @type {HTMLSelectElement} */ (root.querySelector('[data-testid="true-label"]'));
  const origin = /** @type {Element} */ (root.querySelector(".truth-source"));
  box.append(make("option", { value: "" }), ...DIGITS.map((digit) => make("option", { value: digit }, digit)));
  box.addEventListener("change", () => onChange(box.value === "" ? null : Number(box.value)));

  /** @param {number} label @param {"mnist" | "prediction" | "chosen"} source */
  return function show(label, source) {
    const byHand = source === "chosen";
    box.value = byHand ? String(label) : "";
    say(box.options[0], byHand ? "explore.automatic" : "explore.automatic_label", { label });
    say(origin, `explore.label_${source}`);
  };
}
