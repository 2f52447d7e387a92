// The address holds what is on screen, so that it can be shared; a network of one's own it cannot hold.

import { decode, encode } from "../shared/drawing.js";
import { ownForger } from "../shared/forger.js";
import { onOpen, remember } from "../shared/link.js";
import { base64 } from "../shared/pixels.js";
import { write } from "./digit/latents.js";

/**
 * @param {object} page
 * @param {ReturnType<typeof import("./asking.js").makeAsking>} page.asking
 * @param {ReturnType<typeof import("./choices.js").makeChoices>} page.choices
 * @param {ReturnType<typeof import("./digit/source.js").makeSource>} page.source
 * @param {ReturnType<typeof import("./result/slider.js").makeSlider>} page.slider
 * @param {ReturnType<typeof import("./inside/inside.js").makeInside>} page.inside
 * @param {ReturnType<typeof import("./attacks/blackbox.js").makeBlackBox>} page.blackBox
 * @param {ReturnType<typeof import("./hand/hand.js").makeHand>} page.hand
 * @param {ReturnType<typeof import("./story/story.js").makeStory>} page.story
 * @param {ReturnType<typeof import("./more.js").makeMore>} page.more
 * @param {(error: any) => void} page.showError
 */
export function makeAddress({ asking, choices, source, slider, inside, blackBox, hand, story, more, showError }) {
  let linked = false; // the page was opened by a link to something, or without the story
  let drawn = ""; // the digit as a link holds it, where nothing else names it
  /** @type {{pixels: string, order: string} | null} drawn by a forger that no link can hold */
  let forged = null;

  function note() {
    const { model, attack, target, compare } = choices;
    const own = model.value === "yours" || compare.value === "yours";
    const { index, generated, label, pixels } = asking.digit;
    const state = {
      index,
      generate: generated ? write(generated) : pixels && pixels === forged?.pixels ? forged.order : "",
      drawing: drawn,
      label,
      model: model.value,
      attack: attack.value,
      target: target.value,
      compare: compare.value,
      epsilon: slider.input.value,
      answers: choices.live() ? blackBox.answers() : "",
      inside: inside.isOpen() ? 1 : "",
      painting: hand.link(),
    };
    remember(own ? {} : state);
  }

  /** There is another digit on screen. @param {Uint8Array} image */
  async function receive(image) {
    drawn = "";
    const { pixels, generated } = asking.digit;
    if (pixels || (generated && ownForger())) {
      const { signal } = asking.turns;
      const text = await encode(image);
      if (signal.aborted) return;
      drawn = text;
      if (pixels && pixels !== forged?.pixels) source.name(text);
    }
    note();
  }

  /** @param {string} query */
  async function open(query) {
    const state = new URLSearchParams(query);
    const tour = state.get("tour");
    if (tour === "off") {
      linked = true;
      story.close();
      more.openAll();
      if (state.size === 1) return note();
    } else if (tour !== null) return story.open(tour);
    linked = true;
    slider.stop();
    const signal = asking.begin();
    const text = state.get("drawing");
    const pixels = text === null ? null : await decode(text);
    if (signal.aborted) return;
    choices.open(state);
    const trouble = await hand.open(state.get("painting")).catch((error) => error);
    if (signal.aborted) return;
    inside.open(state.has("inside"));
    blackBox.choose(state.get("answers") ?? "scores");
    if (state.has("epsilon")) slider.input.value = String(Number(state.get("epsilon")) || 0);
    const label = /^[0-9]$/.test(state.get("label") ?? "") ? Number(state.get("label")) : null;
    const generated = source.open({ text, pixels, order: state.get("generate") });
    const index = Number(state.get("index") ?? asking.first.index ?? 0);
    /** @type {import("./asking.js").Digit} */
    let digit = { index: Number.isInteger(index) ? index : 0, label };
    if (pixels) {
      digit = { pixels: base64(pixels), label: label ?? generated?.digit ?? null };
      forged = generated && { pixels: base64(pixels), order: write(generated) };
    } else if (generated) digit = { generated, label };
    await asking.ask(digit);
    if (trouble) showError(trouble);
    else if (text !== null && "index" in digit) showError({ key: "share.drawing_damaged" });
  }

  return {
    note,
    receive,
    open,
    /** Open what the page's address says, and the story where it says nothing. */
    listen() {
      const off = new URLSearchParams(location.hash.slice(1)).get("tour") === "off"; // in a link to any tab
      onOpen(open);
      if (!off) story.begin(linked);
    },
  };
}
