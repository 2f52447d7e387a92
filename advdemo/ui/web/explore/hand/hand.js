// "Paint it yourself": the visitor paints the perturbation, against the gradient. The painting is an attack like any
// other, whose signs come from a hand; so pictures, curve and words follow it as they follow FGSM.

import { direct, pixelsOf } from "../../lenet/scan.js";
import { choose, make, picker } from "../../shared/dom.js";
import { networkTitle } from "../../shared/networks.js";
import { makeTurns } from "../../shared/turns.js";
import { say, sayBoth } from "../../shared/words.js";
import { makeCanvas } from "./canvas.js";
import { makeContest } from "./contest.js";
import { blank, read, write } from "./painting.js";
import { makeTools } from "./tools.js";

const START = 0.3; // epsilon, where it was 0 and no stroke would show

/** @typedef {import("./painting.js").Painting} Painting */
/** @typedef {ReturnType<typeof import("../choices.js").makeChoices>} Choices */
/** @typedef {import("../../lenet/network.js").Network} Network */

/**
 * The choices on screen, with the painting in place of the attack while there is one.
 * @param {Choices} choices
 * @param {() => Network | null} network that is painted on
 * @returns {Choices}
 */
export const withPainting = (choices, network) => ({
  ...choices,
  sides: () => (network() ? [{ model: choices.model.value, attack: "hand", target: null }] : choices.sides()),
  slow: () => !network() && choices.slow(),
  // Of a painting the server knows nothing: it tells of the digit alone.
  request(withWeights) {
    if (!network()) return choices.request(withWeights);
    const { network: name, ...weights } = choices.network(withWeights);
    return { sides: [{ network: name, attack: "fgsm", target: null }], ...weights };
  },
});

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {Choices} page.choices
 * @param {ReturnType<typeof import("../../lenet/lenets.js").makeLenets>} page.lenets
 * @param {ReturnType<typeof import("../asking.js").makeAsking>} page.asking
 * @param {ReturnType<typeof import("../local.js").makeLocal>} page.local
 * @param {ReturnType<typeof import("../result/slider.js").makeSlider>} page.slider
 * @param {(value: any) => void} page.onPreview
 * @param {(value: any) => void} page.onScan the scan of another painting on the same digit
 * @param {() => void} page.note the address is to hold it
 * @param {(error: any) => void} page.showError
 */
export function makeHand(root, { choices, lenets, asking, local, slider, onPreview, onScan, note, showError }) {
  const pick = picker(root);
  const picture = pick('[data-testid="image-perturbation"]');
  const name = make("span");
  const button = make(
    "button",
    { type: "button", className: "plain hand-open", dataset: { testid: "hand" } },
    make("i", { ariaHidden: "true" }, "✎"),
    name,
  );
  picture.parentElement.querySelector("figcaption").append(button);
  const offer = pick(".hand-offer");
  const turns = makeTurns();

  let on = false;
  let painting = blank();
  let settled = painting; // without the stroke under way
  /** @type {Painting[]} those before, the newest last */
  let past = [];
  let link = ""; // the painting, as a link holds it
  /** @type {any} the digit on screen, as it was scanned */
  let digit = null;
  /** @type {Int8Array | null} its signs */
  let gradient = null;

  const contest = makeContest(root);
  const tools = makeTools(root, { onHint: draw, undo, clear });
  const canvas = makeCanvas(picture, {
    pen: tools.pen,
    painting: () => settled,
    onPaint(painted) {
      painting = painted;
      follow();
    },
    onEnd: settle,
    onDrop() {
      painting = settled;
      follow();
    },
    onKey: tools.key,
    undo,
    clear,
  });

  /** The network, while it is painted on. */
  const network = () => (on && !choices.live() ? lenets.known(choices.model.value) : null);

  /** The painting has changed. */
  function follow() {
    draw();
    if (!network()) return;
    contest.wait();
    if (root.classList.contains("waiting")) return asking.ask(asking.digit);
    const { image, label, label_source, index, realness } = digit;
    const work = local.about({ image, label, label_source, index, realness });
    if (!work) return;
    onPreview(work.preview());
    turns.take(async (signal) => onScan(await work.whole(signal)), showError);
  }

  /** A stroke is finished. */
  async function settle() {
    if (painting.join() !== settled.join()) past.push(settled);
    settled = painting;
    draw();
    const text = await write(settled);
    if (settled !== painting) return;
    link = text;
    note();
  }

  function undo() {
    const last = past.pop();
    if (!last) return;
    painting = settled = last;
    follow();
    settle();
  }

  function clear() {
    painting = blank();
    follow();
    settle();
  }

  function draw() {
    tools.offer(past.length > 0, painting.some(Boolean));
    if (digit) canvas.show(painting, digit.image, tools.hinted() ? gradient : null);
  }

  /** Another digit, network or painting has been scanned. @param {any} value */
  function receive(value) {
    digit = value;
    const lenet = network();
    if (!lenet) return contest.wait();
    const { image, label, sides } = value;
    gradient = direct(lenet, pixelsOf(image), { attack: "fgsm", label, target: null }).sign;
    draw();
    contest.judge(lenet, { image, label }, gradient, sides[0]);
  }

  /** Begin, or say why that cannot be. Whether one can paint. Throws a Trouble when the weights do not come. */
  async function enter() {
    on = true;
    root.dataset.hand = "";
    sayBoth(button, name, "hand.close");
    const { value } = choices.model;
    try {
      const able = await lenets.load(value);
      if (!on || value !== choices.model.value) return false;
      root.dataset.hand = able ? "" : "unable";
      if (!able) await offerAnother(value);
      return able !== null;
    } catch (error) {
      leave();
      throw error;
    }
  }

  function leave() {
    on = false;
    turns.end();
    contest.wait();
    delete root.dataset.hand;
    sayBoth(button, name, "hand.open");
  }

  /** @param {string} model that cannot be painted on */
  async function offerAnother(model) {
    say(pick(".hand-unable"), "hand.unable", { network: networkTitle(model) });
    offer.hidden = true;
    for (const { value } of choices.model.options) {
      if (!(await lenets.load(value))) continue;
      offer.hidden = false;
      offer.value = value;
      return say(offer, "hand.other", { network: networkTitle(value) });
    }
  }

  /** @param {boolean} fromHere the visitor is at the picture */
  async function begin(fromHere) {
    try {
      if (!(await enter())) return;
    } catch (error) {
      return showError(error);
    }
    if (Number(slider.input.value) === 0) slider.jump(START);
    follow();
    settle();
    if (fromHere) canvas.focus();
  }

  button.addEventListener("click", () => {
    if (!on) return begin(true);
    leave();
    asking.ask(asking.digit);
  });
  choices.model.addEventListener("change", () => on && begin(false));
  offer.addEventListener("click", () => {
    choose(choices.model, offer.value);
    choices.model.dispatchEvent(new Event("change"));
    canvas.focus();
  });
  sayBoth(button, name, "hand.open");

  return {
    network,
    receive,
    stop: turns.end,
    painting: () => painting,
    isOn: () => on,
    /** As a link holds it; "" where nobody paints. */
    link: () => (on ? link : ""),
    /** Throws a Trouble, as `enter` does. @param {string | null} text of a link; null: it has no painting */
    async open(text) {
      const painted = text && (await read(text));
      painting = settled = painted || blank();
      past = [];
      link = painted ? text : "";
      if (text === null || choices.live()) leave();
      else await enter();
    },
  };
}
