// What can be measured: the choices of the boxes above the chart.

import { make } from "../shared/dom.js";
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
