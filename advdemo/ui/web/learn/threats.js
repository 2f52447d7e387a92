// Who knows what, wants what and may do what: which attack to try.

/** @typedef {"weights" | "scores" | "label" | "nothing"} Knows */
/** @typedef {"any" | "target"} Wants */
/** @typedef {"pixels" | "draw" | "other"} May */
/** @typedef {{knows: Knows, wants: Wants, may: May}} Threat */

/** @type {{[part in keyof Threat]: Threat[part][]}} */
export const CHOICES = {
  knows: ["weights", "scores", "label", "nothing"],
  wants: ["any", "target"],
  may: ["pixels", "draw", "other"],
};

/** What to open, by the name of the advice. @type {Record<string, {tab?: string, open: string}>} */
const TRIES = {
  weights_any: { open: "index=0&attack=pgd&epsilon=0.2" },
  weights_target: { open: "index=0&attack=pgd&target=5&epsilon=0.2" },
  scores_any: { open: "index=0&attack=blackbox&answers=scores&epsilon=0.2" },
  scores_target: { open: "index=0&attack=blackbox&answers=scores&target=5&epsilon=0.3" },
  label_any: { open: "index=0&attack=blackbox&answers=label&epsilon=0.2" },
  label_target: { open: "index=0&attack=blackbox&answers=label&epsilon=0.2" },
  nothing_any: { tab: "sweep", open: "model=standard&attack=pgd" },
  nothing_target: { open: "index=0&attack=dim&target=5&epsilon=0.3" },
  draw: { open: "generate=3.5.20.-10" },
};

/**
 * The name of the advice, and what shows it, if anything here does.
 * @param {Threat} threat
 * @returns {{name: string, tab?: string, open?: string}}
 */
export function advise({ knows, wants, may }) {
  const name =
    may === "other" ? "other" : may === "pixels" ? `${knows}_${wants}` : knows === "weights" ? "draw" : "draw_blind";
  return { name, ...TRIES[name] };
}
