// The Train tab: draws each epoch as it arrives and keeps the best weights, here in the browser.

import { choose, make } from "../shared/dom.js";
import { onOpen, remember } from "../shared/link.js";
import { inPercent, numeral } from "../shared/numbers.js";
import { askPatiently, followPatiently, isTrouble } from "../shared/server.js";
import { fillWords, hush, onLanguage, say, sayError } from "../shared/words.js";
import { makeModel, shareRight } from "./model.js";
import { drawPlots } from "./plots.js";

/** @typedef {import("../shared/words.js").Phrase} Phrase */

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".train"));
  /** @param {string} selector @returns {any} */
  const pick = (selector) => root.querySelector(selector);
  const setup = JSON.parse(props.setup);
  const [run, stop, status, recipeBox] = ["#train-run", "#train-stop", ".status", ".recipe"].map(pick);

  let working = new AbortController(); // of the training or judgement under way
  /** @type {import("./plots.js").Epoch[]} */
  let epochs = [];
  let planned = 10; // epochs asked for
  let recipeName = ""; // of that training, whatever is picked since
  let seconds = 0; // of the training so far
  let kept = 0; // the epoch that the kept weights are of
  /** @type {Phrase} what to say before how the test set is read */
  let outcome = { key: "train.quiet" };
  const model = makeModel(root, (uploaded) => {
    model.show(uploaded);
    judge({ key: "train.read_file", values: { name: uploaded.name } });
  });

  // ---- Asking ------------------------------------------------------------------------------------------------

  function showRecipe() {
    const name = recipeBox.value;
    const recipe = setup.recipes[name];
    pick(".epochs").value = Math.min(recipe.epochs, recipe.cap);
    pick(".epochs").max = recipe.cap;
    pick(".rate").value = recipe.learning_rate;
    say(pick(".about"), "train.about", {
      about: { key: `recipes.${name}` },
      attacked: { key: recipe.epsilon && !recipe.certified ? "train.curves_attacked" : "train.quiet" },
      cap: recipe.epochs > recipe.cap ? { key: "train.cap", values: { cap: recipe.cap } } : "",
    });
  }

  const note = () =>
    remember(
      {
        recipe: recipeBox.value,
        epochs: pick(".epochs").value,
        rate: pick(".rate").value,
        seed: pick(".seed").value,
      },
      "train",
    );

  /** Set what a link says. @param {string} query */
  function open(query) {
    const state = new URLSearchParams(query);
    choose(recipeBox, state.get("recipe"));
    showRecipe();
    for (const name of ["epochs", "rate", "seed"]) {
      const field = pick(`.${name}`);
      const before = field.value;
      field.value = state.get(name) ?? before; // what is no number leaves it empty
      if (!field.checkValidity()) field.value = before;
    }
    note();
  }

  async function start() {
    /** @type {HTMLInputElement[]} */
    const fields = [...root.querySelectorAll("input")].filter(({ required }) => required);
    const empty = fields.find(({ validity }) => validity.valueMissing || validity.badInput);
    if (empty) return empty.reportValidity();
    const { signal } = begin();
    epochs = [];
    kept = 0;
    hush(pick(".whose"));
    planned = Number(pick(".epochs").value);
    recipeName = recipeBox.value;
    model.show(null);
    setState("running", "train.starting");
    const question = {
      recipe: recipeName,
      epochs: planned,
      learning_rate: Number(pick(".rate").value),
      seed: Number(pick(".seed").value),
    };
    try {
      const messages = followPatiently("train", () => question, { signal, onTrouble: showTrouble });
      for await (const message of messages) receive(message);
    } catch (error) {
      if (signal.aborted) return;
      if (!isTrouble(error)) throw error;
      setState("done");
      return showTrouble(error);
    }
    const last = epochs[epochs.length - 1];
    judge({ key: "train.finished", values: { count: last.epoch, time: duration(seconds) } });
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    status.classList.add("failed");
    sayError(status, trouble);
  }

  function begin() {
    working.abort();
    working = new AbortController();
    return working;
  }

  function halt() {
    working.abort();
    if (model.trained) judge({ key: "train.stopped", values: { epoch: epochs.length } });
    else setState("done", "train.stopped_early");
  }

  /** @param {Phrase} phrase what has happened so far */
  async function judge(phrase) {
    const { signal } = begin();
    outcome = phrase;
    setState("done", "train.judging", { outcome });
    try {
      const question = { weights: model.trained?.weights };
      const { judged } = await askPatiently("judge", question, { signal, onTrouble: showTrouble });
      receiveJudged(judged);
    } catch (error) {
      if (signal.aborted) return;
      if (!isTrouble(error)) throw error;
      model.show(null);
      setState("done");
      sayError(model.summary, error);
    }
  }

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "train.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "running" || !setup.enabled;
    stop.disabled = state !== "running";
    status.classList.remove("failed");
    say(status, key, values);
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
    pick(".progress i").style.transform = `scaleX(${progress.share})`;
    pick(".progress").setAttribute("aria-valuenow", Math.round(100 * progress.share));
    if (progress.epoch <= seen) {
      setState("running", "servers.trained_again", { epoch: progress.epoch, count: seen });
      return;
    }
    const last = epochs[epochs.length - 1];
    setState("running", last ? "train.epoch_accuracy" : "train.epoch", {
      epoch: progress.epoch,
      epochs: progress.epochs,
      left: duration(progress.left),
      accuracy: last ? inPercent(last.validation_accuracy ?? 0, 2) : "",
    });
    if (epoch) draw();
  }

  /** @param {{hash: string, confusion: number[][], recipe: string}} judged */
  function receiveJudged({ hash, confusion, recipe }) {
    const { trained } = model;
    if (!trained) return;
    const accuracy = shareRight(confusion);
    model.show({ ...trained, hash, confusion, accuracy, name: trained.name || recipe });
    setState("done", "train.judged_share", { outcome, accuracy: inPercent(accuracy, 2) });
    draw();
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

  function drawLayers() {
    /** @type {[string, number[], number][]} */
    const layers = setup.layers;
    const rows = layers.map(([name, shape, count]) => [name, `[1, ${shape.join(", ")}]`, numeral(count)]);
    const total = make("td");
    say(total, "train.total");
    pick(".layers tbody").replaceChildren(
      ...rows.map((cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell)))),
      make(
        "tr",
        { className: "total" },
        total,
        make("td"),
        make("td", {}, numeral(layers.reduce((sum, row) => sum + row[2], 0))),
      ),
    );
  }

  fillWords(root);
  for (const name of Object.keys(setup.recipes)) recipeBox.append(make("option", { value: name }, name));
  recipeBox.value = "quick";
  recipeBox.addEventListener("change", showRecipe);
  root.addEventListener("change", note);
  run.addEventListener("click", start);
  stop.addEventListener("click", halt);
  onLanguage(draw);
  showRecipe();
  onOpen(open, "train");
  note();
  setState("idle", setup.enabled ? "train.idle" : "train.off");
  drawLayers();
  showFirst();
  draw();
}

/** @param {number} seconds @returns {Phrase} */
const duration = (seconds) =>
  seconds < 90
    ? { key: "train.seconds", values: { count: Math.ceil(seconds) } }
    : { key: "train.minutes", values: { count: Math.round(seconds / 60) } };
