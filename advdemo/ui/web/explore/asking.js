// What is asked about the digit on screen: its scan, and then how far it is certified, which takes longer; of the page
// itself where that can compute it, and of the server else.

import { forgerRequest } from "../shared/forger.js";
import { askAbout } from "../shared/networks.js";
import { attempt, makeTurns } from "../shared/turns.js";
import { say } from "../shared/words.js";

const REST = 300; // milliseconds that a digit rests before the server is asked for its proof

/** @typedef {import("./digit/latents.js").Order} Order */
/** @typedef {{proved: number | null}} Proof of one side */
/** @typedef {{index?: number, pixels?: string, generated?: Order, label?: number | null}} Digit */

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./choices.js").makeChoices>} choices
 * @param {ReturnType<typeof import("./local.js").makeLocal>} local
 * @param {object} page
 * @param {Digit} page.first the digit that came with the page
 * @param {() => void} page.onAsk another digit, network or attack is asked for
 * @param {() => number} page.step where the slider stands
 * @param {(value: any) => void} page.onPreview what stands at the slider's place, while the scan is under way
 * @param {(value: any) => void} page.onGlimpse the same, of an attack whose scan the server makes
 * @param {(value: any) => void} page.onScan
 * @param {() => void} page.onNone there is no answer: what was on screen still is
 * @param {(index: number | undefined, models: string[]) => Promise<Proof[] | null>} page.proved what the page knows
 * @param {() => boolean} page.hidesProof what is not on screen is not asked for
 * @param {(sides: Proof[]) => void} page.onProof
 * @param {import("../shared/turns.js").OnTrouble} page.onNoProof
 * @param {(error: import("../shared/words.js").ServerError | null) => void} page.showError
 */
export function makeAsking(root, choices, local, page) {
  const { first, step, onAsk, onPreview, onGlimpse, onScan, onNone } = page;
  const { proved, hidesProof, onProof, onNoProof, showError } = page;
  const turns = makeTurns();
  const glimpses = makeTurns(); // of a digit about which the server is asked
  /** @type {number | null} the step of the last glimpse; none yet, or another is under way */
  let glimpsed = null;
  const status = /** @type {Element} */ (root.querySelector(".working"));
  let shown = first;
  let shownOn = choices.models().join();
  let owed = false; // a proof, as soon as there is a place for it
  const asking = { first, digit: first, turns, request, begin, ask, tick, prove, proveOwed, stop };

  /** About what was asked for last. @param {boolean} withWeights */
  function request(withWeights) {
    const forger = asking.digit.generated ? forgerRequest(withWeights) : {};
    return { ...asking.digit, ...choices.request(withWeights), ...forger };
  }

  /** End what is under way. @returns {AbortSignal} of what follows */
  function begin() {
    endGlimpses();
    return turns.begin();
  }

  /** @param {Digit} digit */
  async function ask(digit) {
    asking.digit = digit;
    owed = false;
    onAsk();
    root.classList.add("waiting");
    root.classList.remove("previewed", "reading", "glimpsed");
    endGlimpses();
    await turns.take(
      async (signal) => {
        onScan(await scan(digit, signal));
        shown = asking.digit;
        shownOn = choices.models().join();
      },
      (trouble) => {
        root.classList.remove("waiting", "stale", "reading", "glimpsed");
        endGlimpses();
        onNone();
        showError(trouble);
        asking.digit = shown; // it is still on screen
        if (shownOn === choices.models().join()) prove();
      },
    );
  }

  /** @param {Digit} digit @param {AbortSignal} signal */
  async function scan(digit, signal) {
    const work = local.begin(digit);
    if (work) {
      onPreview(work.preview());
      return work.whole(signal);
    }
    say(status, choices.slow() ? "explore.working_long" : "explore.working");
    glimpse();
    const value = await askAbout("scan", request, { signal, onTrouble: showError });
    endGlimpses();
    local.remember(digit, value);
    const painted = choices.sides()[0].attack === "hand" && local.begin(digit);
    return painted ? painted.whole(signal) : value;
  }

  /** Until the server has told all: what the page finds at the slider's place, where it can. */
  function glimpse() {
    glimpsed = null;
    attempt(
      glimpses.begin(),
      async (signal) => {
        let value = null;
        do {
          value = await local.glimpse(local.look(asking.digit), signal);
          if (value) onGlimpse(value);
        } while (value && value.at !== step());
        glimpsed = value?.at ?? null;
      },
      showError,
    );
  }

  function endGlimpses() {
    glimpsed = null;
    glimpses.end();
  }

  /** The slider has moved. */
  function tick() {
    if (glimpsed !== null && glimpsed !== step()) glimpse();
  }

  /** Tell how far the digit on screen is certified. */
  async function prove() {
    owed = hidesProof();
    if (owed) return;
    await attempt(
      turns.signal,
      async (signal) => {
        const { index, label } = asking.digit;
        let sides = label == null ? await proved(index, choices.models()) : null;
        sides ??= signal.aborted ? null : await local.certify(asking.digit, signal);
        if (!sides && !signal.aborted) {
          await new Promise((resolve) => setTimeout(resolve, REST));
          signal.throwIfAborted();
          ({ sides } = await askAbout("prove", request, { signal, onTrouble: onNoProof }));
        }
        if (sides && !signal.aborted) onProof(sides);
      },
      onNoProof,
    );
  }

  /** The place for the proof may be on screen by now. */
  function proveOwed() {
    if (owed) prove();
  }

  /** What is under way is about a digit that is gone. */
  function stop() {
    owed = false;
    turns.end();
    endGlimpses();
    root.classList.remove("waiting");
    showError(null);
  }
  return asking;
}
