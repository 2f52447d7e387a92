// The article's table of contents: beside the text where there is room, folded above it on a phone.

import { make } from "../shared/dom.js";
import { onOpen, remember } from "../shared/link.js";
import { makeSaying } from "../shared/words.js";

const WIDE = matchMedia("(min-width: 1000px)"); // as style.css has it

/** @param {HTMLElement} root */
export function makeContents(root) {
  const fold = /** @type {HTMLDetailsElement} */ (root.querySelector(".contents"));
  const parts = /** @type {HTMLElement[]} */ ([...root.querySelectorAll("[data-part]")]);
  const links = parts.map((part) => {
    const name = part.dataset.part ?? "";
    const link = makeSaying("a", { href: `#tab=learn&part=${name}`, dataset: { to: name } }, `learn.${name}_title`);
    return link;
  });
  fold.append(make("ol", {}, ...links.map((link) => make("li", {}, link))));
  fold.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-to]"));
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    fold.open = WIDE.matches;
    remember({ part: link.dataset.to }, "learn");
    show(link.dataset.to);
  });

  /** @param {string | null} [name] */
  function show(name) {
    const part = parts.find(({ dataset }) => dataset.part === name);
    if (!part) return;
    part.scrollIntoView();
    /** @type {HTMLElement} */ (part.querySelector("h2")).focus({ preventScroll: true });
  }

  const shape = () => {
    fold.open = WIDE.matches;
  };
  WIDE.addEventListener("change", shape);
  shape();
  const reading = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        const { part } = /** @type {HTMLElement} */ (target).dataset;
        for (const link of links) {
          if (link.dataset.to === part) link.setAttribute("aria-current", "location");
          else link.removeAttribute("aria-current");
        }
      }
    },
    { rootMargin: "-20% 0px -79% 0px" },
  );
  for (const part of parts) reading.observe(part);
  onOpen((query) => requestAnimationFrame(() => show(new URLSearchParams(query).get("part"))), "learn");
}
