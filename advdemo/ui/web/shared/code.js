// "Show me the code": a disclosure at the foot of a view, with programs that make what the view shows. Nothing is
// composed while it is closed; the slider then changes one number in it.

import { make } from "./dom.js";
import { onLanguage, say, text } from "./words.js";

/** @typedef {import("../code/compose.js").Program} Program */
/** @typedef {typeof import("../code/compose.js")} Composer */

const EPSILON = "\ue000"; // as in code/compose.js
const PACKAGES = { "from art": "adversarial-robustness-toolbox", "from torchattacks": "torchattacks" };
const TOKEN = /(#.*)|("(?:[^"\\\n]|\\.)*")|\b(import|from|class|def|for|in|if|else|while|return|as)\b|(\ue000)/g;
const KINDS = ["comment", "string", "keyword", "epsilon"];
const SHOWN_FOR = 4000; // milliseconds

/**
 * @param {Element} root
 * @param {(composer: Composer, note: import("../code/compose.js").Note) => Promise<Program[]>} compose
 */
export function makeCode(root, compose) {
  const [choices, ways] = [0, 1].map(() => make("div", { className: "segmented", role: "group" }));
  const copy = make("button", { type: "button", className: "plain", dataset: { testid: "code-copy" } });
  const told = make("span", { className: "told", role: "status" });
  const shown = make("pre", { tabIndex: 0, role: "region", dataset: { testid: "code-text" } });
  const [title, hint, where] = [make("b"), make("span", { className: "note" }), make("p", { className: "note" })];
  const box = /** @type {HTMLDetailsElement} */ (
    make(
      "details",
      { className: "panel fold code", dataset: { testid: "code" } },
      make("summary", {}, title, hint),
      make("div", { className: "code-head" }, choices, ways, copy, told),
      shown,
      where,
    )
  );
  say(title, "code.show");
  say(hint, "code.hint");
  say(copy, "code.copy");
  say(choices, "code.which", {}, "aria-label");
  say(ways, "code.how", {}, "aria-label");
  say(shown, "code.program", {}, "aria-label");
  root.append(box);

  /** @type {Program[]} */
  let programs = [];
  let chosen = "";
  let way = "plain";
  let epsilon = "";
  /** @type {HTMLElement | null} */
  let number = null;
  let asked = 0;

  async function update() {
    if (!box.open) return;
    const mine = ++asked;
    const composer = await import("../code/compose.js");
    const made = await compose(composer, (name) => text(`code.note_${name}`));
    if (mine !== asked) return; // something newer is to be shown
    programs = made;
    draw();
  }

  function draw() {
    const program = programs.find(({ name }) => name === chosen) ?? programs[0];
    const names = programs.map(({ name }) => name);
    offer(choices, names, program.name, "part", (name) => `code.part_${name}`);
    offer(ways, program.toolkit ? ["plain", "toolkit"] : [], way, "how", (name) => `code.how_${name}`);
    const code = (way === "toolkit" && program.toolkit) || program.code;
    const needed = Object.entries(PACKAGES).find(([line]) => code.includes(`\n${line}`));
    where.hidden = /^#.*\n$/.test(code); // nothing but a remark
    if (needed) say(where, "code.where_toolkit", { package: needed[1] });
    else say(where, "code.where");
    shown.replaceChildren(...coloured(code));
    number = shown.querySelector(".epsilon");
    if (number) number.textContent = epsilon;
  }

  choices.addEventListener("click", (/** @type {MouseEvent} */ { target }) => {
    const { part } = /** @type {HTMLElement} */ (target).dataset;
    if (part) choose(choices, () => (chosen = part));
  });
  ways.addEventListener("click", (/** @type {MouseEvent} */ { target }) => {
    const { how } = /** @type {HTMLElement} */ (target).dataset;
    if (how) choose(ways, () => (way = how));
  });

  /** @param {HTMLElement} group @param {() => void} change */
  function choose(group, change) {
    change();
    draw();
    /** @type {HTMLElement | null} */ (group.querySelector('[aria-pressed="true"]'))?.focus();
  }
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

/**
 * Buttons of which one is pressed; none where there is nothing to choose.
 * @param {HTMLElement} group
 * @param {string[]} names
 * @param {string} pressed
 * @param {"part" | "how"} what
 * @param {(name: string) => string} wordsOf
 */
function offer(group, names, pressed, what, wordsOf) {
  group.hidden = names.length < 2;
  group.replaceChildren(
    ...names.map((name) => {
      const button = make("button", { type: "button", dataset: { [what]: name } });
      button.setAttribute("aria-pressed", String(name === pressed));
      say(button, wordsOf(name));
      return button;
    }),
  );
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
