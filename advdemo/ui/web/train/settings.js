// How to train: the recipe, and what of it a visitor may change.

import { choose, picker } from "../shared/dom.js";
import { onOpen, remember } from "../shared/link.js";
import { option, say } from "../shared/words.js";
import { duration } from "./training.js";

const FIRST = "quick";
const NUMBERS = ["epochs", "rate", "seed"];

/**
 * @param {Element} root
 * @param {Record<string, any>} recipes by name
 * @param {number} seconds that a training may take
 */
export function makeSettings(root, recipes, seconds) {
  const pick = picker(root);
  const box = pick(".recipe");
  const fields = Object.fromEntries(NUMBERS.map((name) => [name, pick(`.${name}`)]));

  function showRecipe() {
    const recipe = recipes[box.value];
    fields.epochs.value = Math.min(recipe.epochs, recipe.cap);
    fields.epochs.max = recipe.cap;
    fields.rate.value = recipe.learning_rate;
    say(pick(".about"), "train.about", {
      about: { key: `recipes.${box.value}` },
      attacked: { key: recipe.epsilon && !recipe.certified ? "train.curves_attacked" : "train.quiet" },
      cap: recipe.epochs > recipe.cap ? { key: "train.cap", values: { cap: recipe.cap } } : "",
      limit: { key: "train.limit", values: { time: duration(seconds) } },
    });
  }

  function note() {
    const numbers = NUMBERS.map((name) => [name, fields[name].value]);
    remember({ recipe: box.value, ...Object.fromEntries(numbers) }, "train");
  }

  /** Set what a link says. @param {string} query */
  function open(query) {
    const state = new URLSearchParams(query);
    choose(box, state.get("recipe"));
    showRecipe();
    for (const [name, field] of Object.entries(fields)) {
      const before = field.value;
      field.value = state.get(name) ?? before; // what is no number leaves it empty
      if (!field.checkValidity()) field.value = before;
    }
    note();
  }

  box.append(...Object.keys(recipes).map((name) => option(name, `recipes.name_${name}`)));
  box.value = FIRST;
  box.addEventListener("change", showRecipe);
  root.addEventListener("change", note);
  showRecipe();
  onOpen(open, "train");
  note();

  return {
    /** Whether every number is there; the visitor is told of the first that is not. */
    complete() {
      const empty = Object.values(fields).find(({ validity }) => validity.valueMissing || validity.badInput);
      return !empty || empty.reportValidity();
    },
    /** As the server is asked for it. */
    read: () => ({
      recipe: box.value,
      epochs: Number(fields.epochs.value),
      learning_rate: Number(fields.rate.value),
      seed: Number(fields.seed.value),
    }),
  };
}
