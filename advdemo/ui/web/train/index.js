// The Train tab: draws each epoch as it arrives and keeps the best weights, here in the browser.

import { picker } from "../shared/dom.js";
import { onNetwork } from "../shared/networks.js";
import { inPercent, numeral } from "../shared/numbers.js";
import { fillWords, onLanguage, say, sayError } from "../shared/words.js";
import { drawLayers } from "./layers.js";
import { makeModel } from "./model.js";
import { drawPlots } from "./plots.js";
import { makeSettings } from "./settings.js";
import { duration, makeTraining, recipeTitle } from "./training.js";

/**
 * @typedef {object} Curves
 * @property {import("./plots.js").Epoch[]} epochs
 * @property {number} planned epochs; none: there are no curves
 * @property {import("../shared/words.js").Phrase} whose
 */

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".train"));
  const pick = picker(root);
  const setup = JSON.parse(props.setup);
  const [run, stop, status, upload] = ["#train-run", "#train-stop", ".status", ".upload"].map(pick);
  fillWords(root);

  const settings = makeSettings(root, setup.recipes, setup.most_seconds);
  const model = makeModel(root, setup, (uploaded) => training.upload(uploaded));
  const training = makeTraining({ model, draw: () => showCurves(training), showProgress, setState, showTrouble });
  const shipped = shippedCurves(setup.history);
  /** @type {Curves} */
  let shown = shipped;

  /** @param {import("./training.js").Progress} progress @param {number | null} again */
  function showProgress({ share, epoch, epochs, left, limit }, again) {
    pick(".progress i").style.transform = `scaleX(${share})`;
    pick(".progress").setAttribute("aria-valuenow", Math.round(100 * share));
    if (again !== null) return setState("running", "servers.trained_again", { epoch, count: again });
    const last = training.epochs[training.epochs.length - 1];
    setState("running", last ? "train.epoch_accuracy" : "train.epoch", {
      epoch,
      epochs,
      left: limit
        ? { key: "train.until_limit", values: { time: duration(left), limit: duration(limit) } }
        : { key: "train.left", values: { time: duration(left) } },
      accuracy: last ? inPercent(last.validation_accuracy ?? 0, 2) : "",
    });
  }

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "train.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "running" || !setup.enabled;
    stop.disabled = state !== "running";
    upload.disabled = state === "running" || state === "judging"; // it would take the place of what is not yet judged
    status.classList.remove("failed");
    say(status, key, values);
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    status.classList.add("failed");
    sayError(status, trouble);
  }

  /** @param {Curves} curves */
  function showCurves(curves) {
    shown = curves;
    pick(".plots").toggleAttribute("hidden", !curves.planned);
    drawPlots(root, curves.epochs, curves.planned);
    say(pick(".whose"), curves.whose.key, curves.whose.values);
  }

  run.addEventListener("click", () => {
    if (settings.complete()) training.start(settings.read());
  });
  stop.addEventListener("click", training.halt);
  onNetwork((network) => {
    if (root.dataset.state === "running") return;
    if (network) model.show(model.trained);
    else model.showShipped();
    showCurves(network ? training : shipped);
  });
  onLanguage(() => showCurves(shown));
  setState("idle", setup.enabled ? "train.idle" : "train.off");
  drawLayers(pick(".layers tbody"), setup.layers);
  model.showShipped();
  showCurves(shipped);
}

/**
 * How the network that the page opens with was trained.
 * @typedef {import("./plots.js").Epoch} Epoch
 * @param {{recipe: string, seed: number, holdout: number | null, epoch: number, epochs: Epoch[]} | null} history
 * @returns {Curves}
 */
function shippedCurves(history) {
  if (!history) return { epochs: [], planned: 0, whose: { key: "train.quiet" } };
  const { recipe, seed, holdout, epoch, epochs } = history;
  const values = { count: epochs.length, recipe: recipeTitle(recipe), seed, epoch, holdout: numeral(holdout ?? 0) };
  return {
    epochs,
    planned: epochs.length,
    whose: { key: holdout ? "train.chosen_curves" : "train.own_curves", values },
  };
}
