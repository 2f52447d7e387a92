// What stands behind "More": parts of the page that a first visit does not need. How they were left is remembered.

import { keep, recall } from "../shared/memory.js";
import { say } from "../shared/words.js";

const MEMORY = "more";

/** @param {HTMLElement} root @param {(part: string) => void} onToggle */
export function makeMore(root, onToggle) {
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (root.querySelectorAll("[data-opens]"));
  const open = new Set((recall(MEMORY) ?? "").split(" ").filter(Boolean));

  function draw() {
    root.dataset.opened = [...open].join(" ");
    for (const button of buttons) {
      const { opens = "", more = "", less = "" } = button.dataset;
      button.setAttribute("aria-expanded", String(open.has(opens)));
      say(button, open.has(opens) ? less : more);
    }
  }

  for (const button of buttons) {
    button.addEventListener("click", () => {
      const part = button.dataset.opens ?? "";
      if (!open.delete(part)) open.add(part);
      keep(MEMORY, [...open].join(" "));
      draw();
      onToggle(part);
    });
  }
  draw();
  return {
    /** @param {string} part */
    isOpen: (part) => open.has(part),
    /** For this visit. */
    openAll() {
      for (const { dataset } of buttons) open.add(dataset.opens ?? "");
      draw();
      for (const part of open) onToggle(part);
    },
  };
}
