// What the network makes of a stroke while it is drawn: at once where the page computes it, and else by requests, one
// at a time, each with the newest pixels. Of a slow attack only the prediction, and what the page can find of it at the
// slider's place: the whole of it runs when the stroke has ended.

import { base64 } from "../../shared/pixels.js";
import { ask, isTrouble } from "../../shared/server.js";

const PAUSE = 150; // milliseconds from one request to the next: a page may ask ten a second

/**
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} choices
 * @param {ReturnType<typeof import("../local.js").makeLocal>} local
 * @param {object} page
 * @param {(value: any) => void} page.onPreview what stands at the slider's place, while the scan is under way
 * @param {(value: any) => void} page.onScan
 * @param {(value: any) => void} page.onGlimpse the same, where the scan comes after the stroke
 * @param {(image: Uint8Array, probabilities: Float32Array) => void} page.onReading the prediction alone
 */
export function makeFollower(choices, local, { onPreview, onScan, onGlimpse, onReading }) {
  /** @type {AbortController | null} of the work under way */
  let working = null;
  /**
   * @typedef {object} Picture
   * @property {Uint8Array} image
   * @property {ReturnType<typeof local.about>} work
   * @property {boolean} read the page has read it
   */
  /** @type {Picture | null} the newest, until it is taken */
  let newest = null;
  let glimpsed = false; // in this stroke: readings would be ahead of what the pictures show

  async function run() {
    const mine = new AbortController();
    working = mine;
    try {
      while (newest) {
        const { image, work, read } = newest;
        newest = null;
        if (work) onScan(await work.whole(mine.signal));
        else if (read) await glimpse(image, mine.signal);
        else await tell(image, mine.signal);
      }
    } catch (error) {
      if (!mine.signal.aborted && !isTrouble(error)) throw error; // the finished stroke will tell
    }
    if (working === mine) working = null;
  }

  /** @param {Uint8Array} image @param {AbortSignal} signal */
  async function glimpse(image, signal) {
    const value = await local.glimpse({ image, label: null, label_source: "prediction" }, signal);
    glimpsed = value !== null;
    if (value) onGlimpse(value);
  }

  /** @param {Uint8Array} image @param {AbortSignal} signal */
  async function tell(image, signal) {
    const { sides } = choices.request(false);
    const asked = choices.slow() ? [{ network: sides[0].network, attack: "noise" }] : sides;
    const pause = new Promise((resolve) => setTimeout(resolve, PAUSE));
    const value = await ask("scan", { pixels: base64(image), label: null, sides: asked }, { signal });
    if (choices.slow()) onReading(image, value.sides[0].probabilities.subarray(0, 10));
    else onScan(value);
    await pause;
  }

  return {
    /** The picture has changed. @param {Uint8Array} image */
    follow(image) {
      if (choices.live()) return;
      const work = local.about({ image, label: null, label_source: "prediction" });
      const reading = choices.slow() && !glimpsed && local.read(image);
      if (work) onPreview(work.preview());
      else if (reading) onReading(image, reading);
      newest = { image, work, read: glimpsed || Boolean(reading) };
      if (!working) run();
    },
    stop() {
      newest = null;
      glimpsed = false;
      working?.abort();
      working = null;
    },
  };
}
