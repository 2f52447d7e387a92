// The GAN's pair that digits are generated with: the shipped one, or one of this visitor's own, which stays here.
// Requests carry its hash, and its files only when the server does not know it.

/** @typedef {{hash: string, generator: string, discriminator: string, steps: number, learning_rate: number}} Forger */

/** @type {Forger | null} */
let own = null;
/** @type {Set<() => void>} */
const listeners = new Set();

/** Generate with a pair of one's own; null goes back to the shipped one. @param {Forger | null} forger */
export function useForger(forger) {
  own = forger;
  for (const listener of listeners) listener();
}

/** @param {() => void} listener */
export const onForger = (listener) => void listeners.add(listener);

export const ownForger = () => own;

/** What a request says of it. @param {boolean} withFiles */
export const forgerRequest = (withFiles) =>
  own
    ? { forger: own.hash, ...(withFiles && { pair: { generator: own.generator, discriminator: own.discriminator } }) }
    : {};
