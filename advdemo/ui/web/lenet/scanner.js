// Whole scans: in a worker, and where there is none in the page, in slices. The newest one ends those before it.

import { scan } from "./scan.js";
import { inSlices } from "./slices.js";

/** @typedef {import("./network.js").Network} Network */
/** @typedef {import("./scan.js").Side} Side */
/** @typedef {ReturnType<typeof import("./scan.js").direct>} Way */
/**
 * @typedef {object} Job what the worker is sent
 * @property {number} id
 * @property {[key: number, parameters: Float32Array[]][]} parameters of networks that it has not seen
 * @property {{key: number, pixels: Float32Array, way: Way}[]} scans
 */

export function makeScanner() {
  let worker = start();
  /** @type {Map<Network, number>} what the worker calls a network */
  const keys = new Map();
  let last = 0; // job
  /** @type {((sides: Side[] | null) => void) | null} of the job under way; null: it has failed */
  let settle = null;

  function start() {
    try {
      const made = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
      made.onmessage = ({ data: { id, sides } }) => id === last && settle?.(sides);
      made.onerror = () => {
        worker = null;
        settle?.(null);
      };
      return made;
    } catch {
      return null; // forbidden by the browser
    }
  }

  /** @param {Network} network */
  function keyOf(network) {
    const key = keys.get(network) ?? keys.size;
    keys.set(network, key);
    return key;
  }

  /**
   * @param {{network: Network, pixels: Float32Array, way: Way}[]} scans
   * @param {AbortSignal} signal
   * @returns {Promise<Side[]>}
   */
  async function run(scans, signal) {
    const sides = await beside(scans, signal);
    if (sides) return sides;
    const found = [];
    for (const { network, pixels, way } of scans) found.push(await inSlices(scan(network, pixels, way), signal));
    return found;
  }

  /**
   * @param {Parameters<typeof run>[0]} scans
   * @param {AbortSignal} signal
   * @returns {Promise<Side[] | null>} null: there is no worker
   */
  function beside(scans, signal) {
    if (!worker) return Promise.resolve(null);
    const strange = new Set(scans.map(({ network }) => network).filter((network) => !keys.has(network)));
    /** @type {Job} */
    const job = {
      id: ++last,
      parameters: [...strange].map((network) => [keyOf(network), network.parameters]),
      scans: scans.map(({ network, pixels, way }) => ({ key: keyOf(network), pixels, way })),
    };
    worker.postMessage(job);
    return new Promise((resolve, reject) => {
      settle = resolve;
      signal.addEventListener("abort", () => reject(signal.reason)); // the worker answers the newest alone
    });
  }
  return run;
}
