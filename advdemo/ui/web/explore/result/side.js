// One attack on one network: its three images, its flip point and its curve, in a picture and a card of their own.

import { EPSILONS, largest } from "../../lenet/scan.js";
import { drawChart, moveCursor } from "../../shared/chart.js";
import { make } from "../../shared/dom.js";
import { DIGITS, percent } from "../../shared/numbers.js";
import { paint } from "../../shared/pixels.js";
import { makeSaying, say, text } from "../../shared/words.js";
import { LAST, pixelsAt, rivals, spans } from "./reading.js";
import { place } from "./slider.js";

/** @typedef {import("./reading.js").Scan} Scan */

export const UP = [138, 79, 109]; // of pixels made brighter and darker
export const DOWN = [30, 122, 116];
export const GROUND = 38;
const X = { max: LAST, ticks: [0, 0.1, 0.2, 0.3, 0.4, 0.5], text: (/** @type {number} */ x) => x.toFixed(1) };
const Y = { max: 1, ticks: [0, 0.5, 1], text: (/** @type {number} */ y) => `${100 * y}%` };

/**
 * @param {Element} picture
 * @param {Element} card
 * @param {HTMLElement} mark on the slider
 */
export function makeSide(picture, card, mark) {
  const [original, perturbation, adversarial] = picture.querySelectorAll("figure");
  const formula = /** @type {Element} */ (picture.querySelector(".formula"));
  const curve = /** @type {Element} */ (card.querySelector(".curve"));
  const legend = /** @type {Element} */ (card.querySelector(".curve-legend"));
  const swatches = /** @type {NodeListOf<HTMLElement>} */ (picture.querySelectorAll(".signs .swatch"));
  swatches.forEach((swatch, i) => {
    swatch.style.background = `rgb(${[UP, DOWN][i]})`;
  });
  /** @type {HTMLElement} */
  let cursor;
  /**
   * @type {{scan: Scan | null, receive: typeof receive, preview: typeof preview, read: typeof read,
   *   tick: typeof tick, drawCurve: typeof drawCurve}}
   */
  const side = { scan: null, receive, preview, read, tick, drawCurve };

  /** @param {import("./reading.js").Answer} reply */
  function receive(reply) {
    const { probabilities, image, label } = reply;
    const winners = EPSILONS.map((_, step) => largest(probabilities.subarray(step * 10, step * 10 + 10)));
    side.scan = {
      ...reply,
      winners,
      rivals: rivals(winners, probabilities, label),
      fooledSpans: spans(EPSILONS, winners, label, reply.target === null ? reply.flip : null),
    };
    say(formula, `attacks.formula_${reply.attack}`);
    paint(canvasOf(original), (i) => image[i]);
    describe(original, side.scan, 0);
    mark.hidden = reply.flip === null;
    mark.style.left = place(reply.flip ?? 0);
    drawCurve();
  }

  /**
   * Another digit, of which only what stands at the slider's place is known: the curve stays as it was.
   * @param {{image: Uint8Array, label: number, target: number | null, attack: string, clean: Float32Array,
   *   sign: Int8Array | Float32Array, now: Float32Array}} found
   */
  function preview({ image, label, target, attack, sign, clean, now }) {
    const scan = /** @type {Scan} */ (side.scan);
    const probabilities = scan.probabilities.map((_, i) => (i < 10 ? clean[i] : now[i % 10]));
    const winners = scan.winners.map((_, step) => largest(step ? now : clean));
    say(formula, `attacks.formula_${attack}`);
    const found = { image, label, target, attack, sign, frames: null, zero: false, probabilities, winners };
    side.scan = { ...scan, ...found, partial: true };
    paint(canvasOf(original), (i) => image[i]);
    describe(original, side.scan, 0);
  }

  /**
   * Only what the network predicts.
   * @param {Uint8Array} image
   * @param {Float32Array} probabilities ten
   * @param {number} label
   */
  function read(image, probabilities, label) {
    paint(canvasOf(original), (i) => image[i]);
    describe(original, { winners: [largest(probabilities)], probabilities, label }, 0);
  }

  /** Everything that depends on epsilon. @param {number} step */
  function tick(step) {
    const scan = /** @type {Scan} */ (side.scan);
    const { image, sign, frames, winners, label } = scan;
    const pixels = pixelsAt(scan, step);
    const epsilon = EPSILONS[step];
    const at = step * 784;
    paint(canvasOf(adversarial), (i) => Math.round(255 * pixels[i]));
    const strength = epsilon > 0 ? Math.min(1, 0.35 + epsilon * 2.2) : 0;
    paint(canvasOf(perturbation), (i) => {
      const amount = frames ? (frames[at + i] - image[i]) / (255 * epsilon || 1) : (sign?.[i] ?? 0);
      const weight = Math.min(1, Math.abs(amount)) * strength;
      return (amount > 0 ? UP : DOWN).map((channel) => GROUND + (channel - GROUND) * weight);
    });
    if (scan.veiled) conceal(adversarial);
    else describe(adversarial, scan, step);
    adversarial.classList.toggle("fooled", winners[step] !== label);
    moveCursor(cursor, epsilon / LAST, scan.probabilities[step * 10 + winners[step]]);
  }

  function drawCurve() {
    if (!side.scan) return;
    const { probabilities, label, rivals, fooledSpans } = side.scan;
    /** @param {number} digit @param {string} name */
    const line = (digit, name) => ({
      name,
      points: EPSILONS.map((epsilon, i) => /** @type {[number, number]} */ ([epsilon, probabilities[i * 10 + digit]])),
    });
    const others = DIGITS.filter((digit) => digit !== label && !rivals.includes(digit));
    cursor = drawChart(curve, {
      series: [
        ...others.map((digit) => line(digit, "other")),
        ...rivals.map((digit, i) => line(digit, `rival rival-${i}`)),
        line(label, "label"),
      ],
      x: X,
      y: Y,
      bands: fooledSpans,
      label: text("explore.curve_label"),
    });
    const shown = [label, ...rivals.slice(0, 3)];
    legend.replaceChildren(
      ...shown.flatMap((digit, i) => {
        const name = makeSaying("span", {}, "explore.digit", { digit });
        return [make("i", { className: i ? `line rival rival-${i - 1}` : "line" }), name];
      }),
    );
  }
  return side;
}

/** @param {Element} figure */
const canvasOf = (figure) => /** @type {HTMLCanvasElement} */ (figure.querySelector("canvas"));

/** @param {Element} figure @param {Pick<Scan, "winners" | "probabilities" | "label">} scan @param {number} step */
function describe(figure, { winners, probabilities, label }, step) {
  const box = /** @type {HTMLElement} */ (figure.querySelector(".verdict"));
  const winner = winners[step];
  const share = probabilities[step * 10 + winner];
  box.textContent = `${winner} · ${percent(share)}`;
  box.dataset.digit = String(winner);
  box.dataset.confidence = share.toFixed(6);
  box.classList.toggle("fooled", winner !== label);
}

/** @param {Element} figure */
function conceal(figure) {
  const box = /** @type {HTMLElement} */ (figure.querySelector(".verdict"));
  Object.assign(box.dataset, { digit: "", confidence: "" });
  box.textContent = "?";
  box.classList.remove("fooled");
}
