// The GAN tab: the game of forger and detective. The server plays and shows; the pair comes here when it pauses, and
// goes along to play on.

import { drawChart } from "../shared/chart.js";
import { makeCode } from "../shared/code.js";
import { choose, make } from "../shared/dom.js";
import { download } from "../shared/download.js";
import { useForger } from "../shared/forger.js";
import { onOpen, openInExplore, remember } from "../shared/link.js";
import { numeral, thinned } from "../shared/numbers.js";
import { bytes } from "../shared/pixels.js";
import { isTrouble } from "../shared/server.js";
import { fillWords, onLanguage, say, sayError, text } from "../shared/words.js";
import { makeGame } from "./game.js";
import { makeGrid } from "./grid.js";
import { happened } from "./story.js";

const PACES = [0, 10, 3, 1]; // steps a second; 0 is as fast as it goes
const MOST_POINTS = 300; // of a curve

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".gan"));
  /** @param {string} selector @returns {any} */
  const pick = (selector) => root.querySelector(selector);
  const setup = JSON.parse(props.setup);
  const [run, pause, step, stop] = ["#gan-run", "#gan-pause", "#gan-step", "#gan-stop"].map(pick);
  const [start, pace, greedy, giant] = [".start", ".pace", ".greedy", ".giant"].map(pick);
  const forgeries = makeGrid(pick(".forgeries"), 30, 10);
  const real = makeGrid(pick(".digits.real"), 20, 10);

  /** @type {import("./story.js").View[]} */
  let views = [];
  let changed = 0; // how many views there were when who learns, or a switch, was changed last
  let stretches = 0; // seconds of play before this stretch
  /** @type {import("../shared/forger.js").Forger | null} the pair, while the game is paused */
  let pair = null;
  /** @type {import("./story.js").Learner} */
  let who = "both";

  // ---- Playing -----------------------------------------------------------------------------------------------

  const game = makeGame({
    settings: () => ({ who, pace: Number(pace.value), greedy: greedy.checked, giant: giant.checked }),
    onBegin(kept) {
      goBack(kept);
      setState("playing", "gan.starting");
    },
    onMessage: receive,
    onTrouble: showTrouble,
  });

  /** @param {number | null} mostSteps */
  async function play(mostSteps) {
    try {
      const ended = await game.play(start.value, pair, mostSteps);
      if (ended) setState("paused", mostSteps ? "gan.stepped" : "gan.paused", { count: pair?.steps ?? 0 });
    } catch (error) {
      if (!isTrouble(error)) throw error;
      putDown(game.kept);
      showTrouble(error);
    }
  }

  /** @param {boolean} [paused] */
  async function steer(paused = false) {
    if (root.dataset.state === "playing" && !(await game.steer(paused)) && paused) putDown(game.kept);
  }

  /** Show no more of the game than led to this pair. @param {import("../shared/forger.js").Forger | null} kept */
  function goBack(kept) {
    views = views.filter(({ steps }) => kept && steps <= kept.steps);
    changed = Math.min(changed, views.length);
    stretches = views[views.length - 1]?.seconds ?? 0;
  }

  /** Pause with this pair, or stop without one. @param {import("../shared/forger.js").Forger | null} kept */
  function putDown(kept) {
    game.stop();
    pair = kept;
    if (pair) goBack(pair);
    setState(pair ? "paused" : "idle", pair ? "gan.paused" : "gan.stopped", { count: pair?.steps ?? 0 });
    draw();
    drawPair();
  }

  const halt = () => putDown(null);

  /** @param {any} message */
  function receive({ ahead, update, pair: ended }) {
    if (ahead) return setState("playing", "gan.ahead", { count: ahead });
    if (ended) {
      pair = ended;
      return drawPair();
    }
    if (pair) {
      pair = null; // what goes on is no longer it
      drawPair();
    }
    views.push({ ...update, seconds: stretches + update.seconds });
    if (views.length === 1) code.update(); // no longer the shipped pair's
    setState("playing", "gan.playing");
    draw();
  }

  /** @param {import("../shared/server.js").Trouble} trouble */
  function showTrouble(trouble) {
    pick(".status").classList.add("failed");
    sayError(pick(".status"), trouble);
  }

  /** @param {string} state @param {string} [key] @param {import("../shared/words.js").Values} [values] */
  function setState(state, key = "gan.quiet", values = {}) {
    root.dataset.state = state;
    run.disabled = state === "playing" || !setup.enabled;
    step.disabled = run.disabled;
    pause.disabled = state !== "playing";
    stop.disabled = state === "idle";
    start.disabled = state !== "idle";
    pick(".status").classList.remove("failed");
    say(run, state === "paused" ? "gan.go_on" : "gan.play");
    say(pick(".status"), key, values);
  }

  // ---- Drawing -----------------------------------------------------------------------------------------------

  function draw() {
    const view = views[views.length - 1] ?? setup.first;
    if (!view) return;
    forgeries.paint(bytes(view.forgeries, Uint8Array));
    forgeries.judge(view.opinions, "forgery");
    real.judge(view.real_opinions, "real");
    const percent = (/** @type {number} */ share) => `${Math.round(100 * share)}%`;
    say(pick(".read"), "gan.read", { share: percent(view.read) });
    say(pick(".variety"), "gan.variety", { share: percent(view.variety) });
    pick(".variety").dataset.variety = view.variety.toFixed(3);
    const story = views.length ? happened(views, changed) : { key: setup.first ? "gan.first" : "gan.quiet" };
    if (story) say(pick(".happened"), story.key, story.values);
    const steps = view.steps ?? 0;
    pick(".steps").dataset.steps = steps;
    say(pick(".steps"), views.length ? "gan.counts" : setup.example ? "gan.example_curves" : "gan.quiet", {
      seed: setup.example?.seed,
      steps: numeral(steps),
      images: numeral(steps * 32),
      seconds: Math.round(view.seconds ?? 0),
    });
    drawCurves();
  }

  function drawCurves() {
    /** @type {{steps: number, real: number | null, fake: number | null, read: number, variety: number}[]} */
    const shown = views.length
      ? thinned(views.length, MOST_POINTS).map((place) => views[place])
      : (setup.example?.views ?? []);
    const most = Math.max(10, shown[shown.length - 1]?.steps ?? 0);
    const least = shown[0]?.steps ?? 0;
    const x = {
      min: least,
      max: Math.max(most, least + 10),
      ticks: [least, Math.max(most, least + 10)],
      text: numeral,
    };
    const y = { max: 1, ticks: [0, 0.5, 1], text: (/** @type {number} */ share) => `${100 * share}%` };
    /** @param {"real" | "fake" | "read" | "variety"} name @returns {[number, number][]} */
    const points = (name) => shown.flatMap((view) => (view[name] === null ? [] : [[view.steps, view[name]]]));
    const half = {
      name: "half",
      points: /** @type {[number, number][]} */ ([
        [x.min, 0.5],
        [x.max, 0.5],
      ]),
    };
    drawChart(pick('[data-plot="opinions"]'), {
      series: [half, { name: "real", points: points("real") }, { name: "fake", points: points("fake") }],
      x,
      y,
      label: text("gan.opinions"),
    });
    drawChart(pick('[data-plot="quality"]'), {
      series: [
        { name: "read", points: points("read") },
        { name: "various", points: points("variety") },
      ],
      x,
      y,
      label: text("gan.quality"),
    });
  }

  function drawPair() {
    pick(".use").disabled = !pair;
    pick(".download").disabled = !pair;
  }

  /** @param {() => void} change */
  function alter(change) {
    change();
    changed = views.length;
    for (const button of root.querySelectorAll("[data-who]")) {
      button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.who === who));
    }
    const key = greedy.checked && who !== "discriminator" ? "greedy" : giant.checked ? "giant" : who;
    say(pick(".expect"), `gan.expect_${key}`, { greed: setup.greed });
    note();
    steer();
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

  const code = makeCode(root, (snippets, note) => snippets.forgeries({ own: views.length > 0, count: 30 }, note));
  fillWords(root);
  /** @param {string | number} value @param {string} key @param {import("../shared/words.js").Values} [values] */
  const option = (value, key, values) => {
    const made = make("option", { value });
    say(made, key, values);
    return made;
  };
  start.append(.../** @type {string[]} */ (setup.starts).map((name) => option(name, `gan.start_${name}`)));
  pace.append(...PACES.map((steps) => option(steps, steps ? "gan.pace_steps" : "gan.pace_full", { count: steps })));
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) pace.value = "1";
  say(pick(".greedy-name"), "gan.greedy", { count: setup.greed });
  say(pick(".giant-name"), "gan.giant", { count: setup.giant });
  run.addEventListener("click", () => play(null));
  step.addEventListener("click", () => play(1));
  pause.addEventListener("click", () => steer(true));
  stop.addEventListener("click", halt);
  for (const box of [start, pace]) box.addEventListener("change", note);
  pace.addEventListener("change", () => steer());
  for (const box of [greedy, giant]) box.addEventListener("change", () => alter(() => {}));
  for (const button of root.querySelectorAll("[data-who]")) {
    button.addEventListener("click", () =>
      alter(() => {
        who = /** @type {any} */ (button).dataset.who;
      }),
    );
  }
  onOpen((query) => {
    const state = new URLSearchParams(query);
    if (root.dataset.state !== "idle") halt();
    choose(start, state.get("start"));
    choose(pace, state.get("pace"));
    alter(() => {
      const learner = state.get("who");
      who = learner === "generator" || learner === "discriminator" ? learner : "both";
      greedy.checked = state.has("greedy");
      giant.checked = state.has("giant");
    });
  }, "gan");
  pick(".use").addEventListener("click", () => {
    useForger(pair);
    openInExplore("generate=3");
  });
  pick(".download").addEventListener("click", () => {
    if (pair) download(new Blob([bytes(pair.generator, Uint8Array)]), "generator.safetensors");
  });
  onLanguage(draw);
  real.paint(bytes(setup.real, Uint8Array));
  alter(() => {});
  setState("idle", setup.enabled ? "gan.idle" : "gan.off");
  draw();
}
