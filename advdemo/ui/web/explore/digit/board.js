// The board of MNIST digits: one sprite image, cells cut from it by CSS, no request for any of them.

import { make, press } from "../../shared/dom.js";
import { DIGITS } from "../../shared/numbers.js";
import { makeRoving } from "../../shared/roving.js";
import { say } from "../../shared/words.js";

const COLUMNS = 7;

/**
 * @typedef {object} Board
 * @property {string} sprite its address, relative to the page
 * @property {number} columns of the sprite
 * @property {string} digits "index:label:group,...", in sprite order; groups are the classes and "hardest"
 * @property {number} total images that a number can name
 */

/** @param {Element} root @param {Board} board @param {(index: number) => void} onPick */
export function makeBoard(root, board, onPick) {
  const cells = board.digits.split(",").map((entry, place) => {
    const [index, label, group] = entry.split(":");
    return { index: Number(index), label: Number(label), group, place };
  });
  const rows = Math.ceil(cells.length / board.columns);
  const grid = /** @type {Element} */ (root.querySelector(".board"));
  const filters = /** @type {Element} */ (root.querySelector(".filters"));
  /** @type {number | null} */
  let picked = null;
  let filtered = "all";

  /** @param {typeof cells[number]} cell */
  function drawCell({ index, label, place }) {
    const column = place % board.columns;
    const row = Math.floor(place / board.columns);
    const button = make("button", {
      type: "button",
      dataset: { index },
      style: {
        "background-image": `url(${board.sprite})`,
        "background-size": `${board.columns * 100}% ${rows * 100}%`,
        "background-position": `${(100 * column) / (board.columns - 1)}% ${(100 * row) / (rows - 1)}%`,
      },
    });
    say(button, "explore.cell", { index: String(index), label }, "aria-label");
    return button;
  }

  /** @param {string} filter */
  function show(filter) {
    filtered = filter;
    const shown =
      filter === "all"
        ? DIGITS.flatMap((digit) => cells.filter(({ group }) => group === String(digit)).slice(0, COLUMNS))
        : cells.filter(({ group }) => group === filter);
    grid.replaceChildren(...shown.map(drawCell));
    press(filters.children, ({ dataset }) => dataset.filter === filter);
    mark(picked);
  }

  /** @param {number | null} index */
  function mark(index) {
    picked = index;
    press(grid.children, ({ dataset }) => Number(dataset.index) === index);
  }

  for (const name of ["all", ...DIGITS.map(String), "hardest"]) {
    const button = make("button", { type: "button", dataset: { filter: name } });
    const named = name === "all" || name === "hardest";
    if (named) say(button, `explore.filter_${name}`);
    else button.textContent = name;
    say(button, named ? `explore.filter_${name}_title` : "explore.filter_digit_title", { digit: name }, "title");
    filters.append(button);
  }
  filters.addEventListener("click", ({ target }) => {
    const { filter } = /** @type {HTMLElement} */ (target).dataset;
    if (filter) show(filter);
  });
  grid.addEventListener("click", ({ target }) => {
    const { index } = /** @type {HTMLElement} */ (target).dataset;
    if (index) onPick(Number(index));
  });
  show("all");
  makeRoving(filters);
  makeRoving(grid);

  /** Any test image, or one of those the filter leaves. */
  function random() {
    const choice = cells.filter((cell) => cell.group === filtered);
    const place = Math.floor(Math.random() * (choice.length || board.total));
    return choice.length ? choice[place].index : place;
  }
  return { mark, random };
}
