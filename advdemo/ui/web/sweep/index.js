// The Sweep tab: asks for sweeps, one curve each, and draws every partial result as it arrives.

import { makeCode } from "../shared/code.js";
import { picker } from "../shared/dom.js";
import { download, extension } from "../shared/download.js";
import { openInExplore } from "../shared/link.js";
import { fillWords, onLanguage, say, sayError } from "../shared/words.js";
import { makeCells } from "./cells.js";
import { COLOURS, exportAs } from "./curves.js";
import { makeDrawing } from "./drawing.js";
import { makeList } from "./list.js";
import { savedCurve } from "./new.js";
import { makeRunning } from "./running.js";
import { makeSettings } from "./settings.js";
import { makeTransfer } from "./transfer.js";

const TYPICAL = 0.2; // the epsilon of a transfer where no curve has one

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".sweep"));
  const pick = picker(root);
  const [run, stop, status] = ["#sweep-run", "#sweep-stop", ".status"].map(pick);
  const { epsilons, tutorial, reproduced, seeds } = JSON.parse(props.reference);
  const references = [{ name: "", epsilons, accuracies: tutorial }];
  if (reproduced) references.push({ name: "reproduced", epsilons, accuracies: reproduced });
  /** @type {{name: string, quick: boolean}[]} */
  const attacks = JSON.parse(props.attacks);
  const { networks, proofs, total } = props;
  fillWords(root);

  const list = makeList(savedCurve(props), COLOURS.length);
  const settings = makeSettings(root, { networks, attacks, proofs, total, epsilons }, () => {
    transfer.draw();
    code.update();
  });
  // The tutorial attacks a LeNet trained as usual, by the table's first attack.
  const isTheirs = (/** @type {import("./figures.js").Curve} */ { attack, model }) =>
    attack === attacks[0].name && [networks[0], "yours"].includes(model);
  const drawFigures = makeDrawing(root, list, references, isTheirs, explore);
  const running = makeRunning({
    settings,
    onFirst: list.add,
    draw,
    setState,
    showTrouble: (trouble) => {
      status.classList.add("failed");
      sayError(status, trouble);
    },
  });
  const cells = makeCells(pick(".cell-examples"), explore, () => {
    const { result, attack, network, weights } = /** @type {import("./figures.js").Curve} */ (list.current);
    return { request: { images: result?.done, epsilon: list.epsilon, attack, network }, weights };
  });
  const transfer = makeTransfer(pick(".transfer-panel"), settings.network, {
    chosen: () => ({
      attack: settings.attack(),
      images: settings.chosen().images,
      epsilon: list.epsilon || TYPICAL,
    }),
    busy: () => run.disabled,
    begin: () => running.begin("sweep.measuring_transfer"),
    done: (phrase) => setState("done", phrase?.key),
  });
  const code = makeCode(root, (snippets, note) => {
    const { model, attack, proof, images } = settings.chosen();
    return snippets.sweep({ model, attack, proof, count: images, epsilons: settings.numbers() }, note);
  });

  function draw() {
    drawFigures();
    transfer.draw();
  }

  /** Another curve, or another epsilon, is looked at. */
  function lookAgain() {
    cells.clear();
    draw();
  }

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "sweep.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "running";
    stop.disabled = state !== "running";
    status.classList.remove("failed");
    say(status, key, values);
    for (const button of root.querySelectorAll("[data-format]")) {
      button.toggleAttribute("disabled", state === "running" || !list.curves.length);
    }
  }

  /** @param {number} index @param {number} [epsilon] */
  function explore(index, epsilon = list.epsilon ?? 0) {
    const { model = "", attack = "" } = list.current ?? {};
    openInExplore(new URLSearchParams({ index: String(index), model, attack, epsilon: String(epsilon) }).toString());
  }

  run.addEventListener("click", running.start);
  stop.addEventListener("click", () => {
    running.halt();
    transfer.halt();
  });
  pick(".epsilons").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && !run.disabled) run.click();
  });
  root.addEventListener("click", async ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest("button");
    const { select, remove, epsilon, truth, predicted, format } = button?.dataset ?? {};
    if (truth !== undefined) cells.look({ truth: Number(truth), predicted: Number(predicted) });
    if (format !== undefined) {
      const file = await exportAs(format, /** @type {any} */ (list.curves), references[0]);
      download(file, `advdemo-sweep.${extension(file)}`);
      if (format !== extension(file)) say(status, "share.as_svg");
    }
    if (select !== undefined) list.select(Number(select));
    if (epsilon !== undefined) list.look(Number(epsilon));
    if (select !== undefined || epsilon !== undefined) lookAgain();
    if (remove !== undefined && !run.disabled) {
      list.remove(Number(remove));
      lookAgain();
      setState("done");
    }
  });

  for (const part of root.querySelectorAll(".if-repeated")) part.toggleAttribute("hidden", !reproduced);
  say(pick(".table-panel .note"), reproduced ? "sweep.table_note_repeated" : "sweep.table_note", { seeds: seeds ?? 0 });
  onLanguage(draw);
  settings.listen();
  const idle = { key: "sweep.idle", values: { attack: { key: `attacks.${attacks[0].name}` } } };
  const [saved] = list.curves;
  if (saved) setState("idle", "sweep.saved", { curve: saved.title, total: saved.images, idle });
  else setState("idle", idle.key, idle.values);
  draw();
}
