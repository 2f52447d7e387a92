// The header: what this is, how accurate its networks are, and the switch between the languages. What Gradio draws,
// the tabs' buttons and the footer, is named here, too.

import { found, make } from "../shared/dom.js";
import { followTabs, openInExplore } from "../shared/link.js";
import { inPercent } from "../shared/numbers.js";
import { makeRoving } from "../shared/roving.js";
import {
  currentLanguage,
  fillWords,
  hasWords,
  LANGUAGES,
  onLanguage,
  say,
  setLanguage,
  text,
} from "../shared/words.js";
import { growWithWindow, makeFullScreen } from "./screen.js";
import { makeShare } from "./share.js";

/** What a network is called; one that the words do not know, by its own name. @param {string} name */
const shortName = (name) => (hasWords(`networks.short_${name}`) ? text(`networks.short_${name}`) : name);

/** Gradio names its footer in the browser's language. */
async function nameFooter() {
  const name = /** @type {Text} */ ((await found("footer .show-api")).firstChild);
  const key = name.data.includes("MCP") ? "page.api_mcp" : "page.api";
  const draw = () => {
    if (name.data !== text(key)) name.data = text(key);
  };
  new MutationObserver(draw).observe(name, { characterData: true });
  onLanguage(draw);
  draw();
}

/** @param {{element: HTMLElement, props: {facts: string, tabs: string}}} page */
export async function mount({ element, props }) {
  /** @type {{device: string, accuracies: object, notes: import("../shared/words.js").Phrase[]}} */
  const { device, accuracies, notes } = JSON.parse(props.facts);
  /** @type {string[]} */
  const tabs = JSON.parse(props.tabs);
  const chip = /** @type {HTMLElement} */ (element.querySelector(".chip"));
  const buttons = Object.entries(LANGUAGES).map(([language, { name, lang }]) =>
    make("button", { type: "button", lang, dataset: { language } }, name),
  );
  element.querySelector(".languages")?.append(...buttons);

  function draw() {
    const networks = Object.entries(accuracies).map(([name, share]) => ` · ${shortName(name)} ${inPercent(share)}`);
    chip.textContent = `LeNet${networks.join("")} · ${device}`;
    const odd = notes.map(({ key, values }) => make("p", {}, text(key, values)));
    element.querySelector(".notes")?.replaceChildren(...odd);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.language === currentLanguage()));
    }
    document.title = text("page.title");
    document.documentElement.lang = LANGUAGES[currentLanguage()].lang; // Gradio, as it starts, has set its own
    nameTabs();
  }

  // Gradio draws the tabs' buttons, and draws them anew when they move into its overflow menu.
  function nameTabs() {
    for (const tab of tabs) {
      const button = document.querySelector(`#tab-${tab}-button`);
      const name = text(`tabs.${tab}`);
      if (button && button.textContent?.trim() !== name) button.textContent = name;
    }
  }

  element.addEventListener("click", ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest("[data-language]");
    const chosen = button instanceof HTMLElement ? button.dataset.language : undefined;
    if (chosen) setLanguage(chosen);
  });
  element.querySelector(".tour-open")?.addEventListener("click", () => openInExplore("tour=1"));
  fillWords(element);
  onLanguage(draw);
  draw();
  makeShare(element);
  growWithWindow();
  makeFullScreen(/** @type {HTMLElement} */ (element.querySelector(".screen-open")));
  const first = await found("#tabs [role=tablist] [role=tab]"); // Gradio may draw the tabs after the header
  const list = /** @type {HTMLElement} */ (first.closest("[role=tablist]"));
  const bar = /** @type {HTMLElement} */ (list.parentElement);
  nameTabs();
  followTabs(list);
  nameFooter();
  makeRoving(list, "aria-selected");
  new MutationObserver(nameTabs).observe(bar, { childList: true, subtree: true, characterData: true });
  const more = bar.querySelector(".overflow-menu > button");
  if (more) say(more, "keyboard.more_tabs", {}, "aria-label");
}
