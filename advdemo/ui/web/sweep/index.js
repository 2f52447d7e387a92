// The Sweep tab: asks for sweeps, one curve each, and draws every partial result as it arrives.

import { makeCode } from "../shared/code.js";
import { download } from "../shared/download.js";
import { openInExplore } from "../shared/link.js";
import { offerNetworks } from "../shared/networks.js";
import { followPatiently, isTrouble, isUnknown } from "../shared/server.js";
import { fillWords, onLanguage, say, sayError } from "../shared/words.js";
import { makeCells } from "./cells.js";
import { asPng, COLOURS, drawChips, drawCurves } from "./curves.js";
import { asCsv, asJson, bands, startAt } from "./figures.js";
import { newCurve, savedCurve } from "./new.js";
import { fillSettings, followLinks, PROOFS, readSettings } from "./settings.js";
import { drawEpsilons, drawExamples, drawHistogram, drawMatrix, drawPerClass, drawTable } from "./tables.js";
import { makeTransfer } from "./transfer.js";

/** @typedef {import("./figures.js").Curve} Curve */
/** @typedef {import("./figures.js").Result} Result */

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".sweep"));
  /** @param {string} selector @returns {any} */
  const pick = (selector) => root.querySelector(selector);
  const { epsilons: usual, tutorial, reproduced, seeds } = JSON.parse(props.reference);
  const references = [{ name: "", epsilons: usual, accuracies: tutorial }];
  if (reproduced) references.push({ name: "reproduced", epsilons: usual, accuracies: reproduced });
  /** @type {{name: string, quick: boolean}[]} */
  const attacks = JSON.parse(props.attacks);
  const [run, stop, status] = [pick("#sweep-run"), pick("#sweep-stop"), pick(".status")];
  const [networkBox, attackBox, countBox] = [pick(".network"), pick(".attack"), pick(".count")];

  /** @type {Curve[]} */
  let curves = savedCurve(props);
  let selected = 0; // the curve that the tables are about
  /** @type {Curve | null} the curve under way */
  let running = null;
  /** @type {number} the place, in the selected curve's list, of the epsilon that the matrix is about */
  let atEpsilon = 0;
  let working = new AbortController(); // of the sweep or measurement under way

  // ---- Asking ------------------------------------------------------------------------------------------------

  async function start(withWeights = false) {
    const attack = attackBox.value;
    const { signal } = begin("sweep.starting");
    running = newCurve(networkBox.value, attack, Number(countBox.value));
    const { proof, images, network, weights } = running;
    const question = {
      images,
      epsilons: pick(".epsilons").value,
      [proof ? "proof" : "attack"]: attack,
      network,
    };
    try {
      const asked = () => (withWeights ? { ...question, weights } : question);
      const messages = followPatiently("sweep", asked, { signal, onTrouble: showTrouble });
      for await (const message of messages) receiveResult(message);
    } catch (error) {
      if (signal.aborted) return;
      if (isUnknown(error) && !withWeights) return start(true);
      running = null;
      fail(error);
    }
  }

  /** One sweep or measurement at a time. @param {string} key what to say */
  function begin(key) {
    working.abort();
    working = new AbortController();
    setState("running", key);
    return working;
  }

  function halt() {
    working.abort();
    const done = running?.result;
    running = null;
    if (done) setState("done", "sweep.stopped", { done: done.done, total: done.total });
    else setState("done", "sweep.stopped_early");
    transfer.halt();
  }

  const cells = makeCells(pick(".cell-examples"), explore, () => {
    const { result, attack, network, weights } = curves[selected];
    return { question: { images: result?.done, epsilon: epsilonAt(), attack, network }, weights };
  });
  const transfer = makeTransfer(pick(".transfer-panel"), networkBox, {
    chosen: () => ({ attack: attackToTransfer(), images: Number(countBox.value), epsilon: epsilonAt() || 0.2 }),
    busy: () => run.disabled,
    begin: () => begin("sweep.measuring_transfer"),
    /** @param {import("../shared/words.js").Phrase} [phrase] */
    done: (phrase) => setState("done", phrase?.key),
  });
  const attackToTransfer = () => (PROOFS.includes(attackBox.value) ? attacks[0].name : attackBox.value);
  const epsilonAt = () => curves[selected]?.result?.epsilons[atEpsilon];

  // ---- Receiving ---------------------------------------------------------------------------------------------

  /** @param {{ahead?: number, result?: Result}} message */
  function receiveResult({ ahead, result }) {
    if (ahead) setState("running", "sweep.ahead", { count: ahead });
    if (!result || !running) return;
    if (!running.result) {
      const same = curves.findIndex(({ id }) => id === running?.id);
      selected = same >= 0 ? same : Math.min(curves.length, COLOURS.length - 1);
      curves[selected] = running;
      atEpsilon = startAt(result.epsilons);
    }
    running.result = result;
    running.examples = result.examples ?? running.examples;
    const { done, total, seconds, device, epsilons } = result;
    if (done === total) {
      running = null;
      setState("done", "sweep.done", { total, count: epsilons.length, seconds: seconds.toFixed(1), device });
    } else setState("running", "sweep.so_far", { done, total });
    draw();
  }

  /** @param {unknown} error */
  function fail(error) {
    if (!isTrouble(error)) throw error;
    setState("done");
    showTrouble(error);
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    status.classList.add("failed");
    sayError(status, trouble);
  }

  // ---- Drawing -----------------------------------------------------------------------------------------------

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "sweep.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "running";
    stop.disabled = state !== "running";
    status.classList.remove("failed");
    say(status, key, values);
    for (const button of root.querySelectorAll("[data-format]")) {
      button.toggleAttribute("disabled", state === "running" || !curves.length);
    }
  }

  function draw() {
    const curve = curves[selected];
    const result = curve?.result ?? undefined;
    root.dataset.kind = curve?.proof ? "proof" : "attack";
    const share = result && root.dataset.state !== "idle" ? result.done / result.total : 0; // saved: none was run
    pick(".progress i").style.transform = `scaleX(${share})`;
    pick(".progress").setAttribute("aria-valuenow", Math.round(100 * share));
    drawCurves(pick("#sweep-chart"), /** @type {any} */ (curves), references, selected);
    pick(".if-band").hidden = !bands(/** @type {any} */ (curves)).length;
    drawChips(pick(".curves"), curves, selected);
    say(pick(".curve-name"), curve?.title.key ?? "sweep.the_table", curve?.title.values);
    drawTable(pick("#sweep-table tbody"), result, references);
    drawEpsilons(pick(".at-epsilon"), result?.epsilons ?? [], atEpsilon);
    drawMatrix(pick(".matrix"), result?.flips?.[atEpsilon] ?? null);
    drawPerClass(pick("table.per-class"), result);
    drawHistogram(pick(".histogram"), result);
    drawExamples(pick(".examples"), result, curve?.examples ?? [], explore);
    transfer.draw();
  }

  /** @param {number} index @param {number} [epsilon] */
  function explore(index, epsilon = epsilonAt() ?? 0) {
    const { model, attack } = curves[selected];
    const nearest = Math.min(0.5, Math.round(epsilon * 200) / 200);
    openInExplore(new URLSearchParams({ index: String(index), model, attack, epsilon: String(nearest) }).toString());
  }

  /** @param {number} place */
  function show(place) {
    selected = Math.max(0, place);
    atEpsilon = startAt(curves[selected]?.result?.epsilons ?? []);
    lookAgain();
  }

  function lookAgain() {
    cells.clear();
    draw();
  }

  // ---- Listening ---------------------------------------------------------------------------------------------

  run.addEventListener("click", () => start());
  stop.addEventListener("click", halt);
  pick(".epsilons").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && !run.disabled) run.click();
  });
  root.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest("button");
    const { select, remove, epsilon, truth, predicted, format } = button?.dataset ?? {};
    if (select !== undefined) show(Number(select));
    if (truth !== undefined) cells.look({ truth: Number(truth), predicted: Number(predicted) });
    if (format !== undefined) save(format);
    if (epsilon !== undefined) {
      atEpsilon = Number(epsilon);
      lookAgain();
    }
    if (remove !== undefined && !run.disabled) {
      curves = curves.filter((_, i) => i !== Number(remove));
      show(Math.min(selected, curves.length - 1));
      setState("done");
    }
  });

  /** @param {string} format */
  async function save(format) {
    const whole = /** @type {any} */ (curves);
    const contents = {
      csv: () => new Blob([asCsv(whole)], { type: "text/csv" }),
      json: () => new Blob([asJson(whole)], { type: "application/json" }),
      png: () => asPng(whole, references[0]),
    };
    download(await contents[/** @type {keyof typeof contents} */ (format)](), `advdemo-sweep.${format}`);
  }

  const code = makeCode(root, (snippets, note) => snippets.sweep(readSettings(root, usual), note));
  for (const name of ["change", "input"]) pick(".settings").addEventListener(name, code.update);

  fillWords(root);
  fillSettings(root, usual, attacks, transfer.draw);
  for (const part of root.querySelectorAll(".if-repeated")) part.toggleAttribute("hidden", !reproduced);
  say(pick(".table-panel .note"), reproduced ? "sweep.table_note_repeated" : "sweep.table_note", { seeds: seeds ?? 0 });
  offerNetworks(networkBox, props.networks, () => {
    transfer.draw();
    code.update();
  });
  onLanguage(draw);
  followLinks(root, usual.join(", "));
  const idle = { attack: { key: `attacks.${attacks[0].name}` } };
  if (curves.length)
    setState("idle", "sweep.saved", {
      curve: curves[0].title,
      total: curves[0].images,
      idle: { key: "sweep.idle", values: idle },
    });
  else setState("idle", "sweep.idle", idle);
  atEpsilon = startAt(curves[0]?.result?.epsilons ?? []);
  draw();
}
