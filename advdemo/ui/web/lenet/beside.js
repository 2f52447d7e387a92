// Work about digits in a worker, beside the page. The newest job ends those before it.

/** @typedef {import("./network.js").Network} Network */
/** @typedef {"scan" | "pgd" | "certify"} Kind */
/**
 * @template About
 * @typedef {object} Task about one digit on one network
 * @property {Network} network
 * @property {Float32Array} pixels
 * @property {About} about what else the work takes
 */
/**
 * @typedef {object} Job what the worker is sent
 * @property {number} id
 * @property {[key: number, parameters: Float32Array[]][]} parameters of networks that it has not seen
 * @property {{key: number, pixels: Float32Array, about: unknown}[]} tasks
 */

/**
 * @template About, Result
 * @param {Kind} kind of work
 */
export function makeBeside(kind) {
  let worker = start();
  /** @type {Map<Network, number>} what the worker calls a network */
  const keys = new Map();
  let last = 0; // job
  /** @type {((results: Result[] | null) => void) | null} of the job under way */
  let settle = null;

  function start() {
    try {
      const made = new Worker(new URL("../worker/worker.js", import.meta.url), { type: "module", name: kind });
      made.onmessage = ({ data: { id, results } }) => id === last && settle?.(results);
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
   * @param {Task<About>[]} tasks
   * @param {AbortSignal} signal
   * @returns {Promise<Result[] | null>} null: there is no worker
   */
  return function run(tasks, signal) {
    if (!worker) return Promise.resolve(null);
    const strange = new Set(tasks.map(({ network }) => network).filter((network) => !keys.has(network)));
    /** @type {Job} */
    const job = {
      id: ++last,
      parameters: [...strange].map((network) => [keyOf(network), network.parameters]),
      tasks: tasks.map(({ network, pixels, about }) => ({ key: keyOf(network), pixels, about })),
    };
    worker.postMessage(job);
    return new Promise((resolve, reject) => {
      settle = resolve;
      signal.addEventListener("abort", () => reject(signal.reason)); // the worker answers the newest alone
    });
  };
}
