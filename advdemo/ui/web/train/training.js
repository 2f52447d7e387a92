// A training, and the judgement of what comes of it: asked for, followed, stopped.

import { inPercent } from "../shared/numbers.js";
import { base64 } from "../shared/pixels.js";
import { askPatiently, followPatiently } from "../shared/server.js";
import { makeTurns } from "../shared/turns.js";
import { hasWords, sayError } from "../shared/words.js";
import { shareRight } from "./model.js";

/** @typedef {import("../shared/words.js").Phrase} Phrase */
/** @typedef {import("./model.js").Trained} Trained */
/**
 * @typedef {object} Progress
 * @property {number} share
 * @property {number} epoch
 * @property {number} epochs
 * @property {number} seconds so far
 * @property {number} left seconds
 * @property {number | null} limit the seconds that a training may take, where this one will not have ended by then
 */
/**
 * @typedef {object} Page
 * @property {ReturnType<typeof import("./model.js").makeModel>} model
 * @property {() => void} draw
 * @property {(progress: Progress, again: number | null) => void} showProgress `again`: the epochs there were before
 * the training was begun again, until there are more
 * @property {(state: string, key?: string, values?: import("../shared/words.js").Values) => void} setState
 * @property {(trouble: import("../shared/server.js").Trouble) => void} showTrouble
 */

/** @param {Page} page */
export function makeTraining({ model, draw, showProgress, setState, showTrouble }) {
  const turns = makeTurns();
  let name = ""; // of the recipe
  /** @type {Progress | null} */
  let last = null; // what was told of the training
  let kept = 0; // the epoch that the kept weights are of
  const training = {
    /** @type {import("./plots.js").Epoch[]} */
    epochs: [],
    planned: 0, // epochs asked for
    /** @type {Phrase} */
    whose: { key: "train.quiet" },
    start,
    halt,
    upload,
  };

  /** @param {ReturnType<ReturnType<typeof import("./settings.js").makeSettings>["read"]>} request */
  async function start(request) {
    const { recipe, epochs, learning_rate, seed } = request;
    const values = { count: epochs, recipe: recipeTitle(recipe), rate: String(learning_rate), seed };
    Object.assign(training, { epochs: [], planned: epochs, whose: { key: "train.your_curves", values } });
    kept = 0;
    name = recipe;
    model.show(null);
    setState("running", "train.starting");
    await turns.take(
      async (signal) => {
        const messages = followPatiently("train", () => request, { signal, onTrouble: showTrouble });
        for await (const message of messages) receive(message);
        judge(/** @type {Trained} */ (model.trained), outcome());
      },
      (trouble) => {
        if (model.trained) return judge(model.trained, trouble); // the best weights there were
        setState("done");
        showTrouble(trouble);
      },
    );
  }

  /** How the training has ended. @returns {Phrase} */
  function outcome() {
    const { epoch, seconds, left, limit } = /** @type {Progress} */ (last);
    return limit && left === 0
      ? { key: "train.out_of_time", values: { epoch, limit: duration(limit) } }
      : { key: "train.finished", values: { count: epoch, time: duration(seconds) } };
  }

  /** @param {any} message of a training that may have been begun again: what was there before stays as it is */
  function receive({ ahead, update, weights }) {
    if (ahead) return setState("running", "train.ahead", { count: ahead });
    const { progress, epoch } = update;
    const { epochs } = training;
    if (!epochs.length && !epoch) draw(); // the curves of an earlier training go when this one has begun
    training.planned = progress.epochs;
    const seen = epochs.length;
    if (epoch?.epoch > seen) epochs.push(epoch);
    last = progress;
    if (weights && progress.epoch > kept) {
      kept = progress.epoch;
      model.show({ weights, name: `${name}, epoch ${kept}` });
    }
    const again = progress.epoch <= seen;
    showProgress(progress, again ? seen : null);
    if (epoch && !again) draw();
  }

  function halt() {
    turns.end();
    if (model.trained) judge(model.trained, { key: "train.stopped", values: { epoch: training.epochs.length } });
    else setState("done", "train.stopped_early");
  }

  /** Take the place of what is there, once it is judged. @param {Trained} uploaded */
  function upload(uploaded) {
    judge(uploaded, { key: "train.read_file", values: { name: uploaded.name } });
  }

  /** @param {Trained} judging @param {Phrase} outcome what has happened so far */
  async function judge(judging, outcome) {
    const isUpload = judging !== model.trained;
    setState("judging", "train.judging", { outcome });
    await turns.take(
      async (signal) => {
        const request = { weights: judging.weights };
        const { judged } = await askPatiently("judge", request, { signal, onTrouble: showTrouble });
        if (isUpload) Object.assign(training, { epochs: [], planned: 0, whose: { key: "train.no_curves" } });
        receiveJudged(judging, judged, outcome);
      },
      (trouble) => {
        if (!isUpload) model.show(null);
        setState("done");
        sayError(model.summary, trouble);
      },
    );
  }

  /**
   * @param {Trained} network
   * @param {{hash: string, confusion: number[][], recipe: string, weights?: Uint8Array}} judged
   * @param {Phrase} outcome
   */
  function receiveJudged(network, { hash, confusion, recipe, weights }, outcome) {
    const accuracy = shareRight(confusion);
    const kept = weights ? base64(weights) : network.weights;
    model.show({ weights: kept, hash, confusion, accuracy, name: network.name || recipe });
    setState("done", "train.judged_share", { outcome, accuracy: inPercent(accuracy, 2) });
    draw();
  }
  return training;
}

/** @param {number} seconds @returns {Phrase} */
export const duration = (seconds) =>
  seconds < 90
    ? { key: "train.seconds", values: { count: Math.ceil(seconds) } }
    : { key: "train.minutes", values: { count: Math.round(seconds / 60) } };

/** What a recipe is called: that of a file, for which there are no words, by its own name. @param {string} name */
export const recipeTitle = (name) => (hasWords(`recipes.name_${name}`) ? { key: `recipes.name_${name}` } : name);
