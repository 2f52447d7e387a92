// Requests of one kind take turns: a newer one ends the one before, of which nothing is heard any more.

import { isTrouble } from "./server.js";

/** @typedef {(trouble: import("./server.js").Trouble) => void} OnTrouble the server does not answer, and why */

export function makeTurns() {
  let turn = new AbortController();

  /** End the turn before. @returns {AbortSignal} of the new one */
  function begin() {
    turn.abort();
    turn = new AbortController();
    return turn.signal;
  }
  return {
    begin,
    /** @param {(signal: AbortSignal) => Promise<unknown>} work @param {OnTrouble} onTrouble */
    take: (work, onTrouble) => attempt(begin(), work, onTrouble),
    end: () => turn.abort(),
    /** Of the turn under way. */
    get signal() {
      return turn.signal;
    },
  };
}

/**
 * Work in a turn; once that is over, even an error is nobody's concern. Whether it is not over at the end.
 * @param {AbortSignal} signal
 * @param {(signal: AbortSignal) => Promise<unknown>} work
 * @param {OnTrouble} onTrouble
 */
export async function attempt(signal, work, onTrouble) {
  try {
    await work(signal);
  } catch (error) {
    if (signal.aborted) return false;
    if (!isTrouble(error)) throw error;
    onTrouble(error);
  }
  return !signal.aborted;
}
