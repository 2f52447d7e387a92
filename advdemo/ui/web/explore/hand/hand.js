// "Paint it yourself": the visitor paints the perturbation, against the gradient. The painting is an attack like any
// other, whose signs come from a hand; so pictures, curve and words follow as they follow FGSM.

import { direct, pixelsOf } from "../../lenet/scan.js";
import { choose, make, picker, press } from "../../shared/dom.js";
import { networkTitle } from "../../shared/networks.js";
import { makeTurns } from "../../shared/turns.js";
import { say } from "../../shared/words.js";
import { makeCanvas } from "./canvas.js";
import { makeContest } from "./contest.js";
import { blank, read, write } from "./painting.js";

const START = 0.3; // epsilon, where it was 0 and no stroke would show
const KEYS = { "+": 1, "=": 1, "-": -1, _: -1, e: 0, E: 0 }; // of the pens; + and - with Shift or without

/** @typedef {import("./painting.js").Painting} Painting */
/** @typedef {ReturnType<typeof import("../choices.js").makeChoices>} Choices */
/** @typedef {import("../local.js").Known} Known */

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {Choices} page.choices
 * @param {ReturnType<typeof import("../../lenet/lenets.js").makeLenets>} page.lenets
 * @param {ReturnType<typeof import("../result/slider.js").makeSlider>} page.slider
 * @param {(known: Known) => import("../local.js").Work | null} page.about
 * @param {() => void} page.again ask about the digit on screen
 * @param {(value: any) => void} page.onPreview
 * @param {(value: any) => void} page.onScan the scan of another painting on the same digit
 * @param {() => void} page.note the address is to hold it
 * @param {(error: any) => void} page.showError
 */
