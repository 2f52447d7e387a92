// The card of threat models: three choices, one advice.

import { make, press } from "../shared/dom.js";
import { makeSaying } from "../shared/words.js";
import { advise, CHOICES } from "./threats.js";

/** @typedef {keyof typeof CHOICES} Part */

/** @param {Element} root */
export function makeChooser(root) {
  const list = /** @type {Element} */ (root.querySelector(".threats"));
  const advice = /** @type {Element} */ (root.querySelector(".advice"));
  /** @type {any} */
  const threat = { knows: "weights", wants: "any", may: "pixels" };

  for (const part of /** @type {Part[]} */ (Object.keys(CHOICES))) {
    const term = makeSaying("b", { id: `threat-${part}` }, `learn.${part}`);
    const buttons = CHOICES[part].map((value) => {
      const button = makeSaying(
        "button",
        { type: "button", className: "pill", dataset: { part, value } },
        `learn.${part}_${value}`,
      );
      return button;
    });
    const group = make("div", { className: "row pills" }, ...buttons);
    group.setAttribute("role", "group");
    group.setAttribute("aria-labelledby", term.id);
    list.append(term, group);
  }

  list.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-part]"));
    if (!button) return;
    threat[button.dataset.part ?? ""] = button.dataset.value;
    draw();
  });

  function draw() {
    press(list.querySelectorAll("[data-part]"), ({ dataset }) => threat[dataset.part] === dataset.value);
    const { name, tab, open } = advise(threat);
    const words = makeSaying("p", {}, `learn.advice_${name}`);
    advice.replaceChildren(words);
    if (!open) return;
    const button = makeSaying(
      "button",
      { type: "button", className: "plain", dataset: { open, ...(tab ? { tab } : {}) } },
      tab ? "learn.try_there" : "learn.try_it",
    );
    advice.append(button);
  }
  draw();
}
