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

/** @param {HTMLTableElement} table @param {{standard: Figures, robust?: Figures}} figures */
function drawTable(table, { standard, robust = null }) {
  const measured = [standard, robust];
  if (!measured.some(Boolean)) return;
  // Both networks were measured alike.
  /** @param {string} key */
  const shared = (key) =>
    measured.map((figures) => figures?.[key]).find((value) => value !== null && value !== undefined);
  const epsilon = shared("epsilon");
  const at = epsilon ? { key: "learn.table_at", values: { epsilon: String(epsilon) } } : "";
  say(/** @type {Element} */ (table.caption), "learn.table", { at });
  table.tBodies[0].replaceChildren(
    ...["clean", "fgsm", "pgd", "autoattack"].map((key) => {
      const name = make("th", { scope: "row" });
      say(name, `learn.row_${key}`, { images: shared("autoattack_images") ?? 10_000 });
      const shares = measured.map((figures) => figures?.[key]);
      return make("tr", {}, name, ...shares.map((share) => make("td", {}, share == null ? "–" : inPercent(share))));
    }),
  );
  table.hidden = false;
}
