// The black box: an attack by queries alone, live. The server sends every picture that brought it on, and the
// browser plays them: the counter runs, the picture changes, the margin falls, until the network is fooled.

import { drawChart } from "../../shared/chart.js";
import { picker, press } from "../../shared/dom.js";
import { askAbout } from "../../shared/networks.js";
import { numeral } from "../../shared/numbers.js";
import { paint } from "../../shared/pixels.js";
import { makeTurns } from "../../shared/turns.js";
import { onLanguage, say, text } from "../../shared/words.js";
import { DOWN, GROUND, UP } from "../result/side.js";
import { moment, outcome } from "./queries.js";

const FILM = 7000; // milliseconds, at most
const FRAME = 110; // milliseconds, at most

/** @typedef {import("./queries.js").Film} Film */

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {(withWeights: boolean) => any} page.request the digit, network and target, as the server is asked for them
 * @param {() => number} page.epsilon the budget
 * @param {(error: any) => void} page.showError
 */
export function makeBlackBox(root, page) {
  const pick = picker(root);
  const canvases = /** @type {NodeListOf<HTMLCanvasElement>} */ (root.querySelectorAll(".box-pictures canvas"));
  const [original, perturbation, adversarial] = canvases;
  const target = pick('[data-testid="target"]');
  const button = pick('[data-testid="box-run"]');
  const boxes = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-answers]"));
  let answers = "scores";
  const turns = makeTurns();
  /** @type {Film | null} */
  let film = null;
  let shown = 0; // frame of the film

  async function start() {
    root.dataset.box = "running";
    say(button, "blackbox.stop");
    say(pick(".box-status"), "blackbox.asking");
    target.disabled = answers === "label";
    const current = await turns.take(
      async (signal) => {
        const answer = await askAbout("blackbox", request, { signal, onTrouble: page.showError });
        page.showError(null);
        await play({ ...answer, answers, epsilon: page.epsilon() }, signal);
      },
      (trouble) => {
        page.showError(trouble);
        say(pick(".box-status"), "blackbox.idle");
      },
    );
    if (current) halt();
  }

  /** @param {boolean} withWeights */
  function request(withWeights) {
    const { sides, ...rest } = page.request(withWeights);
    const target = answers === "label" ? null : sides[0].target; // it cannot be aimed
    return { ...rest, sides: [{ ...sides[0], target }], answers, epsilon: String(page.epsilon()) };
  }

  /** @param {Film} whole @param {AbortSignal} signal */
  async function play(whole, signal) {
    film = whole;
    const count = film.at.length;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (shown = still ? count - 1 : 0; shown < count; shown++) {
      draw();
      await new Promise((resolve) => setTimeout(resolve, Math.min(FRAME, FILM / count)));
      if (signal.aborted) return;
    }
    shown = count - 1;
    const { key, values } = outcome(film);
    say(pick(".box-status"), key, values);
    pick(".box-pictures .adversarial").classList.toggle("fooled", film.fooled);
  }

  function draw() {
    if (!film) return;
    const { frames, at, reads, most } = film;
    const first = frames.subarray(0, 784);
    const now = frames.subarray(shown * 784, shown * 784 + 784);
    const budget = 255 * Math.max(film.epsilon, 1 / 255);
    paint(original, (i) => first[i]);
    paint(adversarial, (i) => now[i]);
    paint(perturbation, (i) => {
      const amount = (now[i] - first[i]) / budget;
      return (amount > 0 ? UP : DOWN).map((tone) => GROUND + (tone - GROUND) * Math.min(1, Math.abs(amount)));
    });
    pick(".box-clean").textContent = String(reads[0]);
    pick(".box-now").textContent = String(reads[shown]);
    pick(".box-now").classList.toggle("fooled", reads[shown] !== reads[0]);
    say(pick('[data-testid="box-count"]'), "blackbox.count", { asked: numeral(at[shown]), most: numeral(most) });
    if (shown < at.length - 1) {
      const { key, values } = moment(film, shown);
      say(pick(".box-status"), key, values);
    }
    drawCourse(film);
  }

  /** @param {Film} film */
  function drawCourse({ at, course, asked, epsilon }) {
    const scores = answers === "scores";
    const top = scores ? Math.max(1, ...course) : 1;
    const low = scores ? Math.min(0, ...course) : 0;
    const line = { name: "course", points: points(at, course, shown), dots: /** @type {const} */ ("last") };
    /** @type {[number, number][]} */
    const goal = [0, asked].map((x) => [x, scores ? 0 : epsilon]);
    drawChart(pick(".box-chart"), {
      series: [{ name: "goal", points: goal }, line],
      x: { max: Math.max(2, asked), ticks: [0, Math.round(asked / 2), asked], text: numeral },
      y: { min: low, max: top, ticks: scores ? [0, top] : [0, epsilon, 1], text: (y) => String(+y.toFixed(2)) },
      label: text(scores ? "blackbox.margin" : "blackbox.distance"),
    });
  }

  function halt() {
    turns.end();
    root.dataset.box = "idle";
    say(button, "blackbox.again");
  }

  button.addEventListener("click", () => {
    if (root.dataset.box === "running") {
      halt();
      say(pick(".box-status"), "blackbox.stopped");
    } else start();
  });
  /** @param {string} wanted */
  function choose(wanted) {
    answers = wanted === "label" ? "label" : "scores";
    press(boxes, ({ dataset }) => dataset.answers === answers);
    say(pick(".box-curve"), answers === "scores" ? "blackbox.margin" : "blackbox.distance");
  }
  for (const box of boxes) {
    box.addEventListener("click", () => {
      choose(box.dataset.answers ?? "");
      start();
    });
  }
  onLanguage(draw);
  choose(answers);
  return {
    start: () => void start(),
    choose,
    answers: () => answers,
    /** Nobody looks any more. */
    close: () => {
      halt();
      film = null;
    },
  };
}

/** The course up to a frame. @param {Float32Array} at @param {Float32Array} course @param {number} last */
const points = (at, course, last) =>
  Array.from(at.subarray(0, last + 1), (x, i) => /** @type {[number, number]} */ ([x, course[i]]));
