// Terms that explain themselves. Whatever carries data-term="epsilon" shows that entry of the glossary, the words'
// section of this name, when it is pointed at, tapped or reached by Tab; Escape takes it away. Beside data-term,
// data-epsilon="0.2" adds what this ε means. One box and one set of listeners serve the whole page.

import { make } from "./dom.js";
import { makeSaying, onLanguage } from "./words.js";

const TERM = "[data-term]";
const CONTROL = "a, button, select, input, summary"; // has a use for a tap and is reached by Tab as it is
const PAUSE = 200; // milliseconds: who only crosses a term is not stopped, and who moves into the box keeps it
const GAP = 8; // pixels

const box = make("div", { id: "glossary", className: "glossary", popover: "manual", role: "tooltip" });
/** @type {HTMLElement | null} */
let shown = null;
let timer = 0;

/** Let Tab reach the terms of a part of the page that are no controls. @param {ParentNode} root */
export function reachTerms(root) {
  for (const term of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(TERM))) {
    if (!term.closest(CONTROL)) term.tabIndex = 0;
  }
}

/** @param {HTMLElement} term */
function show(term) {
  clearTimeout(timer);
  if (term !== shown) hide();
  const { term: name, epsilon } = term.dataset;
  box.replaceChildren(makeSaying("p", {}, `glossary.${name}`));
  if (epsilon) {
    const share = `${+(100 * +epsilon).toFixed(2)}%`;
    box.append(makeSaying("p", {}, "glossary.this_epsilon", { epsilon, share }));
  }
  if (!box.isConnected) document.body.append(box);
  box.showPopover();
  shown = term;
  term.setAttribute("aria-describedby", box.id);
  place();
}

function hide() {
  clearTimeout(timer);
  shown?.removeAttribute("aria-describedby");
  shown = null;
  if (box.matches(":popover-open")) box.hidePopover();
}

/** Under the term, or above it where there is no room, and always within the window. */
function place() {
  if (!shown?.checkVisibility()) return hide();
  const [first, last] = [...shown.getClientRects()].filter((_, i, { length }) => i === 0 || i === length - 1);
  const { top, left } = first;
  const below = (last ?? first).bottom + GAP;
  const room = document.documentElement.clientWidth - box.offsetWidth - GAP;
  const fits = below + box.offsetHeight <= innerHeight - GAP;
  box.style.left = `${Math.max(GAP, Math.min(left, room))}px`;
  box.style.top = `${fits ? below : Math.max(GAP, top - box.offsetHeight - GAP)}px`;
}

/** @param {Event} event @returns {HTMLElement | null} */
const termOf = ({ target }) => (target instanceof Element ? target.closest(TERM) : null);
/** @param {() => void} work */
function later(work) {
  clearTimeout(timer);
  timer = setTimeout(work, PAUSE);
}

addEventListener("pointerover", (event) => {
  if (event.pointerType === "touch") return;
  const term = termOf(event);
  if (term && term !== shown) later(() => show(term));
  else if (term || box.contains(/** @type {Node} */ (event.target))) clearTimeout(timer);
  else if (shown !== document.activeElement) later(hide);
});
addEventListener("click", (event) => {
  const term = termOf(event);
  if (box.contains(/** @type {Node} */ (event.target))) return;
  if (!term || term.closest(CONTROL)) hide();
  else setTimeout(show, 0, term); // after a label has handed the focus on
});
addEventListener("focusin", (event) => {
  const term = termOf(event);
  if (term?.matches(":focus-visible")) show(term);
});
addEventListener("focusout", (event) => {
  if (termOf(event) === shown) hide();
});
addEventListener("keydown", ({ key }) => {
  if (key === "Escape") hide();
});
addEventListener("scroll", () => shown && place(), { capture: true, passive: true });
addEventListener("resize", () => shown && place());
onLanguage(hide);
