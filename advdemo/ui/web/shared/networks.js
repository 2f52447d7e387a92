// The networks that a request can be about, in all tabs: those the server has, and one of this visitor's own.
//
// The weights of one's own (base64) stay here; requests carry its hash, and the weights only when the server does not
// know it.

import { noteAnswered } from "./forger.js";
import { askPatiently, followPatiently, isUnknown } from "./server.js";
import { hasWords, option } from "./words.js";

/** @typedef {{hash: string, weights: string, name: string, accuracy: number}} Own */

/** @type {Own | null} */
let own = null;
/** @type {Set<(model: Own | null) => void>} */
const listeners = new Set();

/** Use a network of one's own in all tabs; null goes back to the shipped ones. @param {Own | null} model */
export function useNetwork(model) {
  own = model;
  for (const listener of listeners) listener(model);
}

/** @param {(model: Own | null) => void} listener */
export const onNetwork = (listener) => void listeners.add(listener);

export const ownNetwork = () => own;

/** What the server calls a network of a <select>. @param {string} name */
export const serverName = (name) => (name === "yours" ? own?.hash : name);

/** The visitor's own weights, if one of these networks is it. @param {string[]} names */
export const ownWeights = (names) => (names.includes("yours") ? { weights: own?.weights } : {});

/**
 * `askPatiently` about what may be the visitor's own. What the server does not know, it is sent.
 * @param {string} name
 * @param {(withWeights: boolean) => object} request
 * @param {import("./server.js").Patience} patience
 */
export async function askAbout(name, request, patience) {
  try {
    const asked = request(false);
    const reply = await askPatiently(name, asked, patience);
    noteAnswered(asked);
    return reply;
  } catch (error) {
    if (!isUnknown(error)) throw error;
    return askPatiently(name, request(true), patience);
  }
}

/** `followPatiently`, likewise. @type {(...work: Parameters<typeof askAbout>) => AsyncGenerator<any>} */
export async function* followAbout(name, request, patience) {
  try {
    yield* followPatiently(name, () => request(false), patience);
  } catch (error) {
    if (!isUnknown(error)) throw error;
    yield* followPatiently(name, () => request(true), patience);
  }
}

/** What a network is called: a guest, for whom there are no words, by its own name. @param {string} name */
export function networkTitle(name) {
  if (name === "yours") return { key: "networks.yours", values: { name: own?.name ?? "" } };
  return hasWords(`networks.${name}`) ? { key: `networks.${name}` } : { key: "api.guest", values: { name } };
}

/** @param {string} name */
export function networkOption(name) {
  const { key, values } = networkTitle(name);
  return option(name, key, values);
}

/**
 * Keep a <select> of networks: the shipped ones, and "yours" while there is one; it is picked as it comes.
 * @param {HTMLSelectElement} select
 * @param {string[]} names
 * @param {() => void} onChange
 */
export function offerNetworks(select, names, onChange) {
  const offer = () => {
    const before = select.value;
    const all = own ? [...names, "yours"] : names;
    select.replaceChildren(...all.map(networkOption));
    select.value = all.includes(before) ? before : names[0];
  };
  offer();
  onNetwork((model) => {
    offer();
    if (model) select.value = "yours";
    onChange();
  });
  if (own) select.value = "yours";
}
