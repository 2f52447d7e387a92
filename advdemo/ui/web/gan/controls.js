// What a visitor sets of the game: where it begins and how fast it goes, who learns, and two ways to break it.

import { choose, picker, press } from "../shared/dom.js";
import { onOpen, remember } from "../shared/link.js";
import { option, say, sayError } from "../shared/words.js";

const PACES = [0, 10, 3, 1]; // steps a second; 0 is as fast as it goes

/**
 * @param {HTMLElement} root
 * @param {any} setup
 * @param {object} page
 * @param {(mostSteps: number | null) => void} page.play
 * @param {(paused: boolean) => void} page.steer tell the game what is set
 * @param {() => void} page.stop
 * @param {() => void} page.onAlter who learns, or a switch, was changed
 */
export function makeControls(root, setup, { play, steer, stop, onAlter }) {
  const pick = picker(root);
  const [run, pause, step, end, status] = ["#gan-run", "#gan-pause", "#gan-step", "#gan-stop", ".status"].map(pick);
  const [start, pace, greedy, giant] = [".start", ".pace", ".greedy", ".giant"].map(pick);
  const learners = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-who]"));
  /** @type {import("./story.js").Learner} */
  let who = "both";

  start.append(...setup.starts.map((/** @type {string} */ name) => option(name, `gan.start_${name}`)));
  pace.append(...PACES.map((steps) => option(steps, steps ? "gan.pace_steps" : "gan.pace_full", { count: steps })));
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) pace.value = "1";
  say(pick(".greedy-name"), "gan.greedy", { count: setup.greed });
  say(pick(".giant-name"), "gan.giant", { count: setup.giant });

  /** @param {string | undefined | null} learner */
  function draw(learner) {
    who = learner === "generator" || learner === "discriminator" ? learner : "both";
    press(learners, ({ dataset }) => dataset.who === who);
    const key = giant.checked ? "giant" : greedy.checked && who !== "discriminator" ? "greedy" : who;
    say(pick(".expect"), `gan.expect_${key}`, { greed: setup.greed });
    if (root.dataset.state === "idle") setState("idle", idle());
    note();
  }

  function idle() {
    if (!setup.enabled) return "gan.off";
    const usual = start.value === "nothing" && who === "both" && !greedy.checked && !giant.checked;
    return usual ? "gan.idle" : "gan.idle_changed";
  }

  /** @param {string | undefined | null} learner */
  function alter(learner) {
    draw(learner);
    onAlter();
    steer(false);
  }

  const note = () =>
    remember(
      {
        start: start.value,
        pace: pace.value,
        who: who === "both" ? "" : who,
        greedy: greedy.checked || "",
        giant: giant.checked || "",
      },
      "gan",
    );

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "gan.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "playing" || !setup.enabled;
    step.disabled = run.disabled;
    pause.disabled = state !== "playing";
    end.disabled = state === "idle";
    start.disabled = state !== "idle";
    status.classList.remove("failed");
    say(run, state === "paused" ? "gan.go_on" : "gan.play");
    say(status, key, values);
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    status.classList.add("failed");
    sayError(status, trouble);
  }

  run.addEventListener("click", () => play(null));
  step.addEventListener("click", () => play(1));
  pause.addEventListener("click", () => steer(true));
  end.addEventListener("click", stop);
  start.addEventListener("change", () => draw(who));
  pace.addEventListener("change", () => {
    note();
    steer(false);
  });
  for (const box of [greedy, giant]) box.addEventListener("change", () => alter(who));
  for (const button of learners) button.addEventListener("click", () => alter(button.dataset.who));
  draw(who);

  return {
    setState,
    showTrouble,
    start: () => start.value,
    settings: () => ({ who, pace: Number(pace.value), greedy: greedy.checked, giant: giant.checked }),
    /** Set what a link says. */
    listen: () =>
      onOpen((query) => {
        const state = new URLSearchParams(query);
        if (root.dataset.state !== "idle") stop();
        choose(start, state.get("start"));
        choose(pace, state.get("pace"));
        greedy.checked = state.has("greedy");
        giant.checked = state.has("giant");
        alter(state.get("who"));
      }, "gan"),
  };
}
