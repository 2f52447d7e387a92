// The network that a visitor trained or uploaded: judged, used in the other tabs, downloaded. It lives in this page.

import { make, picker } from "../shared/dom.js";
import { download } from "../shared/download.js";
import { drawHeatmap } from "../shared/heatmap.js";
import { onNetwork, useNetwork } from "../shared/networks.js";
import { DIGITS, inPercent } from "../shared/numbers.js";
import { base64, bytes } from "../shared/pixels.js";
import { say } from "../shared/words.js";

/**
 * @typedef {object} Trained
 * @property {string} weights a safetensors file, base64
 * @property {string} name
 * @property {string} [hash] what the server calls it, once it has judged it
 * @property {number} [accuracy] on the test images, in 0..1
 * @property {number[][]} [confusion] counts, true digit by prediction
 */

const BARS_FROM = 0.9; // accuracy at which a bar begins

/** The accuracy in a confusion matrix. @param {number[][]} confusion */
export const shareRight = (confusion) =>
  DIGITS.reduce((sum, digit) => sum + confusion[digit][digit], 0) /
  confusion.flat().reduce((sum, count) => sum + count);

/**
 * @param {Element} root
 * @param {{most_bytes: number, confusion: number[][] | null}} setup of a file; of the shipped network, where known
 * @param {(model: Trained) => void} onUpload
 */
export function makeModel(root, { most_bytes: mostBytes, confusion }, onUpload) {
  const pick = picker(root);
  const [use, save, restore, file, summary] = [".use", ".download", ".restore", ".file", ".summary"].map(pick);
  /** @type {Trained | null} */
  let trained = null;

  /** @param {Trained | null} model */
  function show(model) {
    trained = model;
    use.disabled = save.disabled = !model?.hash;
    if (model?.hash) say(summary, "train.judged", { name: model.name, accuracy: inPercent(model.accuracy ?? 0, 2) });
    else say(summary, "train.none");
    drawConfusion(pick(".confusion"), model?.confusion);
    drawPerClass(pick(".per-class"), model?.confusion);
  }

  /** The one that the page opens with; the visitor's own, if there is one, stays. */
  function showShipped() {
    const none = { key: trained ? "train.quiet" : "train.none" };
    if (confusion) say(summary, "train.shipped", { accuracy: inPercent(shareRight(confusion), 2), none });
    else say(summary, none.key);
    drawConfusion(pick(".confusion"), confusion);
    drawPerClass(pick(".per-class"), confusion);
  }

  use.addEventListener("click", () => useNetwork(/** @type {any} */ (trained)));
  restore.addEventListener("click", () => useNetwork(null));
  onNetwork((model) => showInUse(model?.name));
  save.addEventListener("click", () => {
    const content = bytes(trained?.weights ?? "", Uint8Array);
    download(new Blob([content], { type: "application/octet-stream" }), "lenet.safetensors");
  });
  pick(".upload").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const chosen = file.files[0];
    file.value = "";
    if (!chosen) return;
    if (chosen.size > mostBytes) return say(summary, "train.too_large", { name: chosen.name, bytes: chosen.size });
    const weights = base64(new Uint8Array(await chosen.arrayBuffer()));
    onUpload({ weights, name: chosen.name });
  });

  /** @param {string | undefined} name */
  function showInUse(name) {
    if (name) say(pick(".in-use"), "train.in_use", { name });
    else say(pick(".in-use"), "train.in_use_shipped");
    restore.disabled = !name;
  }

  showInUse(undefined);
  show(null);
  return {
    show,
    showShipped,
    summary,
    get trained() {
      return trained;
    },
  };
}

/** @param {Element} table @param {number[][] | null} [counts] */
function drawConfusion(table, counts) {
  drawHeatmap(table, {
    columns: DIGITS.map(String),
    rows: DIGITS.map((digit) => ({
      name: String(digit),
      cells: DIGITS.map((predicted) => {
        const count = counts?.[digit][predicted];
        if (count === undefined) return { text: "" };
        const kind = digit === predicted ? "right" : count ? "wrong" : "none";
        return { text: String(count), kind, weight: Math.min(1, count / 12) };
      }),
    })),
  });
}

/** @param {Element} box @param {number[][] | null} [counts] */
function drawPerClass(box, counts) {
  box.replaceChildren(
    ...DIGITS.flatMap((digit) => {
      const right = counts ? counts[digit][digit] / counts[digit].reduce((sum, count) => sum + count, 0) : 0;
      const length = Math.max(0, (right - BARS_FROM) / (1 - BARS_FROM));
      const bar = make("i", { style: { transform: `scaleX(${length})` } });
      return [
        make("span", {}, digit),
        make("div", { className: "meter" }, bar),
        make("span", {}, counts ? inPercent(right, 2) : "–"),
      ];
    }),
  );
}
