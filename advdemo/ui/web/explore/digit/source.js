// Where a digit comes from: the board, the pad, the generator or a photograph; and its true label.

import { make, picker, press } from "../../shared/dom.js";
import { DIGITS } from "../../shared/numbers.js";
import { base64 } from "../../shared/pixels.js";
import { say } from "../../shared/words.js";
import { makePhoto } from "../photo/photo.js";
import { makeBoard } from "./board.js";
import { makeFollower } from "./follower.js";
import { makeGenerate } from "./generate.js";
import { makePad } from "./pad.js";

/**
 * @param {HTMLElement} root
 * @param {any} props of the component
 * @param {object} page
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} page.choices
 * @param {ReturnType<typeof import("../asking.js").makeAsking>} page.asking
 * @param {ReturnType<typeof import("../local.js").makeLocal>} page.local
 * @param {() => boolean} page.isWhole the whole board is shown
 * @param {(value: any) => void} page.onPreview
 * @param {(value: any) => void} page.onStroke the scan of a stroke that is not at its end
 * @param {(value: any) => void} page.onGlimpse what PGD does at the slider's place
 * @param {(image: Uint8Array, probabilities: Float32Array) => void} page.onReading its prediction alone
 * @param {(error: any) => void} page.showError
 */
export function makeSource(root, props, page) {
  const { choices, asking, local, isWhole, onPreview, onStroke, onGlimpse, onReading, showError } = page;
  const pick = picker(root);
  let onPad = ""; // what the pad shows, as a link holds it, once that is known
  const board = makeBoard(root, props.board, isWhole, (index) => asking.ask({ index, label: null }));
  const follower = makeFollower(choices, local, { onPreview, onScan: onStroke, onGlimpse, onReading });
  const pad = makePad(root, {
    onStroke(image) {
      asking.stop(); // what is under way is about the strokes before
      root.classList.remove("stale");
      follower.follow(image);
    },
    onChange(form) {
      follower.stop();
      onPad = "";
      if (form && "pixels" in form) return asking.ask({ pixels: base64(form.pixels), label: null });
      asking.stop();
      root.classList.remove("reading", "glimpsed");
      root.classList.add("stale");
      if (form) showError({ key: form.key, values: {} });
    },
  });
  const generate = makeGenerate(root, props.edge, {
    choices,
    onOrder: (generated) => asking.ask({ generated, label: null }),
    showError,
  });
  const photo = makePhoto(root, {
    isShown: () => root.dataset.mode === "photo",
    onArrive: () => showMode("photo"),
    onDigit: (pixels) => asking.ask({ pixels: base64(pixels), label: null }),
  });
  const showLabel = makeLabel(root, (label) => asking.ask({ ...asking.digit, label }));
  const random = () => asking.ask({ index: board.random(), label: null });
  pick('[data-testid="random"]').addEventListener("click", random);

  pick('[data-show="generate"]').hidden = !props.generates;
  const modes = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-show]"));
  /** @param {string | undefined} mode "pick", "draw", "generate" or "photo" */
  function showMode(mode) {
    root.dataset.mode = mode;
    press(modes, ({ dataset }) => dataset.show === mode);
  }
  for (const button of modes) {
    button.addEventListener("click", () => {
      const { show } = button.dataset;
      if (show === root.dataset.mode) return;
      showMode(show);
      if (show === "draw") pad.resend();
      if (show === "generate") generate.resend();
      if (show === "photo") photo.resend();
    });
  }

  return {
    find: board.find,
    proved: board.proved,
    drawBoard: board.draw,
    /** A digit that has not been seen, where there are more; whether there are. */
    another() {
      if (root.dataset.mode === "draw") return false;
      if (root.dataset.mode === "photo") return photo.next();
      if (root.dataset.mode === "pick") random();
      else pick('[data-testid="another"]').click();
      return true;
    },
    /** @param {{index: number | null, label: number, label_source: any}} digit that is on screen */
    show({ index, label, label_source }) {
      board.mark(index ?? null);
      showLabel(label, label_source);
    },
    /**
     * Show what a link says; nothing is asked as yet.
     * @param {{text: string | null, pixels: Uint8Array | null, order: string | null}} link
     * @returns {import("./latents.js").Order | null} the digit to generate
     */
    open({ text, pixels, order }) {
      const generated = props.generates ? generate.open(order, pixels) : null;
      showMode(generated ? "generate" : pixels ? "draw" : "pick");
      if (text && pixels && !generated && onPad !== text) pad.show(pixels);
      return generated;
    },
    /** What the pad shows is known, where that is the digit on screen. @param {string} text as a link holds it */
    name(text) {
      if (root.dataset.mode === "draw") onPad = text;
    },
    showLabel,
  };
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
