// The figures of the article. Each is measured by the server when it comes into view, one after the other.

import { make } from "../shared/dom.js";
import { percent } from "../shared/numbers.js";
import { paint } from "../shared/pixels.js";
import { askPatiently, isTrouble } from "../shared/server.js";
import { makeSaying, say, sayError } from "../shared/words.js";
import { drawDrag, drawDuel } from "./scans.js";

/** @typedef {(name: string, request: object) => Promise<any>} Ask */

const AT = 40; // the slider's step of ε = 0.2
const LAST = 0.5;
const [ROW, SIDE] = [7, 15]; // of the grid of generated digits
const NETWORKS = ["standard", "robust", "certified"];

/** @param {string} attack @param {string} [network] */
const side = (attack, network = "standard") => ({ network, attack, target: null });
/** @param {number} index @param {ReturnType<typeof side>[]} sides */
const scan = (index, ...sides) => ({ index, sides });

/** @type {Record<string, (box: HTMLElement, ask: Ask) => Promise<void>>} */
const FIGURES = {
  drag: async (box, ask) => drawDrag(box, await ask("scan", scan(63, side("fgsm")))),
  noise: async (box, ask) => {
    const reply = await ask("scan", scan(63, side("fgsm"), side("noise")));
    drawDuel(box, reply, ["attacks.short_fgsm", "attacks.short_noise"], AT);
  },
  pgd: async (box, ask) => {
    const reply = await ask("scan", scan(242, side("fgsm"), side("pgd")));
    drawDuel(box, reply, ["attacks.short_fgsm", "attacks.short_pgd"]);
  },
  training: async (box, ask) => {
    const reply = await ask("scan", scan(63, side("pgd"), side("pgd", "robust")));
    drawDuel(box, reply, ["networks.standard", "networks.robust"]);
  },
  zones: async (box, ask) => {
    const [proved, fooled] = [await ask("experiment", { name: "proof" }), await ask("experiment", { name: "network" })];
    drawZones(box, proved.measured, fooled.measured);
  },
  forger: async (box, ask) =>
    drawForgeries(box, await ask("latents", { generated: { digit: 3, seed: 5, place: [0, 0], centre: null } })),
};

/** @param {Element} root @param {string[]} networks that there are */
export function makeFigures(root, networks) {
  /** @type {Promise<void>} */
  let before = Promise.resolve();
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        observer.unobserve(target);
        before = before.then(() => fill(/** @type {HTMLElement} */ (target)));
      }
    },
    { rootMargin: "400px" },
  );
  for (const figure of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-figure]"))) {
    const needs = figure.dataset.needs?.split(" ") ?? [];
    if (needs.every((name) => networks.includes(name))) observer.observe(figure);
    else figure.remove();
  }

  // A visitor who has gone on to Explore has requests there, which one from here would end, and one from there ends
  // ours: the figure then waits until it is seen again.
  /** @param {HTMLElement} figure */
  async function fill(figure) {
    if (!figure.checkVisibility()) return observer.observe(figure);
    const status = makeSaying("p", { className: "status" }, "learn.computing");
    const box = make("div", { className: "drawn" }, status);
    figure.replaceChildren(box, makeSaying("figcaption", {}, `learn.figure_${figure.dataset.figure}`));
    const onTrouble = (/** @type {import("../shared/server.js").Trouble} */ trouble) => sayError(status, trouble);
    try {
      await FIGURES[figure.dataset.figure ?? ""](box, (name, request) => askPatiently(name, request, { onTrouble }));
      figure.dataset.drawn = "";
    } catch (error) {
      if (!isTrouble(error)) throw error;
      sayError(status, error);
      if (!figure.checkVisibility()) observer.observe(figure);
    }
  }
}

/**
 * How far each network is certified, from where it is fooled, and what lies between.
 * @param {HTMLElement} box @param {Record<string, number>} proved @param {Record<string, number | null>} fooled
 */
function drawZones(box, proved, fooled) {
  const rows = NETWORKS.flatMap((name) => {
    const [safe, flip] = [proved[name], fooled[name]];
    const widths = [safe, (flip ?? LAST) - safe, LAST - (flip ?? LAST)];
    const zones = ["certified", "undecided", "fooled"].map((zone, i) =>
      make("i", { className: zone, style: { width: `${(100 * widths[i]) / LAST}%` } }),
    );
    const words = make("span", { className: "small" });
    say(words, flip === null ? "learn.zone_never" : "learn.zone_row", {
      proved: safe.toFixed(4),
      flip: flip?.toFixed(4) ?? "",
    });
    return [makeSaying("b", {}, `networks.${name}`), make("div", { className: "zones" }, ...zones), words];
  });
  const legend = ["certified", "undecided", "fooled"].map((zone) =>
    make("span", {}, make("i", { className: `swatch ${zone}` }), makeSaying("span", {}, `learn.zone_${zone}`)),
  );
  box.replaceChildren(
    make("div", { className: "standings" }, ...rows),
    make("div", { className: "legend" }, ...legend),
  );
}

/** @param {HTMLElement} box @param {{frames: Uint8Array, realness: Float32Array}} plane */
function drawForgeries(box, { frames, realness }) {
  const pictures = [1, 4, 7, 10, 13].map((column) => {
    const place = ROW * SIDE + column;
    const canvas = make("canvas", { width: 28, height: 28 });
    const caption = make("p", { className: "small" });
    const told = { share: percent(realness[place]) };
    paint(canvas, (i) => frames[784 * place + i]);
    canvas.setAttribute("role", "img");
    say(canvas, "learn.rated", told, "aria-label");
    say(caption, "learn.rated", told);
    return make("div", { className: "picture" }, canvas, caption);
  });
  box.replaceChildren(make("div", { className: "row pictures" }, ...pictures));
}
