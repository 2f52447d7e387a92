// The Train tab: draws each epoch as it arrives and keeps the best weights, here in the browser.

import { picker } from "../shared/dom.js";
import { inPercent, numeral } from "../shared/numbers.js";
import { fillWords, hasWords, hush, onLanguage, say, sayError } from "../shared/words.js";
import { drawLayers } from "./layers.js";
import { makeModel } from "./model.js";
import { drawPlots } from "./plots.js";
import { makeSettings } from "./settings.js";
import { duration, makeTraining } from "./training.js";

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".train"));
  const pick = picker(root);
  const setup = JSON.parse(props.setup);
  const [run, stop, status] = ["#train-run", "#train-stop", ".status"].map(pick);
  fillWords(root);

  const settings = makeSettings(root, setup.recipes, setup.most_seconds);
  const model = makeModel(root, setup.most_bytes, (uploaded) => {
    model.show(uploaded);
    training.epochs = []; // those of another network
    draw();
    showPlots(false);
    say(pick(".whose"), "train.no_curves");
    training.judge({ key: "train.read_file", values: { name: uploaded.name } });
  });
  const training = makeTraining({ model, draw, showProgress, setState, showTrouble });

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
    status.classList.remove("failed");
    say(status, key, values);
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    status.classList.add("failed");
    sayError(status, trouble);
  }

  /** @param {boolean} shown */
  const showPlots = (shown) => pick(".plots").toggleAttribute("hidden", !shown);

  function draw() {
    drawPlots(root, training.epochs, training.planned);
  }

  /** Before anything is trained: the shipped model, and how a training went. */
  function showFirst() {
    const { history, confusion } = setup;
    if (confusion) model.showShipped(confusion);
    if (!history) return;
    Object.assign(training, { epochs: history.epochs, planned: history.epochs.length });
    const { own, recipe, seed, holdout } = history;
    const key = `recipes.name_${recipe}`;
    const values = { recipe: hasWords(key) ? { key } : recipe, seed, holdout: numeral(holdout ?? 0) };
    say(pick(".whose"), own ? "train.own_curves" : "train.example_curves", values);
  }

  run.addEventListener("click", () => {
    if (!settings.complete()) return;
    hush(pick(".whose"));
    showPlots(true);
    training.start(settings.read());
  });
  stop.addEventListener("click", training.halt);
  onLanguage(draw);
  setState("idle", setup.enabled ? "train.idle" : "train.off");
  drawLayers(pick(".layers tbody"), setup.layers);
  showFirst();
  draw();
}
