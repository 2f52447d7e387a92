// What the server is asked of the digit on screen: its scan, and then how far it is proved, which takes longer.

import { forgerRequest } from "../shared/forger.js";
import { askAbout } from "../shared/networks.js";
import { attempt, makeTurns } from "../shared/turns.js";
import { say } from "../shared/words.js";

/** @typedef {import("./digit/latents.js").Order} Order */
/** @typedef {{index?: number, pixels?: string, generated?: Order, label?: number | null}} Digit */

/**
 * @param {HTMLElement} root
 * @param {ReturnType<typeof import("./choices.js").makeChoices>} choices
 * @param {object} page
 * @param {Digit} page.first the digit that came with the page
 * @param {() => void} page.onAsk another digit, network or attack is asked for
 * @param {(value: any) => void} page.onScan what the server answered
 * @param {(sides: {proved: number | null}[]) => void} page.onProof
 * @param {(error: import("../shared/words.js").ServerError | null) => void} page.showError
 */
export function makeAsking(root, choices, { first, onAsk, onScan, onProof, showError }) {
  const turns = makeTurns();
  const status = /** @type {Element} */ (root.querySelector(".working"));
  const asking = { first, digit: first, turns, request, ask, prove, stop };

  /** About what was asked for last. @param {boolean} withWeights */
  function request(withWeights) {
    const forger = asking.digit.generated ? forgerRequest(withWeights) : {};
    return { ...asking.digit, ...choices.request(withWeights), ...forger };
  }

  /** @param {Digit} digit */
  async function ask(digit) {
    asking.digit = digit;
    onAsk();
    root.classList.add("waiting");
    say(status, choices.slow() ? "explore.working_long" : "explore.working");
    await turns.take(
      async (signal) => onScan(await askAbout("scan", request, { signal, onTrouble: showError })),
      (trouble) => {
        root.classList.remove("waiting", "stale");
        showError(trouble);
      },
    );
  }

  /** Ask how far the digit on screen is proved. */
  async function prove() {
    await attempt(
      turns.signal,
      async (signal) => onProof((await askAbout("prove", request, { signal, onTrouble: showError })).sides),
      showError,
    );
  }

  /** A reply under way is about a digit that is gone. */
  function stop() {
    turns.end();
    root.classList.remove("waiting");
    showError(null);
  }
  return asking;
}
