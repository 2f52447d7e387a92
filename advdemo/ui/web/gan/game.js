// A game on the server, and what is kept of it here: the server hands over a copy of the pair now and then, and when it
// is lost on the way, another one goes on from the last copy.

import { ask, followPatiently, isTrouble } from "../shared/server.js";

/** @typedef {import("../shared/forger.js").Forger} Forger a pair */
/** @typedef {import("../shared/server.js").Trouble} Trouble */
/**
 * @typedef {object} Page
 * @property {() => object} settings of the moment
 * @property {(kept: Forger | null) => void} onBegin the game begins, or begins again, with this pair or without one
 * @property {(message: {ahead?: number, doing?: string, update?: any, pair?: Forger}) => void} onMessage
 * @property {(trouble: Trouble) => void} onTrouble
 */

/** @param {Page} page */
export function makeGame({ settings, onBegin, onMessage, onTrouble }) {
  let playing = new AbortController();
  /** @type {Forger | null} the last copy, or what the game began with */
  let kept = null;

  /**
   * Play until the game is paused, or so many steps; whether it was played to that end. Throws a Trouble when the game
   * is refused.
   * @param {string} start
   * @param {Forger | null} pair to go on with, instead of `start`
   * @param {number | null} mostSteps
   */
  async function play(start, pair, mostSteps) {
    playing.abort();
    playing = new AbortController();
    const { signal } = playing;
    const seed = Math.floor(Math.random() * 2 ** 31);
    kept = pair;
    let asked = ""; // the settings that the game waits with
    const request = () => {
      onBegin(kept);
      asked = JSON.stringify(settings());
      const files = kept && { generator: kept.generator, discriminator: kept.discriminator };
      return {
        start: files ? "own" : start,
        ...(files && { pair: files }),
        most_steps: mostSteps,
        seed,
        settings: settings(),
      };
    };
    try {
      for await (const { copy, ...message } of followPatiently("game", request, { signal, onTrouble })) {
        if (asked && !message.ahead) {
          if (asked !== JSON.stringify(settings())) steer(false); // while it waited there was nobody to tell
          asked = "";
        }
        kept = copy ?? message.pair ?? kept;
        if (!copy) onMessage(message);
      }
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  /** Tell the server the settings of the moment; whether it plays this game. @param {boolean} paused */
  async function steer(paused) {
    const { signal } = playing;
    try {
      const { told } = await ask("steer", { settings: { ...settings(), paused } });
      return told || signal.aborted;
    } catch (error) {
      if (!isTrouble(error)) throw error;
      onTrouble(error);
      return false;
    }
  }

  const stop = () => playing.abort();
  return {
    play,
    steer,
    stop,
    get kept() {
      return kept;
    },
  };
}
