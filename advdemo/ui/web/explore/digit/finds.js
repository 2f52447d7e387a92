// "Find one that fools": the server searches the generator's digits for one that the network misreads, and the way
// there is played as a film. Whether the find still is what was asked for only an eye can say: the page asks, and keeps
// the tally of this visit beside another network's.

import { forgerQuestion } from "../../shared/forger.js";
import { networkTitle } from "../../shared/networks.js";
import { percent } from "../../shared/numbers.js";
import { askPatiently, isTrouble, isUnknown } from "../../shared/server.js";
import { say } from "../../shared/words.js";

const FILM = 2000; // milliseconds, at most
const FRAME = 90; // milliseconds, at most

/**
 * @param {HTMLElement} box
 * @param {object} page
 * @param {() => import("./latents.js").Order} page.order where to begin
 * @param {(withWeights: boolean) => object} page.question the network to fool
 * @param {(frame: Uint8Array) => void} page.paint
 * @param {(order: import("./latents.js").Order) => void} page.use show and attack a find
 * @param {(error: any) => void} page.showError
 */
export function makeFinds(box, page) {
  /** @param {string} selector */
  const pick = (selector) => /** @type {HTMLElement} */ (box.querySelector(selector));
  const button = /** @type {HTMLButtonElement} */ (pick('[data-testid="find-fooling"]'));
  const tally = { asked: 0, eye: 0, judged: 0, machine: 0 };
  let searching = new AbortController();
  /** @type {import("./latents.js").Order | null} what was found */
  let found = null;

  button.addEventListener("click", () => search());
  for (const answer of box.querySelectorAll("[data-answer]")) {
    answer.addEventListener("click", () => {
      tally.asked += 1;
      tally.eye += Number(/** @type {HTMLElement} */ (answer).dataset.answer === "yes");
      pick(".question").hidden = true;
      drawTally();
    });
  }

  async function search(withWeights = false) {
    searching.abort();
    searching = new AbortController();
    const { signal } = searching;
    const { digit, seed, ...rest } = page.order();
    button.disabled = true;
    try {
      const question = {
        generated: { digit, seed, ...rest },
        ...page.question(withWeights),
        ...forgerQuestion(withWeights),
      };
      const answer = await askPatiently("fool", question, { signal, onTrouble: page.showError });
      page.showError(null);
      pick(".found").hidden = false;
      pick(".question").hidden = true;
      await play(answer, digit, signal);
      if (signal.aborted) return;
      const { fooled, centre, label, second, judge } = answer;
      if (!fooled) return void say(pick(".finding"), "generate.not_found", { digit });
      found = { digit, seed, place: [0, 0], centre };
      page.use(found);
      const values = { digit, label, second: second ?? "", judge: networkTitle(judge ?? "standard") };
      say(pick(".finding"), judge ? "generate.found_judged" : "generate.found", values);
      say(pick(".ask"), "generate.still", { digit });
      pick(".question").hidden = false;
      if (judge) {
        tally.judged += 1;
        tally.machine += Number(second === digit);
      }
      drawTally();
    } catch (error) {
      if (signal.aborted) return;
      if (!isTrouble(error)) throw error;
      if (isUnknown(error) && !withWeights) return search(true);
      page.showError(error);
    } finally {
      if (searching.signal === signal) button.disabled = false;
    }
  }

  /**
   * @param {{frames: Uint8Array, shares: Float32Array}} film
   * @param {number} digit
   * @param {AbortSignal} signal
   */
  async function play({ frames, shares }, digit, signal) {
    const count = frames.length / 784;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (let i = still ? count - 1 : 0; i < count; i++) {
      page.paint(frames.subarray(i * 784, i * 784 + 784));
      const [asked, other] = shares.subarray(2 * i, 2 * i + 2);
      say(pick(".finding"), "generate.searching", { digit, asked: percent(asked), other: percent(other) });
      await new Promise((resolve) => setTimeout(resolve, Math.min(FRAME, FILM / count)));
      if (signal.aborted) return;
    }
  }

  function drawTally() {
    const { asked, eye, judged, machine } = tally;
    say(pick(".tally"), asked ? "generate.tally" : "generate.tally_machine", { asked, eye, judged, machine });
  }

  return {
    /**
     * Another digit is on screen: the find and the search end, unless it is the find itself.
     * @param {object | null} order
     */
    close: (order) => {
      if (order && order === found) return;
      searching.abort();
      button.disabled = false;
      pick(".found").hidden = true;
    },
  };
}
