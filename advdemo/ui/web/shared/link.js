// The address in the browser is a link to what is on screen: its hash holds names and values.

/** @typedef {Record<string, string>} State */

/** @type {Record<string, (query: string) => void>} */
const openers = {};

/** What to open in tabs that are not there yet: they come when first shown. @type {Record<string, string>} */
const waiting = {};

/** What the link opened this page with. */
export const opened = location.hash.slice(1);

/** Put these values into the address, removing those that are empty. @param {Record<string, unknown>} changes */
export function remember(changes) {
  const state = new URLSearchParams(location.hash.slice(1));
  for (const [name, value] of Object.entries(changes)) {
    if (value === "" || value === null || value === undefined) state.delete(name);
    else state.set(name, String(value));
  }
  const hash = state.toString();
  history.replaceState(null, "", `${location.pathname}${location.search}${hash ? `#${hash}` : ""}`);
}

/** A tab says how a link is opened in it. @param {(query: string) => void} open @param {string} [tab] */
export const onOpen = (open, tab = "explore") => {
  openers[tab] = open;
  if (tab in waiting) open(waiting[tab]);
  delete waiting[tab];
};

/** Show a tab in a state, as a link has it. @param {string} tab @param {string} query */
export function openTab(tab, query) {
  document.querySelector(/** @type {"button"} */ (`#tab-${tab}-button`))?.click();
  if (tab in openers) openers[tab](query);
  else waiting[tab] = query;
}

/** @param {string} query */
export const openInExplore = (query) => openTab("explore", query);
