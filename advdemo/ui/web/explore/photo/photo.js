// Digits from a photograph, a scan or a screenshot: the server finds them, and each can be attacked. They stay here for
// this visit, until the next picture.

import { picker } from "../../shared/dom.js";
import { base64 } from "../../shared/pixels.js";
import { askPatiently } from "../../shared/server.js";
import { makeTurns } from "../../shared/turns.js";
import { say, sayError } from "../../shared/words.js";
import { makeArrivals } from "./arrivals.js";
import { prepare } from "./file.js";
import { makeOutlines } from "./outlines.js";

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => boolean} page.isShown
 * @param {() => void} page.onArrive a picture has come
 * @param {(pixels: Uint8Array) => void} page.onDigit 784 greys of a digit to attack
 */
export function makePhoto(root, { isShown, onArrive, onDigit }) {
  const pick = picker(/** @type {HTMLElement} */ (root.querySelector(".photo")));
  const status = pick(".photo-status");
  const turns = makeTurns();
  /** @type {import("./outlines.js").Found[]} */
  let digits = [];
  /** @type {number | null} */
  let chosen = null;

  const outlines = makeOutlines(pick, take);
  makeArrivals(root, pick, (file) => {
    onArrive();
    look(file);
  });

  /** @param {number} number */
  function take(number) {
    chosen = number;
    outlines.mark(number);
    onDigit(digits[number].pixels);
  }

  /** Attack the digit that was chosen, if any. */
  function resend() {
    if (chosen !== null) take(chosen);
  }

  /** @param {File} file */
  function look(file) {
    [digits, chosen] = [[], null];
    outlines.clear();
    tell({ key: "photo.looking" }, false);
    turns.take(
      async (signal) => {
        const sent = await prepare(file);
        const content = base64(new Uint8Array(await sent.arrayBuffer()));
        if (signal.aborted) return;
        outlines.show(sent);
        receive(await askPatiently("photo", { file: content }, { signal, onTrouble: wait }));
      },
      (trouble) => tell(trouble, true),
    );
  }

  /** @param {import("./outlines.js").Reply} reply */
  function receive(reply) {
    digits = reply.digits;
    outlines.offer(reply);
    outlines.mark(null);
    const count = digits.length;
    const found = count === 1 ? { key: "photo.found_one" } : { key: "photo.found", values: { count } };
    tell(reply.cut ? { key: "photo.cut", values: { found } } : found, false);
    if (count === 1) chosen = 0;
    if (isShown()) resend();
  }

  /** The server is asked again. @param {import("../../shared/server.js").Trouble} trouble */
  function wait({ key, values = {} }) {
    const lost = /** @type {import("../../shared/words.js").Phrase} */ (values.trouble).key === "errors.offline";
    tell({ key, values: lost ? { ...values, trouble: { key: "photo.offline" } } : values }, true);
  }

  /** @param {import("../../shared/words.js").Phrase} phrase @param {boolean} failed */
  function tell(phrase, failed) {
    status.classList.toggle("failed", failed);
    sayError(status, phrase);
  }

  say(status, "photo.hint");
  return {
    resend,
    /** Take the next digit of the picture; whether there is one. */
    next() {
      const next = chosen === null ? 0 : chosen + 1;
      if (next >= digits.length) return false;
      take(next);
      return true;
    },
  };
}
