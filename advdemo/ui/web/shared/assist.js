// What every tab owes to keyboards and screen readers. Boxes that scroll can be reached by Tab; of a text that keeps
// changing, data-announce, only where it comes to rest is read out. Terms explain themselves.

import { make } from "./dom.js";
import { reachTerms } from "./glossary.js";

const REST = 700; // milliseconds without a change
const RUN = 10_000; // milliseconds from one announcement to the next while a run goes on
const RUNNING = '[data-state="running"], [data-state="playing"]';
const CONTROLS = "a, button, input, select, [tabindex]";

/** @param {Element} root a tab */
export function assist(root) {
  reachTerms(root);
  for (const box of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("*"))) {
    const reached = box.hasAttribute("tabindex"); // whose content comes later says itself that it will scroll
    if (!reached && ["auto", "scroll"].includes(getComputedStyle(box).overflowX)) reach(box);
    if (box.matches("[data-announce]")) announce(box);
  }
}

// Not every browser lets Tab reach a box that scrolls.
/** @param {HTMLElement} box */
function reach(box) {
  const observer = new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth && !box.querySelector(CONTROLS)) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
  for (const part of [box, ...box.children]) observer.observe(part);
}

/** @param {HTMLElement} box */
function announce(box) {
  const voice = make("p", { className: "unseen", role: "status" });
  box.after(voice);
  let timer = 0;
  let last = -Infinity;
  new MutationObserver(() => {
    const running = box.closest(RUNNING) !== null;
    if (running && timer) return;
    clearTimeout(timer);
    timer = setTimeout(speak, running ? Math.max(REST, last + RUN - performance.now()) : REST);
  }).observe(box, { childList: true, characterData: true, subtree: true });

  function speak() {
    timer = 0;
    last = performance.now();
    const words = box.checkVisibility() ? (box.textContent ?? "") : "";
    if (words !== voice.textContent) voice.textContent = words;
  }
}
