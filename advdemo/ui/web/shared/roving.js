// Many buttons in one box: Tab enters it at the one that is pressed, arrow keys go from one to the next.

/** @typedef {[number, number]} Place of a button's corner, in pixels */
/** @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Where a key leads from one of several places: the nearest in its direction, what is aside being further; the first or
 * the last for Home and End. Undefined for other keys and at the edge.
 * @param {Place[]} places
 * @param {number} from
 * @param {string} key
 * @returns {number | undefined}
 */
export function next(places, from, key) {
  if (key === "Home") return 0;
  if (key === "End") return places.length - 1;
  if (!(key in WAYS)) return undefined;
  const [x, y] = WAYS[key];
  const reached = places
    .map(([left, top], i) => {
      const [across, down] = [left - places[from][0], top - places[from][1]];
      return { i, ahead: across * x + down * y, aside: Math.abs(across * y) + Math.abs(down * x) };
    })
    .filter(({ ahead, aside }) => ahead > 1 && aside < ahead);
  return reached.sort((a, b) => a.ahead + a.aside - b.ahead - b.aside)[0]?.i;
}

/** @param {Element} box @param {string} [picked] attribute of the button to begin at */
export function makeRoving(box, picked = "aria-pressed") {
  const buttons = () => /** @type {HTMLElement[]} */ ([...box.querySelectorAll("button:not(:disabled)")]);

  function settle() {
    const all = buttons();
    const focused = all.find((button) => button === document.activeElement);
    const start = focused ?? all.find((button) => button.getAttribute(picked) === "true") ?? all[0];
    for (const button of all) button.tabIndex = button === start ? 0 : -1;
  }

  box.addEventListener("keydown", (/** @type {any} */ event) => {
    const all = buttons();
    const from = all.indexOf(event.target);
    if (from < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const to = next(all.map(corner), from, event.key);
    if (to === undefined) return;
    event.preventDefault();
    all[to].focus();
  });
  box.addEventListener("focusin", settle);
  new MutationObserver(settle).observe(box, { childList: true, subtree: true, attributeFilter: [picked] });
  settle();
}

/** @param {Element} button @returns {Place} */
function corner(button) {
  const { left, top } = button.getBoundingClientRect();
  return [left, top];
}
