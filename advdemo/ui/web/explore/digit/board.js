// The board of MNIST digits: their pixels come in one file, no request for any of them.

import { make, press } from "../../shared/dom.js";
import { inflate } from "../../shared/drawing.js";
import { DIGITS } from "../../shared/numbers.js";
import { paint } from "../../shared/pixels.js";
import { makeRoving } from "../../shared/roving.js";
import { fetchFile } from "../../shared/server.js";
import { say } from "../../shared/words.js";

const COLUMNS = 7;
const UNKNOWN = 0xffff;
const FEW = [3, 2, 1, 63, 4, 8, 11, 17, 61, 7]; // shown at first: one of each class

/**
 * @typedef {object} Board
 * @property {string} file the address, relative to the page, of 784 bytes for each digit, and of the proofs, deflated
 * @property {string} digits "index:label:group,...", in that order; groups are the classes and "hardest"
 * @property {number} total images that a number can name
 * @property {string[]} proofs the networks for which it tells how far each digit is certified
 */

/**
 * @param {Element} root
 * @param {Board} board
 * @param {() => boolean} isWhole all of it is shown, or a few
 * @param {(index: number) => void} onPick
 */
export function makeBoard(root, board, isWhole, onPick) {
  const cells = board.digits.split(",").map((entry, place) => {
    const [index, label, group] = entry.split(":");
    return { index: Number(index), label: Number(label), group, place };
  });
  let pixels = new Uint8Array(0); // of all cells, once they are inflated
  let steps = new Uint16Array(0); // certified, in steps of 0.0001, of all cells, for one network after the other
  const grid = /** @type {Element} */ (root.querySelector(".board"));
  const filters = /** @type {Element} */ (root.querySelector(".filters"));
  /** @type {number | null} */
  let picked = null;
  let filtered = "all";

  /** @param {typeof cells[number]} cell */
  function drawCell({ index, label, place }) {
    const canvas = make("canvas", { width: 28, height: 28 });
    paint(canvas, (i) => pixels[784 * place + i] ?? 0);
    const button = make("button", { type: "button", dataset: { index } }, canvas);
    say(button, "explore.cell", { index: String(index), label }, "aria-label");
    return button;
  }

  /** @param {string} filter */
  function show(filter) {
    filtered = filter;
    grid.classList.toggle("few", !isWhole());
    grid.replaceChildren(...shown(filter).map(drawCell));
    press(filters.children, ({ dataset }) => dataset.filter === filter);
    mark(picked);
  }

  /** @param {string} filter */
  function shown(filter) {
    if (!isWhole()) return FEW.map((index) => cells.find((cell) => cell.index === index) ?? cells[0]);
    if (filter !== "all") return cells.filter(({ group }) => group === filter);
    return DIGITS.flatMap((digit) => cells.filter(({ group }) => group === String(digit)).slice(0, COLUMNS));
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
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (target).closest("[data-index]"));
    if (cell) onPick(Number(cell.dataset.index));
  });
  makeRoving(filters);
  makeRoving(grid);
  show("all");
  const coming = fetchFile(board.file)
    .then((file) => inflate(new Uint8Array(file)))
    .then(
      (content) => {
        pixels = content.subarray(0, 784 * cells.length);
        steps = new Uint16Array(content.slice(pixels.length).buffer);
        show(filtered);
      },
      () => {}, // picks are then requests
    );

  /** Any test image, or one of those the filter leaves. */
  function random() {
    const choice = cells.filter((cell) => cell.group === filtered);
    const place = Math.floor(Math.random() * (choice.length || board.total));
    return choice.length ? choice[place].index : place;
  }

  /** A test image that is on the board. @param {number} index */
  function find(index) {
    const cell = cells.find((cell) => cell.index === index);
    return (
      cell && pixels.length > 0 && { image: pixels.slice(784 * cell.place, 784 * cell.place + 784), label: cell.label }
    );
  }

  /**
   * How far a digit is certified; null: the server has to tell.
   * @param {number | undefined} index @param {string[]} models
   */
  async function proved(index, models) {
    await coming;
    const place = cells.findIndex((cell) => cell.index === index);
    const known = models.map((name) => steps[cells.length * board.proofs.indexOf(name) + place] ?? UNKNOWN);
    return place < 0 || known.includes(UNKNOWN) ? null : known.map((step) => ({ proved: step / 10_000 }));
  }
  return { mark, random, find, proved, draw: () => show(filtered) };
}
