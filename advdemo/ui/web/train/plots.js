// The training curves: loss and accuracy, on the images trained on and on those held out.

import { drawChart } from "../shared/chart.js";
import { inPercent, median } from "../shared/numbers.js";
import { text } from "../shared/words.js";

/**
 * @typedef {object} Epoch
 * @property {number} epoch from 1
 * @property {number} learning_rate
 * @property {number} train_loss
 * @property {number} train_accuracy
 * @property {number | null} validation_loss null: no images were held out
 * @property {number | null} validation_accuracy
 */

/** @param {Element} root @param {Epoch[]} epochs @param {number} planned */
export function drawPlots(root, epochs, planned) {
  const last = Math.max(planned, 2);
  const named = (/** @type {number} */ epoch) => (epoch === 1 ? text("train.axis", { count: 1 }) : String(epoch));
  const x = { max: last, ticks: [...new Set([1, Math.ceil(last / 2), last])], text: named };
  // A schedule that halves now and then; one that falls all the time has no such moments.
  const marks = epochs
    .filter((epoch, i) => i && Math.abs(epoch.learning_rate / epochs[i - 1].learning_rate - 0.5) < 1e-4)
    .map(({ epoch }) => epoch);
  /** @type {HTMLElement} */ (root.querySelector(".halved")).hidden = !marks.length;

  const losses = epochs.flatMap((epoch) => [epoch.train_loss, epoch.validation_loss ?? epoch.train_loss]);
  const most = losses.length ? Math.min(Math.max(...losses), 4 * median(losses)) || 1 : 1;
  drawChart(/** @type {Element} */ (root.querySelector('[data-plot="loss"]')), {
    series: lines(epochs, "loss"),
    x,
    y: { max: most, ticks: [0, most / 2, most], text: (y) => y.toFixed(2) },
    marks,
    label: text("train.loss"),
  });

  const shown = epochs.slice(epochs.length > 3 ? 1 : 0);
  const worst = Math.min(0.98, ...shown.flatMap((epoch) => [epoch.train_accuracy, epoch.validation_accuracy ?? 1]));
  const least = Math.floor(worst * 50) / 50;
  drawChart(/** @type {Element} */ (root.querySelector('[data-plot="accuracy"]')), {
    series: lines(epochs, "accuracy"),
    x,
    y: { min: least, max: 1, ticks: [least, (least + 1) / 2, 1], text: (y) => inPercent(y, 0) },
    marks,
    label: text("train.accuracy"),
  });
}

/** @param {Epoch[]} epochs @param {"loss" | "accuracy"} measure @returns {import("../shared/chart.js").Series[]} */
const lines = (epochs, measure) => [
  { name: "train-set", dots: "last", points: epochs.map((epoch) => [epoch.epoch, epoch[`train_${measure}`]]) },
  {
    name: "held-out",
    dots: "last",
    points: epochs.flatMap((epoch) => {
      const value = epoch[`validation_${measure}`];
      return value === null ? [] : [[epoch.epoch, value]];
    }),
  },
];
