// The Learn tab: an article in reading order. Its figures are measured when they come into view, experiments and
// mistakes when they are run; buttons open the other tabs as they say.

import { openTab } from "../shared/link.js";
import { fillWords, makeSaying, namesIn } from "../shared/words.js";
import { makeChooser } from "./chooser.js";
import { makeContents } from "./contents.js";
import { makeExperiments } from "./experiments.js";
import { makeFigures } from "./figures.js";
import { makeMistakes } from "./mistakes.js";
import { drawTable } from "./table.js";

const READING = ["first", "fgsm", "pgd", "masking", "evaluation", "autoattack", "features", "bounds", "branch", "gan"];

// Fetched when a formula is shown. Without it browsers on systems that have no such font set indices on the line.
document.fonts.add(new FontFace("advdemo math", `url(${new URL("./math.woff", import.meta.url)})`));

/** @param {{element: HTMLElement, props: {figures: string, experiments: string, mistakes: string}}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".learn"));
  /** @param {string} selector */
  const part = (selector) => /** @type {HTMLElement} */ (root.querySelector(selector));
  const networks = JSON.parse(props.figures);
  fillWords(root);
  for (const sign of root.querySelectorAll("mo")) {
    if ("()|".includes(sign.textContent ?? "")) sign.setAttribute("stretchy", "false"); // or to the tallest of its row
  }
  makeContents(root);
  makeFigures(root, Object.keys(networks));
  makeExperiments(part(".experiments"), JSON.parse(props.experiments));
  drawTable(/** @type {HTMLTableElement} */ (part("table")), networks);
  makeMistakes(part(".mistakes"), JSON.parse(props.mistakes));
  makeChooser(root);
  part(".reading").append(...READING.map((name) => makeSaying("li", {}, `learn.read_${name}`)));
  part(".entries").append(
    ...namesIn("glossary")
      .filter((name) => name !== "this_epsilon")
      .map((name) => makeSaying("p", {}, `glossary.${name}`)),
  );
  root.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest("button"));
    const { open, tab } = button?.dataset ?? {};
    if (open !== undefined) openTab(tab ?? "explore", open);
  });
}
