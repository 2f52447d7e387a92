// Curves before their first figures, and the one that was measured before anybody came.

import { networkTitle, ownWeights, serverName } from "../shared/networks.js";
import { exportName } from "./figures.js";

/** @typedef {import("./figures.js").Curve} Curve */

/**
 * @param {string} model
 * @param {string} attack or method of proof
 * @param {boolean} proof
 * @param {number} images
 * @returns {Curve}
 */
export function newCurve(model, attack, proof, images) {
  const network = networkTitle(model);
  return {
    id: `${model === "yours" ? serverName(model) : model} ${attack}`,
    title: proof
      ? { key: "proof.curve", values: { network, method: { key: `proof.short_${attack}` } } }
      : { key: "sweep.curve_name", values: { network, attack: { key: `attacks.${attack}` } } },
    networkName: exportName(model, String(network.values?.name)),
    model,
    network: serverName(model),
    weights: ownWeights([model]).weights,
    attack,
    proof,
    images,
    result: null,
    examples: [],
  };
}

/**
 * The curve kept in the first network's record, under the first attack of the table.
 * @param {any} props
 * @returns {Curve[]}
 */
export function savedCurve({ saved, networks, attacks }) {
  const result = JSON.parse(saved);
  if (!result) return [];
  return [{ ...newCurve(networks[0], JSON.parse(attacks)[0].name, false, result.total), result }];
}
