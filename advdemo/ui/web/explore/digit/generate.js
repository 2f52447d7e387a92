// Digits to order: ten buttons, a pad on which the digit morphs, and a search for one that fools.
//
// One request brings a grid of frames from the plane around a digit; dragging blends the four nearest, without a
// request. Letting go attacks the digit itself, which the server draws at exactly that place.

import { make, picker, press } from "../../shared/dom.js";
import { forgerRequest, onForger, ownForger, useForger } from "../../shared/forger.js";
import { askAbout } from "../../shared/networks.js";
import { DIGITS, percent } from "../../shared/numbers.js";
import { paint } from "../../shared/pixels.js";
import { makeRoving } from "../../shared/roving.js";
import { makeTurns } from "../../shared/turns.js";
import { hush, say } from "../../shared/words.js";
import { makeFinds } from "./finds.js";
import { anySeed, around, between, read, write } from "./latents.js";
import { makeMorph } from "./morph.js";

/** @typedef {import("./latents.js").Order} Order */

/**
 * @param {HTMLElement} root
 * @param {number} edge of the plane
 * @param {object} page
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} page.choices
 * @param {(order: Order) => void} page.onOrder a digit to attack
 * @param {(error: any) => void} page.showError
 */
export function makeGenerate(root, edge, { choices, onOrder, showError }) {
  const pick = picker(/** @type {HTMLElement} */ (root.querySelector(".generate")));
  const canvas = pick('[data-testid="latent-pad"]');
  const [opinion, meter, orders, restore] = [".opinion", ".meter i", ".orders", ".restore"].map(pick);
  /** @type {Order} */
  let order = { digit: 3, seed: 0, place: [0, 0], centre: null };
  /** @type {{frames: Uint8Array, realness: Float32Array} | null} the plane around it */
  let plane = null;
  let shown = ""; // the plane that was asked for last
  const turns = makeTurns();

  const finds = makeFinds(pick(".found"), pick('[data-testid="find-fooling"]'), {
    order: () => order,
    request: choices.network,
    paint: (frame) => paint(canvas, (i) => frame[i]),
    use: go,
    showError,
  });
  const drawKnob = makeMorph(canvas, pick(".knob"), edge, {
    place: () => order.place,
    onMove(place) {
      finds.close(null);
      order = { ...order, place };
      draw();
    },
    onRest: () => (shown ? onOrder(order) : go(order)),
  });

  orders.replaceChildren(
    ...DIGITS.map((digit) => {
      const button = make("button", { type: "button", dataset: { digit } }, digit);
      say(button, "generate.order", { digit }, "aria-label");
      button.addEventListener("click", () => go({ digit, seed: order.seed, place: order.place, centre: null }));
      return button;
    }),
  );
  makeRoving(orders);
  pick('[data-testid="another"]').addEventListener("click", () =>
    go({ digit: order.digit, seed: anySeed(), place: [0, 0], centre: null }),
  );

  /** Order a digit: show it and have it attacked. @param {Order} next */
  function go(next) {
    show(next);
    onOrder(order);
  }

  /** @param {Order} next */
  function take(next) {
    order = next;
    finds.close(order);
    press(orders.children, ({ dataset }) => dataset.digit === String(order.digit));
  }

  /** A picture of which no forger is here any more. @param {Order} next @param {Uint8Array} pixels */
  function showKept(next, pixels) {
    turns.end();
    shown = "";
    plane = null;
    take(next);
    drawKnob();
    paint(canvas, (i) => pixels[i]);
    say(opinion, "generate.kept");
    meter.style.width = "0";
  }

  /** @param {Order} next */
  function show(next) {
    take(next);
    /** @type {Order} */
    const generated = { ...order, place: [0, 0] };
    const here = write(generated);
    if (shown === here) return draw();
    shown = here;
    plane = null;
    drawKnob();
    /** @param {boolean} withFiles */
    const request = (withFiles) => ({ generated, ...forgerRequest(withFiles) });
    turns.take(
      async (signal) => {
        plane = await askAbout("latents", request, { signal, onTrouble: showError });
        draw();
      },
      (trouble) => {
        shown = "";
        showError(trouble);
      },
    );
  }

  function draw() {
    drawKnob();
    if (!plane) return;
    const { frames, realness } = plane;
    const corners = around(order.place, edge, Math.sqrt(realness.length));
    paint(canvas, (i) => corners.reduce((sum, [frame, weight]) => sum + weight * frames[frame * 784 + i], 0));
    const share = between(realness, order.place, edge);
    say(opinion, "generate.opinion", { share: percent(share) });
    opinion.dataset.realness = share.toFixed(4);
    meter.style.width = percent(share);
  }

  restore.addEventListener("click", () => {
    useForger(null);
    go(order);
  });
  onForger(() => {
    shown = "";
    const own = ownForger();
    restore.hidden = !own;
    if (own) say(pick(".own-forger"), "generate.own", { count: own.steps });
    else hush(pick(".own-forger"));
  });

  return {
    /** Show the digit there is and attack it. */
    resend: () => go(order),
    /**
     * What a link says: the order, or null.
     * @param {string | null} text
     * @param {Uint8Array | null} pixels what was drawn to order, where no forger here would draw the same
     */
    open: (text, pixels) => {
      const linked = text === null ? null : read(text, edge);
      if (linked && pixels) showKept(linked, pixels);
      else if (linked) show(linked);
      return linked;
    },
  };
}
