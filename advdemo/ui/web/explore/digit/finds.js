// "Find one that fools": the server searches the generator's digits for one that the network misreads, and the way
// there is played as a film. Whether the find still is what was asked for only an eye can say: the page asks, and keeps
// the tally of this visit beside another network's.

import { picker } from "../../shared/dom.js";
import { forgerRequest } from "../../shared/forger.js";
import { askAbout, networkTitle } from "../../shared/networks.js";
import { percent } from "../../shared/numbers.js";
import { makeTurns } from "../../shared/turns.js";
import { say } from "../../shared/words.js";

const FILM = 2000; // milliseconds, at most
const FRAME = 90; // milliseconds, at most

/**
 * @param {HTMLElement} box what is found
 * @param {HTMLButtonElement} button
 * @param {object} page
 * @param {() => import("./latents.js").Order} page.order where to begin
 * @param {(withWeights: boolean) => object} page.request the network to fool
 * @param {(frame: Uint8Array) => void} page.paint
 * @param {(order: import("./latents.js").Order) => void} page.use show and attack a find
 * @param {(error: any) => void} page.showError
 */
export function makeFinds(box, button, page) {
  const pick = picker(box);
  const tally = { asked: 0, eye: 0, judged: 0, machine: 0 };
  const turns = makeTurns();
  /** @type {import("./latents.js").Order | null} what was found */
  let found = null;

  button.addEventListener("click", search);
  for (const answer of box.querySelectorAll("[data-answer]")) {
    answer.addEventListener("click", () => {
      tally.asked += 1;
      tally.eye += Number(/** @type {HTMLElement} */ (answer).dataset.answer === "yes");
      pick(".question").hidden = true;
      drawTally();
    });
  }

  async function search() {
    const order = page.order();
    button.disabled = true;
    /** @param {boolean} withWeights */
    const request = (withWeights) => ({
      generated: order,
      ...page.request(withWeights),
      ...forgerRequest(withWeights),
    });
    const current = await turns.take(async (signal) => {
      const answer = await askAbout("fool", request, { signal, onTrouble: page.showError });
      page.showError(null);
      box.hidden = false;
      pick(".question").hidden = true;
      await play(answer, order.digit, signal);
      if (!signal.aborted) tell(answer, order);
    }, page.showError);
    if (current) button.disabled = false;
  }

  /**
   * @param {any} answer
   * @param {import("./latents.js").Order} order where the search began
   */
  function tell({ fooled, centre, label, second, judge }, { digit, seed }) {
    if (!fooled) return say(pick(".finding"), "generate.not_found", { digit });
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
      turns.end();
      button.disabled = false;
      box.hidden = true;
    },
  };
}
