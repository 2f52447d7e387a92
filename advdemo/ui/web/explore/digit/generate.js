// Digits to order: ten buttons, a pad on which the digit morphs under the finger, and a search for one that fools.
//
// One question brings a grid of frames from the plane around a digit; dragging blends the four nearest, without a
// request. Letting go attacks the digit itself, which the server draws at exactly that place.

import { make } from "../../shared/dom.js";
import { forgerQuestion, onForger, ownForger, useForger } from "../../shared/forger.js";
import { DIGITS, percent } from "../../shared/numbers.js";
import { paint } from "../../shared/pixels.js";
import { makeRoving } from "../../shared/roving.js";
import { askPatiently, isTrouble, isUnknown } from "../../shared/server.js";
import { hush, say } from "../../shared/words.js";
import { makeFinds } from "./finds.js";
import { anySeed, around, between, EDGE, inside, read, write } from "./latents.js";

/** @typedef {import("./latents.js").Order} Order */

/**
 * @param {HTMLElement} root
 * @param {(order: Order) => void} onOrder a digit to attack
 * @param {(error: any) => void} showError
 * @param {ReturnType<typeof import("../choices.js").makeChoices>} choices
 */
export function makeGenerate(root, onOrder, showError, choices) {
  const box = /** @type {HTMLElement} */ (root.querySelector(".generate"));
  const canvas = /** @type {HTMLCanvasElement} */ (box.querySelector('[data-testid="latent-pad"]'));
  const knob = /** @type {HTMLElement} */ (box.querySelector(".knob"));
  const opinion = /** @type {HTMLElement} */ (box.querySelector(".opinion"));
  const meter = /** @type {HTMLElement} */ (box.querySelector(".meter i"));
  const orders = /** @type {Element} */ (box.querySelector(".orders"));
  /** @type {Order} */
  let order = { digit: 3, seed: 0, place: [0, 0], centre: null };
  /** @type {{frames: Uint8Array, realness: Float32Array} | null} the plane around it */
  let plane = null;
  let shown = ""; // the plane that was asked for last
  let asking = new AbortController();

  const finds = makeFinds(box, {
    order: () => order,
    question: choices.network,
    paint: (frame) => paint(canvas, (i) => frame[i]),
    use: (found) => go(found),
    showError,
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
  /** @type {HTMLElement} */ (box.querySelector('[data-testid="another"]')).addEventListener("click", () =>
    go({ digit: order.digit, seed: anySeed(), place: [0, 0], centre: null }),
  );

  /** Order a digit: show it and have it attacked. @param {Order} next */
  function go(next) {
    show(next);
    onOrder(order);
  }

  /** @param {Order} next @param {boolean} [withFiles] */
  async function show(next, withFiles = false) {
    order = next;
    finds.close(order);
    for (const button of orders.children) {
      button.setAttribute(
        "aria-pressed",
        String(/** @type {HTMLElement} */ (button).dataset.digit === String(order.digit)),
      );
    }
    const here = write({ ...order, place: [0, 0] });
    if (shown === here) return draw();
    shown = here;
    plane = null;
    drawKnob();
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    try {
      const question = { generated: { ...order, place: [0, 0] }, ...forgerQuestion(withFiles) };
      plane = await askPatiently("latents", question, { signal, onTrouble: showError });
      draw();
    } catch (error) {
      if (signal.aborted) return;
      shown = "";
      if (!isTrouble(error)) throw error;
      if (isUnknown(error) && !withFiles) return show(next, true);
      showError(error);
    }
  }

  function draw() {
    drawKnob();
    if (!plane) return;
    const { frames, realness } = plane;
    const corners = around(order.place);
    paint(canvas, (i) => corners.reduce((sum, [frame, weight]) => sum + weight * frames[frame * 784 + i], 0));
    const share = between(realness, order.place);
    say(opinion, "generate.opinion", { share: percent(share) });
    opinion.dataset.realness = share.toFixed(4);
    meter.style.width = percent(share);
  }

  function drawKnob() {
    const [x, y] = order.place;
    knob.style.left = `${50 + (50 * x) / EDGE}%`;
    knob.style.top = `${50 + (50 * y) / EDGE}%`;
    canvas.setAttribute("aria-valuenow", String(x));
    say(canvas, "generate.place", { x, y: -y }, "aria-valuetext");
  }

  /** @param {number} x @param {number} y */
  function move(x, y) {
    finds.close(null);
    order = { ...order, place: inside(x, y) };
    draw();
  }

  /** @param {PointerEvent} event */
  function follow(event) {
    const frame = canvas.getBoundingClientRect();
    const share = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ size) =>
      EDGE * ((2 * (at - from)) / size - 1);
    move(share(event.clientX, frame.left, frame.width), share(event.clientY, frame.top, frame.height));
  }
  /** @type {number | null} */
  let pointer = null;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || pointer !== null) return;
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    follow(event);
  });
  canvas.addEventListener("pointermove", (event) => event.pointerId === pointer && follow(event));
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) {
    canvas.addEventListener(name, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      onOrder(order);
    });
  }
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? 10 : 2;
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const by = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (!by) return;
    event.preventDefault();
    move(order.place[0] + step * by[0], order.place[1] + step * by[1]);
  });
  canvas.addEventListener("keyup", ({ key }) => key.startsWith("Arrow") && onOrder(order));

  const restore = /** @type {HTMLElement} */ (box.querySelector(".restore"));
  restore.addEventListener("click", () => {
    useForger(null);
    go(order);
  });
  onForger(() => {
    shown = "";
    const own = ownForger();
    restore.hidden = !own;
    const name = /** @type {HTMLElement} */ (box.querySelector(".own-forger"));
    if (own) say(name, "generate.own", { count: own.steps });
    else hush(name);
  });

  return {
    /** Show the digit there is and attack it. */
    resend: () => go(order),
    /** What a link says: the order, or null. @param {string | null} text */
    open: (text) => {
      const linked = text === null ? null : read(text);
      if (linked) show(linked);
      return linked;
    },
  };
}
