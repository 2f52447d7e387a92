// Every word of the page, in the language that the visitor reads.
//
// The texts are in ui/words/<language>.json, by section and name. A text is a string; a list of lines, for long ones;
// or forms by number, {"one": ..., "other": ...}, chosen by `count`. In it {name} stands for a value, **word** for
// bold, [label](https://...) for a link and [word](#term) for a term of the glossary. A node remembers what it was told
// to say, and says it in the other language.

import { make } from "./dom.js";
import { numeral } from "./numbers.js";

/** @typedef {string | string[] | Record<string, string>} Entry */
/** @typedef {{key: string, values?: Values}} Phrase a value that is itself a text of this page */
/** @typedef {Record<string, string | number | Node | Phrase>} Values */

/** @typedef {{name: string, lang: string, joiner: string}} Language what it calls itself; joiner of lines */

/** By their files' names. @type {Record<string, Language>} */
export const LANGUAGES = JSON.parse(document.querySelector('meta[name="languages"]')?.getAttribute("content") ?? "{}");
const MEMORY = "advdemo-language";
const STATIC = { words: "", wordsLabel: "aria-label", wordsTitle: "title", wordsPlaceholder: "placeholder" };

/** @type {Record<string, Record<string, Entry>>} */
let texts = {};
let language = "en";
let wanted = ""; // the language asked for last
let chosen = false; // by the visitor, now or at an earlier visit, or by a link
/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {WeakMap<Element, Map<string, Phrase>>} */
const said = new WeakMap();

/** The language of a link, of an earlier visit, or of the browser. */
function preferred() {
  const linked = new URLSearchParams(location.hash.slice(1)).get("lang");
  let remembered = null;
  try {
    remembered = localStorage.getItem(MEMORY);
  } catch {
    // a frame without storage
  }
  chosen = [linked, remembered].some(isLanguage);
  const wishes = [linked, remembered, ...navigator.languages.map((tag) => tag.toLowerCase().split("-")[0])];
  return wishes.find(isLanguage) ?? "en";
}

/** @param {string | null} name @returns {name is string} */
const isLanguage = (name) => name !== null && Object.hasOwn(LANGUAGES, name);

/** @param {string} name @returns {Promise<typeof texts>} */
async function load(name) {
  const reply = await fetch(new URL(`../words/${name}.json`, import.meta.url));
  if (!reply.ok) throw new Error(`no words in ${name}`);
  return reply.json();
}

language = preferred();
texts = await load(language);

export const currentLanguage = () => language;

/** "" where it is the browser's. */
export const chosenLanguage = () => (chosen ? language : "");

/**
 * Show the whole page in another language, and remember it. Where its words do not come, nothing changes.
 * @param {string} name
 */
export async function setLanguage(name) {
  if (!isLanguage(name)) return;
  wanted = name;
  if (chosen && name === language) return;
  const loaded = name === language ? texts : await load(name).catch(console.warn);
  if (!loaded || name !== wanted) return;
  [texts, language] = [loaded, name];
  chosen = true;
  try {
    localStorage.setItem(MEMORY, name);
  } catch {
    // a frame without storage: the choice lasts as long as the page
  }
  sayAgain();
}

/** Call `listener` after every change of language. @param {() => void} listener */
export const onLanguage = (listener) => void listeners.add(listener);

/** A text as a string. @param {string} key section.name @param {Values} [values] @returns {string} */
export const text = (key, values = {}) =>
  source(key, values).replace(/\{(\w+)\}/g, (_, name) => String(plain(values[name])));

/**
 * Have a node say a text, now and in every language to come; in an attribute if one is named.
 * @param {Element} node
 * @param {string} key
 * @param {Values} [values]
 * @param {string} [attribute]
 */
export function say(node, key, values = {}, attribute = "") {
  const phrases = said.get(node) ?? new Map();
  said.set(node, phrases.set(attribute, { key, values }));
  node.toggleAttribute("data-said", true);
  speak(node, attribute, key, values);
}