export function makeHand(root, page) {
  const { choices, lenets, slider } = page;
  const pick = picker(root);
  const figure = pick('[data-testid="image-perturbation"]').closest("figure");
  const button = make("button", { type: "button", className: "plain hand-open", dataset: { testid: "hand" } });
  say(button, "hand.open");
  figure.append(button);
  const [pens, widths] = ["sign", "width"].map((name) => root.querySelectorAll(`.hand [data-${name}]`));
  const hint = pick('[data-testid="hand-hint"]');
  const undo = pick('[data-testid="hand-undo"]');
  const clear = pick('[data-testid="hand-clear"]');
  const offer = pick(".hand-offer");
  const contest = makeContest(root);
  const turns = makeTurns();

  let on = false;
  let pen = { sign: 1, width: 2 };
  let painting = blank();
  /** @type {Painting[]} those before, the newest last */
  let past = [];
  let before = painting; // the stroke under way
  let link = ""; // the painting, as a link holds it
  /** @type {any} the digit on screen, with what was found about it */
  let shown = null;
  /** @type {Int8Array | null} the gradient's signs */
  let gradient = null;

  const canvas = makeCanvas(figure, {
    pen: () => pen,
    painting: () => painting,
    onPaint(painted) {
      painting = painted;
      follow();
    },
    onEnd: settle,
    onDrop() {
      painting = before;
      follow();
    },
    undo: takeBack,
    clear: wipe,
  });
  say(canvas.canvas, "hand.pad", {}, "aria-label");
  canvas.canvas.setAttribute("aria-describedby", "hand-keys");

  /** The network, where it can be painted on. */
  const network = () => (on && !choices.live() ? lenets.known(choices.model.value) : null);

  /** What is attacked, and how: by the painting, while it is on screen. @type {Choices["sides"]} */
  const sides = () => (network() ? [{ model: choices.model.value, attack: "hand", target: null }] : choices.sides());

  /** The painting has changed. */
  function follow() {
    draw();
    if (!network()) return;
    if (!shown || root.classList.contains("waiting")) return page.again();
    const { image, label, label_source, index, realness } = shown;
    const work = page.about({ image, label, label_source, index, realness });
    if (!work) return;
    page.onPreview(work.preview());
    turns.take(async (signal) => page.onScan(await work.whole(signal)), page.showError);
  }

  /** A stroke has come to its end. */
  async function settle() {
    if (painting.join() !== before.join()) past.push(before);
    before = painting;
    draw();
    const settled = painting;
    const text = await write(settled);
    if (settled !== painting) return;
    link = text;
    page.note();
  }

  /** @param {Painting} other */
  function replace(other) {
    painting = other;
    follow();
    settle();
  }
  function takeBack() {
    const last = past.pop();
    if (!last) return;
    before = last;
    replace(last);
  }
  function wipe() {
    replace(blank());
  }

  function draw() {
    press(pens, ({ dataset }) => Number(dataset.sign) === pen.sign);
    press(widths, ({ dataset }) => Number(dataset.width) === pen.width);
    undo.disabled = past.length === 0;
    clear.disabled = !painting.some(Boolean);
    const hinted = hint.getAttribute("aria-pressed") === "true";
    if (shown) canvas.show(painting, shown.image, hinted ? gradient : null);
  }

  /** Another digit, network or painting has been scanned, or is about to be. @param {any} value */
  function receive(value) {
    shown = value;
    const lenet = network();
    if (!lenet) return contest.end();
    const { image, label } = value;
    gradient = direct(lenet, pixelsOf(image), { attack: "fgsm", label, target: null }).sign;
    draw();
    if (value.sides[0].probabilities) contest.judge(lenet, value, gradient, value.sides[0]);
  }

  /** Begin, or say why that is not to be; whether the network can be painted on. */
  async function prepare() {
    on = true;
    root.dataset.hand = "";
    button.setAttribute("aria-pressed", "true");
    const { value } = choices.model;
    const able = await lenets.load(value);
    if (!on || value !== choices.model.value) return false;
    root.dataset.hand = able ? "" : "unable";
    if (!able) {
      const other = await another();
      say(pick(".hand-unable"), "hand.unable", { network: networkTitle(value) });
      offer.hidden = !other;
      offer.dataset.network = other ?? "";
      if (other) say(offer, "hand.other", { network: networkTitle(other) });
    }
    return able !== null;
  }

  /** A network of which the weights are to be had. */
  async function another() {
    for (const { value } of choices.model.options) if (await lenets.load(value)) return value;
    return null;
  }

  function leave() {
    on = false;
    turns.end();
    contest.end();
    delete root.dataset.hand;
    button.setAttribute("aria-pressed", "false");
  }

  async function begin() {
    try {
      if (!(await prepare())) return;
    } catch (error) {
      leave();
      return page.showError(error);
    }
    if (Number(slider.input.value) === 0) slider.jump(START);
    follow();
    settle();
    canvas.canvas.focus();
  }

  button.addEventListener("click", begin);
  pick('[data-testid="hand-done"]').addEventListener("click", () => {
    leave();
    page.again();
    button.focus();
  });
  offer.addEventListener("click", () => {
    choose(choices.model, offer.dataset.network ?? null);
    choices.model.dispatchEvent(new Event("change"));
  });
  choices.model.addEventListener("change", () => on && prepare().then((able) => able && follow(), page.showError));
  hint.addEventListener("click", () => {
    hint.setAttribute("aria-pressed", String(hint.getAttribute("aria-pressed") !== "true"));
    draw();
  });
  undo.addEventListener("click", takeBack);
  clear.addEventListener("click", wipe);
  for (const [buttons, name] of /** @type {const} */ ([
    [pens, "sign"],
    [widths, "width"],
  ])) {
    for (const one of /** @type {NodeListOf<HTMLElement>} */ (buttons)) {
      one.addEventListener("click", () => take({ [name]: Number(one.dataset[name]) }));
    }
  }
  canvas.canvas.addEventListener("keydown", ({ key }) => {
    if (key in KEYS) take({ sign: KEYS[/** @type {keyof typeof KEYS} */ (key)] });
  });

  /** @param {Partial<typeof pen>} changed */
  function take(changed) {
    pen = { ...pen, ...changed };
    draw();
  }

  return {
    choices: { ...choices, sides },
    receive,
    stop: turns.end,
    painting: () => painting,
    isOn: () => on,
    /** As a link holds it; "" where nothing is painted on. */
    link: () => (on ? link : ""),
    /** @param {string | null} text of a link; null: it has no painting */
    async open(text) {
      if (text === null || choices.live()) return leave();
      const painted = await read(text);
      painting = painted ?? blank();
      before = painting;
      past = [];
      link = painted ? text : "";
      await prepare();
    },
  };
}
