// The address in the browser is a link to what is on screen: its hash holds names and values.

/** @typedef {Record<string, string>} State */

/** @type {((query: string) => void) | null} */
let opener = null;

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

/** The Explore tab says how a link is opened in it. @param {(query: string) => void} open */
export const onOpen = (open) => {
  opener = open;
};

/** Show a link's state in the Explore tab. @param {string} query */
export function openInExplore(query) {
  document.querySelector(/** @type {"button"} */ ("#tab-explore-button"))?.click();
  opener?.(query);
}
