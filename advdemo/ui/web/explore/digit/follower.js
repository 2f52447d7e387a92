// What the network makes of a stroke while it is drawn: one request at a time, each with the newest pixels, and none
// waits for another. Of a slow attack only what the network reads, for the attack runs when the stroke has ended.

import { base64 } from "../../shared/pixels.js";
import { ask, isTrouble } from "../../shared/server.js";

const PAUSE = 150; // milliseconds from one request to the next: a page may ask ten a second

/**
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} choices
 * @param {(value: any) => void} onReading what the server answered
 */
export function makeFollower(choices, onReading) {
  /** @type {AbortController | null} of the requests under way */
  let asking = null;
  /** @type {Uint8Array | null} the newest, if they are newer than those under way */
  let newest = null;

  async function run() {
    const mine = new AbortController();
    asking = mine;
    while (newest && !mine.signal.aborted) {
      const pause = new Promise((resolve) => setTimeout(resolve, PAUSE));
      const pixels = base64(newest);
      newest = null;
      await read(pixels, mine.signal);
      await pause;
    }
    if (asking === mine) asking = null;
  }

  /** @param {string} pixels @param {AbortSignal} signal */
  async function read(pixels, signal) {
    const { sides } = choices.request(false);
    const reading = choices.slow() ? [{ network: sides[0].network, attack: "noise" }] : sides;
    try {
      onReading(await ask("scan", { pixels, label: null, sides: reading }, { signal }));
    } catch (error) {
      if (!signal.aborted && !isTrouble(error)) throw error; // the finished stroke will tell
    }
  }

  return {
    /** The digit has changed. @param {Uint8Array} pixels */
    follow(pixels) {
      newest = pixels;
      if (!asking && !choices.live()) run();
    },
    /** An answer under way is wanted no more. */
    stop() {
      asking?.abort();
      asking = newest = null;
    },
  };
}
