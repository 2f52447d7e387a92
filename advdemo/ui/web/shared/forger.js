// The GAN's pair that digits are generated with: the shipped one, or one of this visitor's own, which stays here.
// Requests carry its hash, and its files until the server has answered one of them, and when it knows it no more.

/** @typedef {{hash: string, generator: string, discriminator: string, steps: number, learning_rate: number}} Forger */

/** @type {Forger | null} */
let own = null;
let known = false; // to the server
/** @type {Set<() => void>} */
const listeners = new Set();

/** Generate with a pair of one's own; null goes back to the shipped one. @param {Forger | null} forger */
export function useForger(forger) {
  own = forger;
  known = false;
  for (const listener of listeners) listener();
}

/** @param {() => void} listener */
export const onForger = (listener) => void listeners.add(listener);

export const ownForger = () => own;

/** What a request says of it. @param {boolean} withFiles whether the server is known not to have them */
export function forgerRequest(withFiles) {
  if (!own) return {};
  const { hash, generator, discriminator } = own;
  return { forger: hash, ...((withFiles || !known) && { pair: { generator, discriminator } }) };
}

/** The server has answered a request. @param {{forger?: string, pair?: object}} request */
export function noteAnswered({ forger, pair }) {
  if (pair && forger === own?.hash) known = true;
}