/**
 * Say what a button does in its text and as its name, for a text that a small screen has no room for.
 * @param {Element} button
 * @param {Element} inside
 * @param {string} key
 */
export function sayBoth(button, inside, key) {
  say(inside, key);
  say(button, key, {}, "aria-label");
}

/**
 * A new element that says a text.
 * @param {string} tag
 * @param {Record<string, any>} properties as `make` takes them
 * @param {string} key
 * @param {Values} [values]
 * @returns {any}
 */
export function makeSaying(tag, properties, key, values) {
  const made = make(tag, properties);
  say(made, key, values);
  return made;
}

/** @param {string | number} value @param {string} key @param {Values} [values] */
export const option = (value, key, values) => makeSaying("option", { value }, key, values);

/** @typedef {Phrase} ServerError */

/** Have a node say what the server complained of. @param {Element} node @param {ServerError} error */
export const sayError = (node, error) => say(node, error.key, error.values);

/** Have a node say nothing any more. @param {Element} node */
export function hush(node) {
  said.get(node)?.delete("");
  node.replaceChildren();
}

/**
 * Fill in a template's static texts: data-words="section.name" is the node's text, its <template data-name="x">
 * children are the values {x}; data-words-label, -title and -placeholder are attributes.
 * @param {ParentNode} root
 */
export function fillWords(root) {
  for (const [name, attribute] of Object.entries(STATIC)) {
    const selector = `[data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}]`;
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(selector))) {
      /** @type {Values} */
      const values = {};
      if (!attribute) {
        for (const slot of node.querySelectorAll("template")) values[slot.dataset.name ?? ""] = slot.content;
      }
      say(node, node.dataset[name] ?? "", values, attribute);
    }
  }
}

function sayAgain() {
  for (const node of document.querySelectorAll("[data-said]")) {
    for (const [attribute, { key, values }] of said.get(node) ?? []) speak(node, attribute, key, values ?? {});
  }
  for (const listener of listeners) listener();
}

/** @param {Element} node @param {string} attribute @param {string} key @param {Values} values */
function speak(node, attribute, key, values) {
  if (attribute) node.setAttribute(attribute, text(key, values));
  else node.replaceChildren(...rich(source(key, values), values));
}

/** Whether there is such a text. @param {string} key section.name */
export function hasWords(key) {
  const [section, ...name] = key.split(".");
  return Object.hasOwn(texts[section] ?? {}, name.join("."));
}

/** The names of a section's texts. @param {string} section */
export const namesIn = (section) => Object.keys(texts[section]);

/** @param {string} key @param {Values} values @returns {string} */
function source(key, values) {
  const [section, name] = key.split(".");
  const entry = texts[section]?.[name];
  if (entry === undefined) throw new Error(`no words for ${key}`);
  if (Array.isArray(entry)) return entry.join(LANGUAGES[language].joiner);
  if (typeof entry === "string") return entry;
  return entry[new Intl.PluralRules(language).select(Number(values.count))] ?? entry.other;
}

/** @param {Values[string]} value */
function plain(value) {
  if (typeof value === "number") return numeral(value);
  return value && typeof value === "object" && "key" in value ? text(value.key, value.values) : value;
}

/** @param {string} line @param {Values} values @returns {(Node | string)[]} */
function rich(line, values) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(/\{(\w+)\}|\*\*(.+?)\*\*|\[([^[\]]+)\]\((https:\S+?|#\w+)\)/g)) {
    const [all, name, bold, label, address] = match;
    if (match.index > end) parts.push(line.slice(end, match.index));
    end = match.index + all.length;
    if (name) {
      const value = values[name];
      parts.push(value instanceof Node ? value.cloneNode(true) : String(plain(value)));
    } else if (bold) parts.push(make("b", {}, ...rich(bold, values)));
    else if (address.startsWith("#"))
      parts.push(make("dfn", { tabIndex: 0, dataset: { term: address.slice(1) } }, ...rich(label, values)));
    else parts.push(make("a", { href: address, target: "_blank", rel: "noopener" }, ...rich(label, values)));
  }
  if (end < line.length) parts.push(line.slice(end));
  return parts;
}
