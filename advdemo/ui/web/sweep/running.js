// A sweep under way: asked for, followed, stopped.

import { followAbout } from "../shared/networks.js";
import { makeTurns } from "../shared/turns.js";
import { newCurve } from "./new.js";

/** @typedef {import("./figures.js").Curve} Curve */
/** @typedef {import("./figures.js").Result} Result */

/**
 * @param {object} page
 * @param {ReturnType<typeof import("./settings.js").makeSettings>} page.settings
 * @param {(curve: Curve) => void} page.onFirst a curve has its first result
 * @param {() => void} page.draw
 * @param {(state: string, key?: string, values?: import("../shared/words.js").Values) => void} page.setState
 * @param {(trouble: import("../shared/server.js").Trouble) => void} page.showTrouble
 */
export function makeRunning({ settings, onFirst, draw, setState, showTrouble }) {
  const turns = makeTurns(); // of sweeps and measurements
  /** @type {Curve | null} the curve under way */
  let running = null;

  /** One sweep or measurement at a time. @param {string} key what to say */
  function begin(key) {
    const signal = turns.begin();
    setState("running", key);
    return signal;
  }

  async function start() {
    const { model, attack, proof, images } = settings.chosen();
    const curve = newCurve(model, attack, proof, images);
    const { network, weights } = curve;
    const epsilons = settings.epsilons();
    /** @param {boolean} withWeights */
    const request = (withWeights) => ({
      images,
      epsilons,
      [proof ? "proof" : "attack"]: attack,
      network,
      ...(withWeights && { weights }),
    });
    running = curve;
    setState("running", "sweep.starting");
    await turns.take(
      async (signal) => {
        const messages = followAbout("sweep", request, { signal, onTrouble: showTrouble });
        for await (const message of messages) receive(curve, message);
      },
      (trouble) => {
        running = null;
        setState("done");
        showTrouble(trouble);
      },
    );
  }

  /** @param {Curve} curve @param {{ahead?: number, result?: Result}} message */
  function receive(curve, { ahead, result }) {
    if (ahead) setState("running", "sweep.ahead", { count: ahead });
    if (!result) return;
    const isFirst = !curve.result;
    curve.result = result;
    curve.examples = result.examples ?? curve.examples;
    if (isFirst) onFirst(curve);
    const { done, total, seconds, device, epsilons } = result;
    if (done === total) {
      running = null;
      setState("done", "sweep.done", { total, count: epsilons.length, seconds: seconds.toFixed(1), device });
    } else setState("running", "sweep.so_far", { done, total });
    draw();
  }

  function halt() {
    turns.end();
    const done = running?.result;
    running = null;
    if (done) setState("done", "sweep.stopped", { done: done.done, total: done.total });
    else setState("done", "sweep.stopped_early");
  }
  return { start, halt, begin };
}
