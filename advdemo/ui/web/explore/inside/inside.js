// Look inside: LeNet at work on the original and on the attacked picture, layer by layer, at every tick of the slider.

import { LAYERS } from "../../lenet/layers.js";
import { picker, press } from "../../shared/dom.js";
import { networkTitle } from "../../shared/networks.js";
import { isTrouble } from "../../shared/server.js";
import { hush, say } from "../../shared/words.js";
import { pixelsAt } from "../result/reading.js";
import { makeDetail } from "./detail.js";
import { makeScores } from "./scores.js";
import { change, makeStrip } from "./strips.js";

/** @typedef {import("../result/reading.js").Scan} Scan */
/** @typedef {import("./strips.js").Scale} Scale */

const SAMPLES = [0, 25, 50, 75, 100]; // steps of the slider whose numbers set the scales

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {() => Scan[]} page.scans
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} page.choices
 * @param {ReturnType<typeof import("../../lenet/lenets.js").makeLenets>} page.lenets
 * @param {() => number} page.step where the slider stands
 * @param {() => void} page.onToggle
 */
export function makeInside(root, { scans, choices, lenets, step, onToggle }) {
  const panel = /** @type {HTMLDetailsElement} */ (root.querySelector(".inside"));
  const pick = picker(panel);
  const strips = LAYERS.slice(0, -1).map((_, l) => makeStrip(pick(`[data-layers~="${l}"]`), l, point));
  const scores = makeScores(pick(".scores"), point);
  const detail = makeDetail(pick(".detail"), unpoint);
  const tabs = /** @type {NodeListOf<HTMLElement>} */ (panel.querySelectorAll(".inside-sides button"));

  let turn = 0; // of what is on screen
  let side = 0; // of a comparison
  /**
   * @type {{network: import("../../lenet/network.js").Network, scan: Scan, picture: Float32Array,
   *   clean: Float32Array[], scales: Scale[]} | null}
   */
  let view = null;
  /** @type {{l: number, unit: number} | null} */
  let pointed = null;

  /** There is another digit, attack or network. */
  async function receive() {
    const mine = ++turn;
    view = null;
    drawSides();
    if (!panel.open) return;
    if (choices.live()) return tell({ key: "inside.closed_box" });
    const { model } = choices.sides()[side];
    if (!lenets.known(model)) tell({ key: "inside.loading" });
    try {
      const network = await lenets.load(model);
      if (mine !== turn) return;
      if (network) look(network, scans()[side]);
      else tell({ key: "inside.other_layers", values: { network: networkTitle(model) } });
    } catch (error) {
      if (!isTrouble(error)) throw error;
      if (mine === turn) tell(error);
    }
  }

  /** @param {import("../../lenet/network.js").Network} network @param {Scan} scan */
  function look(network, scan) {
    const picture = pixelsAt(scan, 0);
    const clean = network.forward(picture);
    const samples = SAMPLES.map((at) => network.forward(pixelsAt(scan, at)));
    const scales = LAYERS.map((_, l) => ({
      most: Math.max(...samples.map((values) => values[l + 1].reduce((most, value) => Math.max(most, value), 0))),
      spread: Math.max(...samples.map((values) => distance(values[l + 1], clean[l + 1]))),
    }));
    view = { network, scan, picture, clean, scales };
    hush(pick(".inside-told"));
    panel.dataset.state = "shown";
    pick(".inside-rounded").hidden = !scan.frames;
    if (pointed) point(pointed.l, pointed.unit);
    else tick();
  }

  /** Everything that depends on epsilon. */
  function tick() {
    if (!view) return;
    const { network, scan, picture, clean, scales } = view;
    const attackedPicture = pixelsAt(scan, step());
    const attacked = network.forward(attackedPicture);
    strips.forEach((strip, l) => {
      strip.draw(clean[l + 1], attacked[l + 1], scales[l]);
    });
    scores.draw(clean[LAYERS.length], attacked[LAYERS.length], scan.label);
    pick(".picture-changed").textContent = change(picture, attackedPicture);
    pick(".scores-changed").textContent = change(clean[LAYERS.length], attacked[LAYERS.length]);
    if (!pointed) return;
    const { l, unit } = pointed;
    detail.draw(network.parameters, [picture, attackedPicture], [clean, attacked], scales, l, unit);
  }

  /** Show what a unit is made of. @param {number} l @param {number} unit */
  function point(l, unit) {
    for (const layer of [...strips, scores]) layer.unmark();
    [...strips, scores][l].mark(unit);
    pointed = { l, unit };
    pick(".detail").hidden = false;
    detail.point(l, unit);
    tick();
  }

  function unpoint() {
    for (const layer of [...strips, scores]) layer.unmark();
    pointed = null;
    pick(".detail").hidden = true;
  }

  /** @param {import("../../shared/words.js").Phrase} phrase in place of the layers */
  function tell({ key, values }) {
    delete panel.dataset.state;
    say(pick(".inside-told"), key, values);
  }

  function drawSides() {
    const sides = choices.sides();
    if (side >= sides.length) side = 0;
    pick(".inside-sides").hidden = sides.length < 2;
    sides.forEach((of, i) => {
      const { key, values } = choices.title(of);
      say(tabs[i], key, values);
    });
    press(tabs, (tab) => tab === tabs[side]);
  }

  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => {
      side = i;
      receive();
    });
  });
  panel.addEventListener("toggle", () => {
    receive();
    onToggle();
  });
  panel.addEventListener("keydown", ({ key }) => {
    if (key === "Escape") unpoint();
  });
  return {
    receive,
    tick,
    isOpen: () => panel.open,
    /** @param {boolean} open */
    open: (open) => {
      panel.open = open;
    },
  };
}

/** The largest difference. @param {Float32Array} values @param {Float32Array} others */
const distance = (values, others) => values.reduce((most, value, i) => Math.max(most, Math.abs(value - others[i])), 0);
