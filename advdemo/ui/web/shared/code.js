// "Show me the code": a disclosure at the foot of a view, with programs that make what the view shows. Nothing is
// composed while it is closed; the slider then changes one number in it.

import { make } from "./dom.js";
import { onLanguage, say, text } from "./words.js";

/** @typedef {import("../code/snippets.js").Part} Part */
/** @typedef {typeof import("../code/snippets.js")} Snippets */

const EPSILON = "\ue000"; // as in code/pieces.js
const TOKEN = /(#.*)|("(?:[^"\\\n]|\\.)*")|\b(import|from|def|for|in|if|else|while|return|as)\b|(\ue000)/g;
const KINDS = ["comment", "string", "keyword", "epsilon"];
const SHOWN_FOR = 4000; // milliseconds

/**
 * @param {Element} root
 * @param {(snippets: Snippets, note: import("../code/pieces.js").Note) => Promise<Part[]>} compose
 */
export function makeCode(root, compose) {
  const choices = make("div", { className: "segmented", role: "group" });
  const copy = make("button", { type: "button", className: "plain", dataset: { testid: "code-copy" } });
  const told = make("span", { className: "told", role: "status" });
  const shown = make("pre", { tabIndex: 0, role: "region", dataset: { testid: "code-text" } });
  const [title, hint, where] = [make("b"), make("span", { className: "note" }), make("p", { className: "note" })];
  const box = /** @type {HTMLDetailsElement} */ (
    make(
      "details",
      { className: "panel full fold code", dataset: { testid: "code" } },
      make("summary", {}, title, hint),
      make("div", { className: "row code-head" }, choices, copy, told),
      shown,
      where,
    )
  );
  say(title, "code.show");
  say(hint, "code.hint");
  say(where, "code.where");
  say(copy, "code.copy");
  say(choices, "code.which", {}, "aria-label");
  say(shown, "code.program", {}, "aria-label");
  root.append(box);

  /** @type {Part[]} */
  let parts = [];
  let chosen = "";
  let epsilon = "";
  /** @type {HTMLElement | null} */
  let number = null;
  let asked = 0;

  async function update() {
    if (!box.open) return;
    const mine = ++asked;
    const snippets = await import("../code/snippets.js");
    const made = await compose(snippets, (name, values) => text(`code.note_${name}`, values));
    if (mine !== asked) return; // something newer is to be shown
    parts = made;
    draw();
  }

  function draw() {
    const part = parts.find(({ name }) => name === chosen) ?? parts[0];
    choices.hidden = parts.length < 2;
    choices.replaceChildren(
      ...parts.map(({ name }) => {
        const button = make("button", { type: "button", dataset: { part: name } });
        button.setAttribute("aria-pressed", String(name === part?.name));
        say(button, `code.part_${name}`);
        return button;
      }),
    );
    shown.replaceChildren(...coloured(part?.code ?? ""));
    number = shown.querySelector(".epsilon");
    if (number) number.textContent = epsilon;
  }

  choices.addEventListener("click", (/** @type {MouseEvent} */ { target }) => {
    const { part } = /** @type {HTMLElement} */ (target).dataset;
    if (!part) return;
    chosen = part;
    draw();
    choices.querySelector('[aria-pressed="true"]')?.focus();
  });
  copy.addEventListener("click", async () => {
    say(told, (await copied(shown)) ? "code.copied" : "code.selected");
    setTimeout(() => told.replaceChildren(), SHOWN_FOR);
  });
  box.addEventListener("toggle", update);
  onLanguage(update);

  return {
    /** Something other than the slider was changed. */
    update,
    /** Where the slider stands. @param {number} value */
    tick(value) {
      epsilon = value.toFixed(3);
      if (number) number.textContent = epsilon;
    },
  };
}

/** A program as nodes. @param {string} code @returns {(Node | string)[]} */
function coloured(code) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    nodes.push(code.slice(end, match.index));
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
    nodes.push(make("span", { className: kind }, match[0] === EPSILON ? "" : match[0]));
    end = match.index + match[0].length;
  }
  return [...nodes, code.slice(end)];
}

/**
 * Whether the text of a node could be put on the clipboard; otherwise it is left selected. A frame may have no right
 * to the clipboard, and a page without https has none of the newer kind.
 * @param {Element} node
 */
async function copied(node) {
  try {
    await navigator.clipboard.writeText(node.textContent ?? "");
    return true;
  } catch {
    getSelection()?.selectAllChildren(node);
    return document.execCommand("copy");
  }
}
