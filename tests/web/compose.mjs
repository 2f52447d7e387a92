// Programs as the page composes them: [{view, state}] from standard input, a list of {name, code} for each to output.

import { readFileSync } from "node:fs";
import { explore, forgeries, sweep } from "../../advdemo/ui/web/code/snippets.js";

const words = JSON.parse(readFileSync(new URL("../../advdemo/ui/words/en.json", import.meta.url), "utf8")).code;
const note = (name, values = {}) => words[`note_${name}`].replace(/\{(\w+)\}/g, (_, value) => String(values[value]));
const views = { explore, forgeries, sweep };
const wanted = JSON.parse(readFileSync(0, "utf8"));
const made = wanted.map(({ view, state }) =>
  views[view]({ ...state, image: Uint8Array.from(state.image ?? []) }, note),
);
console.log(JSON.stringify(await Promise.all(made)));
