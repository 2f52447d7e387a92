// The classic mistakes: the wrong lines beside the right ones, and what the server gets when it runs both.

import { make } from "../shared/dom.js";
import { inPercent, short } from "../shared/numbers.js";
import { paint } from "../shared/pixels.js";
import { askPatiently, isTrouble } from "../shared/server.js";
import { makeSaying, say, sayError } from "../shared/words.js";

/** @typedef {{wrong: string, right: string, both?: string}} Code */
/**
 * @typedef {object} Comparison
 * @property {number} images how many
 * @property {number} epsilon
 * @property {Record<string, [number, number]>} rows each figure with the wrong code and with the right
 * @property {Uint8Array | null} pictures 784 pixels each: the original, what the wrong code made, what the right
 * @property {number[] | null} reads what the network reads in them
 */

const SHARES = ["accuracy", "learnt", "confidence", "defended", "bare"];
const SIDES = /** @type {const} */ (["wrong", "right"]);

/** @param {Element} root @param {Record<string, Code>} mistakes */
export function makeMistakes(root, mistakes) {
  root.replaceChildren(...Object.entries(mistakes).map(([name, code]) => card(name, code)));
}

/** @param {string} name @param {Code} code */
function card(name, code) {
  const [title, intro, moral, status] = ["h3", "p", "p", "p"].map((tag) => make(tag));
  say(title, `mistakes.title_${name}`);
  say(intro, `mistakes.intro_${name}`);
  say(moral, `mistakes.moral_${name}`);
  status.className = "status";
  status.setAttribute("role", "status");
  const run = makeSaying("button", { type: "button", className: "plain" }, "mistakes.run");
  const result = make("div", { className: "stack result" });
  run.addEventListener("click", async () => {
    run.disabled = true;
    status.classList.remove("failed");
    say(status, "mistakes.running");
    const onTrouble = (/** @type {import("../shared/server.js").Trouble} */ trouble) => sayError(status, trouble);
    try {
      const found = await askPatiently("mistake", { name }, { onTrouble });
      result.replaceChildren(table(name, found), ...pictures(found));
      say(status, `mistakes.ran_${name}`, { images: found.images, epsilon: short(found.epsilon) });
    } catch (error) {
      if (!isTrouble(error)) throw error;
      status.classList.add("failed");
      sayError(status, error);
    }
    run.disabled = false;
  });
  const panes = SIDES.map((side) => pane(side, code));
  const shared = code.both ? [listing(code.both, "", "mistakes.both")] : [];
  return make(
    "section",
    { className: "panel", dataset: { mistake: name } },
    title,
    intro,
    ...panes,
    ...shared,
    make("div", { className: "row try" }, run),
    status,
    result,
    moral,
  );
}

/** One side's lines, those that the other has not in bold. @param {"wrong" | "right"} side @param {Code} code */
const pane = (side, code) => listing(code[side], code[side === "wrong" ? "right" : "wrong"], `mistakes.${side}`, side);

/** @param {string} source @param {string} other @param {string} key @param {string} [side] */
function listing(source, other, key, side = "") {
  const caption = makeSaying("figcaption", { className: "small" }, key);
  const known = other.split("\n");
  const lines = source
    .trimEnd()
    .split("\n")
    .map((line) => {
      const differs = other && !line.startsWith("def ") && !known.includes(line);
      return make(differs ? "mark" : "span", {}, `${line}\n`);
    });
  const block = make("pre", { tabIndex: 0 }, make("code", {}, ...lines));
  say(block, key, {}, "aria-label");
  return make("figure", { className: "listing", dataset: { side } }, caption, block);
}

/** @param {string} name @param {Comparison} found */
function table(name, { rows }) {
  /** @param {string} key @param {string} scope */
  const head = (key, scope) => {
    const cell = makeSaying("th", { scope }, key);
    return cell;
  };
  const columns = ["mistakes.figure", "mistakes.wrong", "mistakes.right"].map((key) => head(key, "col"));
  const body = Object.entries(rows).map(([figure, pair]) => {
    const cells = pair.map((value) => make("td", {}, SHARES.includes(figure) ? inPercent(value) : signed(value)));
    return make("tr", {}, head(`mistakes.row_${name}_${figure}`, "row"), ...cells);
  });
  return make("table", {}, make("thead", {}, make("tr", {}, ...columns)), make("tbody", {}, ...body));
}

/** @param {number} value */
const signed = (value) => value.toFixed(3).replace("-", "−");

/** @param {Comparison} found */
function pictures({ pictures: all, reads }) {
  if (!all || !reads) return [];
  const made = ["original", ...SIDES].map((side, place) => {
    const canvas = make("canvas", { width: 28, height: 28 });
    paint(canvas, (i) => all[784 * place + i]);
    const caption = make("figcaption", { className: reads[place] === reads[0] ? "" : "fooled" });
    const values = { side: { key: `mistakes.${side}` }, label: reads[place] };
    say(caption, "mistakes.read_as", values);
    canvas.setAttribute("role", "img");
    say(canvas, "mistakes.read_as", values, "aria-label");
    return make("figure", {}, canvas, caption);
  });
  return [make("div", { className: "row" }, ...made)];
}
