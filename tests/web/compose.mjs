// Programs as the page composes them: {pieces, wanted: [{view, state}]} from standard input, a list of programs for each
// to output.

import { readFileSync } from "node:fs";
import { explore, forgeries, sweep } from "../../advdemo/ui/web/code/compose.js";

const words = JSON.parse(readFileSync(new URL("../../advdemo/ui/words/en.json", import.meta.url), "utf8")).code;
const views = { explore, forgeries, sweep };
const { pieces, wanted } = JSON.parse(readFileSync(0, "utf8"));
globalThis.fetch = async () => Response.json(pieces);

function note(name) {
  if (!(`note_${name}` in words)) throw new Error(`no words for the comment ${name}`);
  return words[`note_${name}`];
}
const made = wanted.map(({ view, state }) => {
  const painting = state.painting && Int8Array.from(state.painting);
  return views[view]({ ...state, painting, image: Uint8Array.from(state.image ?? []) }, note);
});
console.log(JSON.stringify(await Promise.all(made)));
