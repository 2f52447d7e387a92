// The address in the browser is a link to what is on screen: its hash holds the tab, the language if it was chosen, and
// what the tab says of itself, as names and values. Changing tabs is a step that Back takes back; changes within a tab
// are none.

import { tellHost } from "./frame.js";
import { chosenLanguage, onLanguage, setLanguage } from "./words.js";

const FIRST = "explore"; // the tab that a link need not name

/** @type {Record<string, (query: string) => void>} */
const openers = {};
/** What to open in tabs that are not there yet: they come when first shown. @type {Record<string, string>} */
const waiting = {};
/** What each tab shows, as a link has it. @type {Record<string, string>} */
const shown = {};

let current = FIRST;
{
  const { tab, query } = read();
  current = tab;
  if (query) waiting[tab] = query;
}

function read() {
  const state = new URLSearchParams(location.hash.slice(1));
  const [tab, language] = [state.get("tab") ?? FIRST, state.get("lang")];
  state.delete("tab");
  state.delete("lang");
  return { tab, language, query: state.toString() };
}

/**
 * What the address is to hold of a tab, but for values that are empty.
 * @param {Record<string, unknown>} state
 * @param {string} [tab]
 */
export function remember(state, tab = FIRST) {
  if (tab in waiting) return; // it is about to show something else
  const kept = Object.entries(state).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  shown[tab] = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
  if (tab === current) write();
}

/** @param {"replaceState" | "pushState"} [how] */
function write(how = "replaceState") {
  const state = new URLSearchParams(shown[current] ?? waiting[current]);
  if (current !== FIRST) state.set("tab", current);
  if (chosenLanguage()) state.set("lang", chosenLanguage());
  const hash = state.size ? `#${state}` : "";
  if (hash === location.hash) return;
  try {
    history[how]({ tab: current }, "", `${location.pathname}${location.search}${hash}`);
  } catch {
    setTimeout(write, 1000); // Safari allows a hundred changes in ten seconds: a key held down on the slider has more
  }
  tellHost(hash);
}

/** A tab says how a link is opened in it. @param {(query: string) => void} open @param {string} [tab] */
export const onOpen = (open, tab = FIRST) => {
  openers[tab] = open;
  const query = waiting[tab];
  delete waiting[tab];
  if (query !== undefined) openState(tab, query);
};

/** @param {string} tab @param {string} query */
function openState(tab, query) {
  if (!(tab in openers)) {
    waiting[tab] = query;
    return;
  }
  shown[tab] = query;
  openers[tab](query);
}

/** @param {string} tab */
const buttonOf = (tab) => /** @type {HTMLElement | null} */ (document.querySelector(`#tab-${CSS.escape(tab)}-button`));

/** Show a tab in a state, as a link has it. @param {string} tab @param {string} query */
export function openTab(tab, query) {
  buttonOf(tab)?.click();
  openState(tab, query);
}

/** @param {string} query */
export const openInExplore = (query) => openTab(FIRST, query);

/**
 * Show the tab of the link; from then on the address follows the tabs, and the page Back, Forward and new links.
 * @param {HTMLElement} bar of the tabs
 */
export function followTabs(bar) {
  if (!buttonOf(current)) current = FIRST;
  if (current !== FIRST) buttonOf(current)?.click();
  new MutationObserver(() => {
    const tab = bar.querySelector("[aria-selected=true]")?.id.replace(/^tab-(.*)-button$/, "$1");
    if (!tab || tab === current) return;
    current = tab;
    write("pushState");
  }).observe(bar, { subtree: true, attributeFilter: ["aria-selected"] });
  onLanguage(write);
  window.addEventListener("popstate", async ({ state }) => {
    const { tab, language, query } = read();
    if (!state && language) await setLanguage(language); // a link typed or clicked, not a step back
    current = buttonOf(tab) ? tab : FIRST;
    buttonOf(current)?.click();
    if (query !== (shown[current] ?? "")) openState(current, query);
    else write();
  });
}
