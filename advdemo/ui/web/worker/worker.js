// Long work about digits beside the page, in a thread of its own: however slow the processor, the page answers a finger
// at once.

import { makeNetwork } from "../lenet/network.js";
import { inSlices } from "../lenet/slices.js";

/** @type {Record<import("../lenet/beside.js").Kind, () => Promise<any>>} */
const KINDS = {
  scan: async () => (await import("../lenet/scan.js")).scan,
  pgd: async () => (await import("./pgd.js")).pgd,
  certify: async () => (await import("./certify.js")).certify,
};
const begin = KINDS[/** @type {import("../lenet/beside.js").Kind} */ (self.name)]();
/** @type {Map<number, import("../lenet/network.js").Network>} */
const networks = new Map();
let turn = new AbortController(); // of the newest job: those before it are not wanted any more

/** @param {MessageEvent<import("../lenet/beside.js").Job>} event */
async function work({ data: { id, parameters, tasks } }) {
  for (const [key, values] of parameters) networks.set(key, makeNetwork(values));
  turn.abort();
  turn = new AbortController();
  const { signal } = turn;
  const results = [];
  try {
    for (const { key, pixels, about } of tasks) {
      results.push(await inSlices((await begin)(networks.get(key), pixels, about), signal));
    }
    postMessage({ id, results });
  } catch (error) {
    if (signal.aborted) return;
    postMessage({ id, results: null }); // as if there were no worker
    throw error;
  }
}

addEventListener("message", work);
