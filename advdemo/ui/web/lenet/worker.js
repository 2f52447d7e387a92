// Scans beside the page, in a thread of their own: however slow the processor, the page answers a finger at once.

import { makeNetwork } from "./network.js";
import { scan } from "./scan.js";
import { inSlices } from "./slices.js";

/** @type {Map<number, import("./network.js").Network>} */
const networks = new Map();
let turn = new AbortController(); // of the newest job: those before it are not wanted any more

/** @param {MessageEvent<import("./scanner.js").Job>} event */
async function work({ data: { id, parameters, scans } }) {
  for (const [key, values] of parameters) networks.set(key, makeNetwork(values));
  turn.abort();
  turn = new AbortController();
  const { signal } = turn;
  const sides = [];
  try {
    for (const { key, pixels, way } of scans) {
      const network = /** @type {import("./network.js").Network} */ (networks.get(key));
      sides.push(await inSlices(scan(network, pixels, way), signal));
    }
    postMessage({ id, sides });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

addEventListener("message", work);
