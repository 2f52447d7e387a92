// Which of the pens, fingers and palms on the pad draws. A pen beats touch; of several contacts the one that moves
// draws, and until its line ends no other does; a large contact is a palm.

import { isDot } from "./strokes.js";

const LARGE = 90; // CSS pixels across: a thumb laid flat has 75
const MEMORY = 1000; // milliseconds after a pen was seen, in which touch is the hand that holds it

/** @typedef {import("./strokes.js").Point} Point */
/** @typedef {{id: number, type: string, points: Point[]}} Contact */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {object} pad
 * @param {(points: Point[]) => void} pad.draw the stroke under way, from its first point to its newest
 * @param {() => void} pad.end it is finished
 * @param {() => void} pad.drop it was no stroke
 */
export function watchContacts(canvas, { draw, end, drop }) {
  /** @type {Contact[]} the last one is drawn, the others rest */
  let contacts = [];
  let penSeen = -Infinity; // by the clock of events

  /** @param {PointerEvent} event @returns {Point} */
  function point(event) {
    const box = canvas.getBoundingClientRect();
    /** @param {number} share */
    const onPad = (share) => Math.min(1, Math.max(0, share));
    return [onPad((event.clientX - box.left) / box.width), onPad((event.clientY - box.top) / box.height)];
  }

  /** @param {PointerEvent} event */
  function isPalm({ pointerType, width, height, timeStamp }) {
    const penNear = timeStamp - penSeen < MEMORY || contacts.some(({ type }) => type === "pen");
    return pointerType === "touch" && (penNear || Math.max(width, height) > LARGE);
  }

  /** @param {Contact} contact */
  const rests = ({ points }) => isDot(points);

  /** What is left when some contacts turn out to be no strokes. @param {Contact[]} left */
  function keep(left) {
    const shown = contacts.at(-1);
    contacts = left;
    const now = left.at(-1);
    if (now === shown) return;
    if (now) draw(now.points);
    else drop();
  }

  /** @param {PointerEvent} event */
  function down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    const { pointerId: id, pointerType: type } = event;
    if (type === "pen") keep(contacts.filter((other) => other.type !== "touch"));
    if (isPalm(event) || !contacts.every(rests)) return;
    contacts.push({ id, type, points: [point(event)] });
    draw(contacts[contacts.length - 1].points);
    try {
      canvas.setPointerCapture(id);
    } catch {} // it has been lifted already
  }

  /** @param {PointerEvent} event @param {Contact} contact */
  function move(event, contact) {
    if (isPalm(event)) return keep(contacts.filter((other) => other !== contact));
    const samples = event.getCoalescedEvents?.() ?? [];
    contact.points.push(...(samples.length ? samples : [event]).map(point));
    if (!rests(contact)) contacts = [contact];
    if (contact === contacts.at(-1)) draw(contact.points);
  }

  /** @param {PointerEvent} _ @param {Contact} contact */
  function up(_, contact) {
    if (contacts.length > 1) return keep(contacts.filter((other) => other !== contact)); // it has only rested
    contacts = [];
    end();
  }

  /** The system has taken it for a palm, or for a gesture. @param {PointerEvent} _ @param {Contact} contact */
  function cancel(_, contact) {
    keep(contacts.filter((other) => other !== contact));
  }

  canvas.addEventListener("pointerdown", down);
  for (const [name, follow] of Object.entries({ pointermove: move, pointerup: up, pointercancel: cancel })) {
    canvas.addEventListener(name, (given) => {
      const event = /** @type {PointerEvent} */ (given);
      const contact = contacts.find(({ id }) => id === event.pointerId);
      if (contact) follow(event, contact);
      if (event.pointerType === "pen") penSeen = event.timeStamp; // hovering, too
    });
  }
}
