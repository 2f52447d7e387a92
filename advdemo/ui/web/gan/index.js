// The GAN tab: the game of forger and detective. The server plays and shows; the pair comes here when it pauses, and
// goes along to play on.

import { makeCode } from "../shared/code.js";
import { picker } from "../shared/dom.js";
import { download } from "../shared/download.js";
import { useForger } from "../shared/forger.js";
import { openInExplore } from "../shared/link.js";
import { bytes } from "../shared/pixels.js";
import { isTrouble } from "../shared/server.js";
import { fillWords, onLanguage } from "../shared/words.js";
import { makeControls } from "./controls.js";
import { makeDrawing } from "./drawing.js";
import { makeGame } from "./game.js";

/** @typedef {import("../shared/forger.js").Forger} Forger */

const WORTH_KEEPING = 10; // seconds of play, after which leaving the page asks first

/** @param {{element: HTMLElement, props: any}} component */
export function mount({ element, props }) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".gan"));
  const pick = picker(root);
  const setup = JSON.parse(props.setup);
  fillWords(root);

  /** @type {import("./story.js").View[]} */
  let views = [];
  let changed = 0; // how many views there were when who learns, or a switch, was changed last
  let stretches = 0; // seconds of play before this stretch
  /** @type {Forger | null} the pair, while the game is paused */
  let pair = null;
  let waiting = 0; // a timer
  let saved = true; // what was played is in a file, too

  const drawGame = makeDrawing(root, setup);
  const draw = () => drawGame(views, changed);
  const controls = makeControls(root, setup, {
    play,
    steer,
    stop: () => putDown(null),
    onAlter() {
      changed = views.length;
    },
  });
  const { setState, showTrouble } = controls;
  const game = makeGame({
    settings: controls.settings,
    onBegin(kept) {
      goBack(kept);
      wait("process");
    },
    onMessage: receive,
    onTrouble: showTrouble,
  });
  const code = makeCode(root, (snippets, note) =>
    snippets.forgeries({ own: views.length > 0, count: setup.shown }, note),
  );

  /** @param {number | null} mostSteps */
  async function play(mostSteps) {
    try {
      const ended = await game.play(controls.start(), pair, mostSteps);
      wait("");
      if (ended) setState("paused", mostSteps ? "gan.stepped" : "gan.paused", { count: pair?.steps ?? 0 });
    } catch (error) {
      if (!isTrouble(error)) throw error;
      putDown(game.kept);
      showTrouble(error);
    }
  }

  /** @param {boolean} paused */
  async function steer(paused) {
    if (root.dataset.state === "playing" && !(await game.steer(paused)) && paused) putDown(game.kept);
  }

  /** Show no more of the game than led to this pair. @param {Forger | null} kept */
  function goBack(kept) {
    views = views.filter(({ steps }) => kept && steps <= kept.steps);
    changed = Math.min(changed, views.length);
    stretches = views[views.length - 1]?.seconds ?? 0;
  }

  /** Pause with this pair, or stop without one. @param {Forger | null} kept */
  function putDown(kept) {
    game.stop();
    wait("");
    hold(kept);
    if (pair) goBack(pair);
    setState(pair ? "paused" : "idle", pair ? "gan.paused" : "gan.stopped", { count: pair?.steps ?? 0 });
    draw();
  }

  /** @param {Forger | null} paused the pair that can be used and played on with */
  function hold(paused) {
    pair = paused;
    pick(".use").disabled = pick(".download").disabled = !pair;
  }

  /** While the server gets ready, show what it does, and the seconds that it takes. @param {string} doing "": ready */
  function wait(doing) {
    clearInterval(waiting);
    root.classList.toggle("waiting", doing !== "");
    if (!doing) return;
    let count = 0;
    const tell = () => setState("playing", `gan.starting_${doing}`, { count: count++ });
    tell();
    waiting = setInterval(tell, 1000);
  }

  /** @param {any} message */
  function receive({ ahead, doing, update, pair: ended }) {
    wait(doing ?? "");
    if (doing) return;
    if (ahead) return setState("playing", "gan.ahead", { count: ahead });
    if (ended) return hold(ended);
    hold(null); // what goes on is no longer it
    saved = false;
    views.push({ ...update, seconds: stretches + update.seconds });
    if (views.length === 1) code.update(); // no longer the shipped pair's
    setState("playing", "gan.playing");
    draw();
  }

  pick(".use").addEventListener("click", () => {
    useForger(pair);
    openInExplore("generate=3");
  });
  pick(".download").addEventListener("click", () => {
    if (!pair) return;
    download(new Blob([bytes(pair.generator, Uint8Array)]), "generator.safetensors");
    saved = true;
  });
  window.addEventListener("beforeunload", (event) => {
    const seconds = views[views.length - 1]?.seconds ?? 0;
    if (!saved && seconds > WORTH_KEEPING && root.dataset.state !== "idle") event.preventDefault();
  });
  onLanguage(draw);
  controls.listen();
  draw();
}
