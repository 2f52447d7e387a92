// The Train tab: draws each epoch as it arrives and keeps the best weights, here in the browser.

import { picker } from "../shared/dom.js";
import { inPercent, numeral } from "../shared/numbers.js";
import { askPatiently, followPatiently } from "../shared/server.js";
import { makeTurns } from "../shared/turns.js";
import { fillWords, hush, onLanguage, say, sayError } from "../shared/words.js";
import { drawLayers } from "./layers.js";
import { makeModel, shareRight } from "./model.js";
import { drawPlots } from "./plots.js";
import { makeSettings } from "./settings.js";

/** @typedef {import("../shared/words.js").Phrase} Phrase */

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".train"));
  const pick = picker(root);
  const setup = JSON.parse(props.setup);
  const [run, stop, status] = ["#train-run", "#train-stop", ".status"].map(pick);
  fillWords(root);

  const turns = makeTurns(); // of training and judging
  /** @type {import("./plots.js").Epoch[]} */
  let epochs = [];
  let planned = 10; // epochs asked for
  let recipeName = ""; // of that training, whatever is picked since
  let seconds = 0; // of the training so far
  let kept = 0; // the epoch that the kept weights are of
  const settings = makeSettings(root, setup.recipes);
  const model = makeModel(root, setup.most_bytes, (uploaded) => {
    model.show(uploaded);
    judge({ key: "train.read_file", values: { name: uploaded.name } });
  });

  // ---- Asking ------------------------------------------------------------------------------------------------

  async function start() {
    if (!settings.complete()) return;
    const question = settings.read();
    epochs = [];
    kept = 0;
    hush(pick(".whose"));
    planned = question.epochs;
    recipeName = question.recipe;
    model.show(null);
    setState("running", "train.starting");
    await turns.take(
      async (signal) => {
        const messages = followPatiently("train", () => question, { signal, onTrouble: showTrouble });
        for await (const message of messages) receive(message);
        const last = epochs[epochs.length - 1];
        judge({ key: "train.finished", values: { count: last.epoch, time: duration(seconds) } });
      },
      (trouble) => {
        setState("done");
        showTrouble(trouble);
      },
    );
  }

  function halt() {
    turns.end();
    if (model.trained) judge({ key: "train.stopped", values: { epoch: epochs.length } });
    else setState("done", "train.stopped_early");
  }

  /** @param {Phrase} outcome what has happened so far */
  async function judge(outcome) {
    setState("done", "train.judging", { outcome });
    const question = { weights: model.trained?.weights };
    await turns.take(
      async (signal) => {
        const { judged } = await askPatiently("judge", question, { signal, onTrouble: showTrouble });
        receiveJudged(judged, outcome);
      },
      (trouble) => {
        model.show(null);
        setState("done");
        sayError(model.summary, trouble);
      },
    );
  }

  // ---- Receiving ---------------------------------------------------------------------------------------------

  /** @param {any} message of a training that may have been begun again: what was there before stays as it is */
  function receive({ ahead, update, weights }) {
    if (ahead) return setState("running", "train.ahead", { count: ahead });
    const { progress, epoch } = update;
    if (!epochs.length && !epoch) draw(); // the curves of an earlier training go when this one has begun
    planned = progress.epochs;
    const seen = epochs.length;
    if (epoch?.epoch > seen) epochs.push(epoch);
    seconds = progress.seconds;
    if (weights && progress.epoch > kept) {
      kept = progress.epoch;
      model.show({ weights, name: `${recipeName}, epoch ${kept}` });
    }
    showProgress(progress, progress.epoch <= seen ? seen : null);
    if (epoch && progress.epoch > seen) draw();
  }

  /** @param {{hash: string, confusion: number[][], recipe: string}} judged @param {Phrase} outcome */
  function receiveJudged({ hash, confusion, recipe }, outcome) {
    const { trained } = model;
    if (!trained) return;
    const accuracy = shareRight(confusion);
    model.show({ ...trained, hash, confusion, accuracy, name: trained.name || recipe });
    setState("done", "train.judged_share", { outcome, accuracy: inPercent(accuracy, 2) });
    draw();
  }

  // ---- Drawing -----------------------------------------------------------------------------------------------

  /** @param {any} progress @param {number | null} again how many epochs there were before it was begun again */
  function showProgress({ share, epoch, epochs: all, left }, again) {
    pick(".progress i").style.transform = `scaleX(${share})`;
    pick(".progress").setAttribute("aria-valuenow", Math.round(100 * share));
    if (again !== null) return setState("running", "servers.trained_again", { epoch, count: again });
    const last = epochs[epochs.length - 1];
    setState("running", last ? "train.epoch_accuracy" : "train.epoch", {
      epoch,
      epochs: all,
      left: duration(left),
      accuracy: last ? inPercent(last.validation_accuracy ?? 0, 2) : "",
    });
  }

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "train.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "running" || !setup.enabled;
    stop.disabled = state !== "running";
    status.classList.remove("failed");
    say(status, key, values);
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    status.classList.add("failed");
    sayError(status, trouble);
  }

  const draw = () => drawPlots(root, epochs, planned);

  /** Before anything is trained: the shipped model, and how a training went. */
  function showFirst() {
    const { history, confusion } = setup;
    if (confusion) model.showShipped(confusion);
    if (!history) return;
    epochs = history.epochs;
    planned = epochs.length;
    const { own, recipe, seed, holdout } = history;
    const values = { recipe, seed, holdout: numeral(holdout ?? 0) };
    say(pick(".whose"), own ? "train.own_curves" : "train.example_curves", values);
  }

  run.addEventListener("click", start);
  stop.addEventListener("click", halt);
  onLanguage(draw);
  setState("idle", setup.enabled ? "train.idle" : "train.off");
  drawLayers(pick(".layers tbody"), setup.layers);
  showFirst();
  draw();
}

/** @param {number} seconds @returns {Phrase} */
const duration = (seconds) =>
  seconds < 90
    ? { key: "train.seconds", values: { count: Math.ceil(seconds) } }
    : { key: "train.minutes", values: { count: Math.round(seconds / 60) } };
