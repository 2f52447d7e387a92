// The networks that the page can compute: LeNets, shipped or the visitor's own. Their weights come once.

import { ownNetwork } from "../shared/networks.js";
import { bytes } from "../shared/pixels.js";
import { readTensors } from "../shared/safetensors.js";
import { fetchFile } from "../shared/server.js";
import { parametersOf } from "./layers.js";
import { makeNetwork } from "./network.js";

/** @typedef {import("./network.js").Network} Network */

/** @param {Record<string, string>} addresses of the shipped LeNets' weights; other networks have none */
export function makeLenets(addresses) {
  /** @type {Map<string, Network>} */
  const known = new Map();
  /** @type {Map<string, Promise<Network | null>>} */
  const coming = new Map();

  /** What holds for as long as the network is called so. @param {string} model */
  const nameOf = (model) => (model === "yours" ? (ownNetwork()?.hash ?? "") : model);

  /** @param {string} model @returns {Promise<Network | null>} null: it has other layers */
  function load(model) {
    const name = nameOf(model);
    const loading = coming.get(name) ?? fetchNetwork(model, name);
    coming.set(name, loading);
    loading.catch(() => coming.delete(name));
    return loading;
  }

  /** @param {string} model @param {string} name */
  async function fetchNetwork(model, name) {
    const own = model === "yours" && ownNetwork();
    if (!own && !(model in addresses)) return null;
    const file = own ? bytes(own.weights, Uint8Array).buffer : await fetchFile(addresses[model]);
    const { tensors } = readTensors(file);
    const network = makeNetwork(parametersOf(tensors));
    known.set(name, network);
    return network;
  }

  /** Load the networks one after the other, when the page has nothing else to do. @param {string[]} models */
  async function fetchAll(models) {
    await new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));
    for (const model of models) await load(model).catch(() => null); // the server answers as long as there are none
  }

  return {
    load,
    fetchAll,
    /** A network whose weights are here. @param {string} model */
    known: (model) => known.get(nameOf(model)) ?? null,
  };
}
