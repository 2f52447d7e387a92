// The Learn tab: fills in the measured figures, and opens the Explore tab as a button says.

import { make } from "../shared/dom.js";
import { openTab } from "../shared/link.js";
import { inPercent } from "../shared/numbers.js";
import { fillWords, say } from "../shared/words.js";

/** @typedef {Record<string, number | null | undefined> | null} Figures accuracies in 0..1, and their conditions */

/** @param {{element: HTMLElement, props: {figures: string}}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".learn"));
  fillWords(root);
  drawTable(/** @type {HTMLTableElement} */ (root.querySelector("table")), JSON.parse(props.figures));
  root.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest("[data-open]"));
    if (button) openTab(button.dataset.tab ?? "explore", button.dataset.open ?? "");
  });
}

const ROWS = ["clean", "fgsm", "pgd", "bpda", "momentum", "square", "autoattack", "certified"];

/** @param {HTMLTableElement} table @param {Record<string, Figures>} networks their figures by name */
function drawTable(table, networks) {
  const names = Object.keys(networks).filter((name) => networks[name]);
  if (!names.length) return;
  // All were measured alike.
  /** @param {string} key */
  const values = (key) => names.map((name) => networks[name]?.[key] ?? null);
  /** @param {string} key */
  const shared = (key) => values(key).find((value) => value !== null);
  const epsilon = shared("epsilon");
  const at = epsilon ? { key: "learn.table_at", values: { epsilon: String(epsilon) } } : "";
  say(/** @type {Element} */ (table.caption), "learn.table", { at });
  /** @param {string} scope @param {string} key @param {import("../shared/words.js").Values} [values] */
  const head = (scope, key, values) => {
    const cell = make("th", { scope });
    say(cell, key, values);
    return cell;
  };
  const titles = names.map((name) => head("col", `networks.${name}`));
  table.tHead?.rows[0].replaceChildren(head("col", "learn.table_attack"), ...titles);
  table.tBodies[0].replaceChildren(
    ...ROWS.filter((key) => values(key).some((share) => share !== null)).map((key) => {
      const shares = values(key).map((share) => make("td", {}, share === null ? "–" : inPercent(share)));
      const name = head("row", `learn.row_${key}`, { images: shared("autoattack_images") ?? 10_000 });
      return make("tr", {}, name, ...shares);
    }),
  );
  table.hidden = false;
}
