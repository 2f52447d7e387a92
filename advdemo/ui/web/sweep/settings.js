// What can be measured: the choices of the boxes above the chart.

import { choose, make } from "../shared/dom.js";
import { onOpen, remember } from "../shared/link.js";
import { onNetwork } from "../shared/networks.js";
import { say } from "../shared/words.js";

export const PROOFS = ["intervals", "crown"]; // offered beside the attacks
const ALL = 10_000;
const COUNTS = [200, 500, 1000, 2000, 5000, ALL];
const FOR_SLOW = 1000; // images, where an attack takes many gradients an image and epsilon
const FOR_CROWN = 200;

/**
 * @param {Element} root
 * @param {number[]} epsilons
 * @param {{name: string, quick: boolean}[]} attacks
 * @param {() => void} onChange another attack or number of images
 */
export function fillSettings(root, epsilons, attacks, onChange) {
  const epsilonBox = /** @type {HTMLInputElement} */ (root.querySelector(".epsilons"));
  const attackBox = /** @type {HTMLSelectElement} */ (root.querySelector("select.attack"));
  const countBox = /** @type {HTMLSelectElement} */ (root.querySelector(".count"));
  epsilonBox.value = epsilons.join(", ");
  attackBox.append(...attacks.map(({ name }) => option(name, `attacks.${name}`)));
  const proofs = make("optgroup", {}, ...PROOFS.map((name) => option(name, `proof.${name}`)));
  say(proofs, "proof.proof", {}, "label");
  attackBox.append(proofs);
  countBox.append(
    ...COUNTS.map((count) => option(count, count === ALL ? "sweep.all_images" : "sweep.first_images", { count })),
  );
  countBox.value = String(ALL);
  attackBox.addEventListener("change", () => {
    if (Number(countBox.value) === ALL) countBox.value = String(fitting(attackBox.value, attacks));
    onChange();
  });
  countBox.addEventListener("change", onChange);
}

/**
 * Keep the settings in the address, and set them as a link has them.
 * @param {Element} root
 * @param {string} epsilons as they are at first
 */
export function followLinks(root, epsilons) {
  /** @param {string} name @returns {any} */
  const box = (name) => root.querySelector(name);
  const [network, attack, count, list] = ["select.network", "select.attack", ".count", ".epsilons"].map(box);
  const note = () =>
    remember(
      {
        model: network.value === "yours" ? "" : network.value, // one's own network no link can hold
        attack: attack.value,
        images: count.value,
        epsilons: list.value === epsilons ? "" : list.value,
      },
      "sweep",
    );
  root.addEventListener("change", note);
  onNetwork(note);
  onOpen((query) => {
    const state = new URLSearchParams(query);
    choose(network, state.get("model"));
    choose(attack, state.get("attack"));
    attack.dispatchEvent(new Event("change"));
    choose(count, state.get("images"));
    list.value = state.get("epsilons") ?? epsilons;
    count.dispatchEvent(new Event("change", { bubbles: true }));
  }, "sweep");
  note();
}

/**
 * What the boxes say, as a program has it; instead of epsilons that no sweep would take the usual ones.
 * @param {Element} root
 * @param {number[]} usual
 */
export function readSettings(root, usual) {
  /** @param {string} selector */
  const value = (selector) => /** @type {HTMLInputElement} */ (root.querySelector(selector)).value;
  const attack = value("select.attack");
  const epsilons = value(".epsilons")
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(Number);
  const usable = epsilons.length > 0 && epsilons.every((epsilon) => epsilon >= 0 && epsilon <= 1);
  return {
    model: value(".network"),
    attack,
    proof: PROOFS.includes(attack),
    count: Number(value(".count")),
    epsilons: usable ? [...new Set(epsilons)].sort((a, b) => a - b) : usual,
  };
}

/**
 * How many images take a visitor seconds rather than minutes.
 * @param {string} name
 * @param {{name: string, quick: boolean}[]} attacks
 */
function fitting(name, attacks) {
  if (name === "crown") return FOR_CROWN;
  return attacks.some((attack) => attack.name === name && !attack.quick) ? FOR_SLOW : ALL;
}

/** @param {string | number} value @param {string} key @param {import("../shared/words.js").Values} [values] */
function option(value, key, values) {
  const made = make("option", { value });
  say(made, key, values);
  return made;
}
