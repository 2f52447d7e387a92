// The Explore tab. Each digit has one scan, computed here (local.js) or by the server: the image, the sign of the
// gradient (or 101 images, where the perturbation is no multiple of epsilon) and 101 x 10 probabilities. Moving the
// slider then only looks things up in it: no request, no arithmetic beyond 784 additions.

import { makeLenets } from "../lenet/lenets.js";
import { makeCode } from "../shared/code.js";
import { picker } from "../shared/dom.js";
import { ownForger } from "../shared/forger.js";
import { offerPicture } from "../shared/sharing.js";
import { fillWords, sayError } from "../shared/words.js";
import { makeAddress } from "./address.js";
import { makeAsking } from "./asking.js";
import { makeBinary } from "./attacks/binary.js";
import { makeBlackBox } from "./attacks/blackbox.js";
import { makeChoices } from "./choices.js";
import { makeSource } from "./digit/source.js";
import { makeHand, withPainting } from "./hand/hand.js";
import { makeInside } from "./inside/inside.js";
import { makeLocal } from "./local.js";
import { makeMore } from "./more.js";
import { makeGuess } from "./result/guess.js";
import { makeNarrow } from "./result/narrow.js";
import { drawPicture } from "./result/picture.js";
import { makeResult } from "./result/result.js";
import { makeSlider } from "./result/slider.js";
import { makeStory } from "./story/story.js";

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".explore"));
  const pick = picker(root);
  fillWords(root);

  /** @type {import("./choices.js").Attack[]} */
  const attacks = JSON.parse(props.attacks);
  const scannable = attacks.filter((attack) => attack.scannable);
  const more = makeMore(root, (part) => (part === "board" ? source.drawBoard() : choices.offerAttacks()));
  const boxes = makeChoices(
    root,
    props.networks,
    scannable,
    () => more.isOpen("setup"),
    () => asking.ask(asking.digit),
  );
  const choices = withPainting(boxes, () => hand.network());
  const slider = makeSlider(root, tick, rest, () => result.scans()[0].flip);
  const epsilon = () => Number(slider.input.value);
  const guess = makeGuess(root, {
    epsilon,
    side: () => (choices.live() || hand.isOn() ? null : choices.sides()[0]),
    show() {
      result.show();
      narrow.show();
    },
    another: () => source.another() || result.show(),
  });
  const lenets = makeLenets(props.weights);
  const result = makeResult(root, slider, choices, guess);
  const local = makeLocal({
    lenets,
    choices,
    find: (index) => source.find(index),
    step: slider.step,
    painting: () => hand.painting(),
  });
  const inside = makeInside(root, {
    scans: result.scans,
    choices,
    lenets,
    step: slider.step,
    onToggle: () => address.note(),
  });
  const asking = makeAsking(root, choices, local, {
    first: { index: props.value.index },
    step: slider.step,
    onAsk() {
      blackBox.close();
      hand.stop();
    },
    onPreview: preview,
    onGlimpse: glimpse,
    onScan: receive,
    onNone() {
      result.show();
      source.show(received);
    },
    proved: (index, models) => source.proved(index, models),
    hidesProof: () => story.hidesProof(),
    onProof(sides) {
      proofs = sides;
      result.prove(sides);
      narrow.receive();
      story.tick();
    },
    onNoProof: result.sayNoProof,
    showError,
  });
  const narrow = makeNarrow(root, { request: asking.request, choices, result });
  const hand = makeHand(root, {
    choices: boxes,
    lenets,
    asking,
    local,
    slider,
    onPreview: preview,
    onScan: receivePainted,
    note: () => address.note(),
    showError,
  });
  const blackBox = makeBlackBox(root, { request: asking.request, epsilon, showError });
  const binary = makeBinary(root, { request: asking.request, choices, showError });
  const source = makeSource(root, props, {
    choices,
    asking,
    local,
    isWhole: () => more.isOpen("board"),
    onPreview: preview,
    onGlimpse: glimpse,
    onStroke,
    onReading,
    showError,
  });
  const story = makeStory(root, {
    now: () => ({
      epsilon: epsilon(),
      step: slider.step(),
      scan: result.scans()[0],
      side: choices.chosen(),
      drawn: asking.digit.pixels !== undefined && root.dataset.mode === "draw",
    }),
    open: (query) => address.open(query),
    onStep: () => asking.proveOwed(),
  });
  const address = makeAddress({ asking, choices, source, slider, inside, blackBox, hand, story, more, showError });

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
        index: asking.digit.index ?? null,
        image: scans[0].image,
        order: asking.digit.generated ?? null,
        painting: hand.network() && hand.painting(),
        ownForger: ownForger() !== null,
      },
      note,
    );
  });
  root.addEventListener("click", ({ target }) => {
    if (/** @type {Element} */ (target).closest("[data-answers]")) code.update();
  });

  /** @param {any} value a whole scan */
  function receive(value) {
    root.classList.remove("waiting", "stale", "reading", "glimpsed");
    const target = choices.settle(value);
    received = value;
    proofs = null;
    showError(target ? { key: "explore.taken", values: { target } } : null);
    show(value);
    inside.receive();
    code.tick(epsilon());
    code.update();
    source.show(value);
    asking.prove();
    askBox();
    address.receive(value.image);
    story.tick();
  }

  /** @param {any} value the scan of another painting on the same digit, of which the same is proved */
  function receivePainted(value) {
    result.receive(value);
    hand.receive(value);
    inside.receive();
    if (proofs) result.prove(proofs);
    narrow.receive();
    code.update();
    story.tick();
  }

  /** @param {any} value of `local.js` @param {"previewed" | "glimpsed"} kind of it: whether the curve comes at once */
  function preview(value, kind = "previewed") {
    if (guess.asks()) return;
    result.preview(value);
    source.show(value);
    root.classList.add(kind);
  }

  /** @param {any} value */
  function glimpse(value) {
    preview(value, "glimpsed");
  }

  /** @param {any} value the scan of a stroke that is not at its end */
  function onStroke(value) {
    show(value);
    source.show(value);
  }

  /** @param {Uint8Array} image of such a stroke @param {Float32Array} probabilities */
  function onReading(image, probabilities) {
    root.classList.add("reading");
    result.read(image, probabilities);
  }

  /** @param {any} value a whole scan */
  function show(value) {
    const { image } = result.receive(value);
    narrow.receive();
    hand.receive({ ...value, image });
    binary.receive(image);
    binary.tick(slider.step());
  }

  function tick() {
    result.tick();
    asking.tick();
    inside.tick();
    guess.tick();
    code.tick(epsilon());
    binary.tick(slider.step());
    story.tick();
  }

  function rest() {
    address.note();
    if (choices.live()) blackBox.start();
  }

  /** The black box is asked about another digit, network, target or budget. */
  function askBox() {
    root.toggleAttribute("data-live", choices.live());
    if (choices.live()) blackBox.start();
    else blackBox.close();
  }

  /** @param {import("../shared/words.js").ServerError | null} error */
  function showError(error) {
    const box = pick(".error");
    box.hidden = !error;
    if (error) sayError(box, error);
  }

  /** @type {{proved: number | null}[] | null} of the digit on screen, once known */
  let proofs = null;
  let received = props.value;
  receive(props.value);
  address.listen();
  local.fetchAll(props.networks);
  offerPicture(() => drawPicture(root, choices.title(choices.sides()[0])));
}
