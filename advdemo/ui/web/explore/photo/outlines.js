// The picture with the digits found in it outlined, and the digits themselves, to pick from.

import { make, press } from "../../shared/dom.js";
import { paint } from "../../shared/pixels.js";
import { makeRoving } from "../../shared/roving.js";
import { say } from "../../shared/words.js";

/** @typedef {{box: [number, number, number, number], pixels: Uint8Array}} Found box: left, top, right, bottom */
/** @typedef {{width: number, height: number, cut: boolean, digits: Found[]}} Reply boxes are in these pixels */

/**
 * Where a box lies, in percent of the picture.
 * @param {Found["box"]} box @param {{width: number, height: number}} picture
 */
export function placed([left, top, right, bottom], { width, height }) {
  /** @param {number} part @param {number} whole */
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  return {
    left: percent(left, width),
    top: percent(top, height),
    width: percent(right - left, width),
    height: percent(bottom - top, height),
  };
}

/**
 * @param {(selector: string) => any} pick of the panel
 * @param {(number: number) => void} onPick
 */
export function makeOutlines(pick, onPick) {
  const [frame, picture, outlines, digits] = [".photo-frame", ".photo-frame img", ".outlines", ".photo-digits"].map(
    pick,
  );
  let address = "";

  /** @param {number} width @param {number} height */
  const shape = (width, height) => frame.style.setProperty("--ratio", String(width / height));
  picture.addEventListener("load", () => shape(picture.naturalWidth, picture.naturalHeight));
  picture.addEventListener("error", () => {
    frame.hidden = true; // this browser cannot show what the server may read
  });

  for (const box of [outlines, digits]) {
    box.addEventListener("click", (/** @type {{target: Element}} */ { target }) => {
      const button = /** @type {HTMLElement | null} */ (target.closest("[data-number]"));
      if (button) onPick(Number(button.dataset.number));
    });
    makeRoving(box);
  }

  return {
    /** A picture in which nothing is found as yet. @param {Blob} file */
    show(file) {
      URL.revokeObjectURL(address);
      address = URL.createObjectURL(file);
      picture.src = address;
      frame.hidden = false;
    },
    /** There is no picture. */
    clear() {
      frame.hidden = true;
      outlines.replaceChildren();
      digits.replaceChildren();
    },
    /** @param {Reply} reply */
    offer(reply) {
      const count = reply.digits.length;
      /** @param {number} number @param {object} properties @param {...Node} children */
      function button(number, properties, ...children) {
        const made = make("button", { type: "button", dataset: { number }, ...properties }, ...children);
        say(made, "photo.digit", { number: number + 1, count }, "aria-label");
        return made;
      }
      shape(reply.width, reply.height);
      frame.hidden = false;
      outlines.replaceChildren(...reply.digits.map(({ box }, i) => button(i, { style: placed(box, reply) })));
      digits.replaceChildren(
        ...reply.digits.map(({ pixels }, i) => {
          const canvas = make("canvas", { width: 28, height: 28 });
          paint(canvas, (pixel) => pixels[pixel]);
          return button(i, {}, canvas);
        }),
      );
      digits.hidden = count === 1;
    },
    /** @param {number | null} chosen */
    mark(chosen) {
      for (const box of [outlines, digits]) press(box.children, ({ dataset }) => Number(dataset.number) === chosen);
    },
  };
}
