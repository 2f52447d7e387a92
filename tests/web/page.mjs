// As much of a browser as the page's drawing functions need: a tree of nodes, to be imported before them.

import { readFileSync } from "node:fs";

class FakeNode {
  constructor(tag) {
    Object.assign(this, { tagName: tag, children: [], attributes: {}, dataset: {}, className: "", hidden: false });
    this.style = { setProperty: (name, value) => Object.assign(this.style, { [name]: value }) };
    this.classList = {
      add: (name) => this.classList.toggle(name, true),
      toggle: (name, on) => {
        this.className = [...this.classes().filter((other) => other !== name), ...(on ? [name] : [])].join(" ");
      },
    };
  }
  classes = () => `${this.className} ${this.attributes.class ?? ""}`.split(" ").filter(Boolean);
  append = (...children) => this.children.push(...children);
  replaceChildren = (...children) => Object.assign(this, { children });
  addEventListener = () => {};
  setAttribute = (name, value) => Object.assign(this.attributes, { [name]: value });
  getAttribute = (name) => this.attributes[name] ?? null;
  toggleAttribute = (name, on) => this.setAttribute(name, on);
  get textContent() {
    return this.children.map((child) => child.textContent ?? String(child)).join("");
  }
  set textContent(text) {
    this.children = [text];
  }
  /** By a tag, a class, or both: "span", ".dot", "span.dot". */
  querySelectorAll(selector) {
    const [tag, ...names] = selector.split(".");
    return this.children
      .filter((child) => child instanceof FakeNode)
      .flatMap((child) => {
        const fits = (!tag || child.tagName === tag) && names.every((name) => child.classes().includes(name));
        return [...(fits ? [child] : []), ...child.querySelectorAll(selector)];
      });
  }
  querySelector = (selector) => this.querySelectorAll(selector)[0] ?? null;
  getContext = () => ({
    createImageData: () => ({ data: new Uint8ClampedArray(4 * 784) }),
    putImageData: () => {},
    measureText: () => ({ width: 0 }),
  });
}

const languages = JSON.stringify({ en: { name: "English", lang: "en", joiner: " " } });
const meta = Object.assign(new FakeNode("meta"), { attributes: { content: languages } });

/** @type {any} the SVG that was last made into a file */
export const written = { svg: null };

Object.assign(globalThis, {
  Node: FakeNode,
  document: {
    createElement: (tag) => new FakeNode(tag),
    createElementNS: (_, tag) => new FakeNode(tag),
    querySelector: () => meta,
    querySelectorAll: () => [],
  },
  location: { hash: "" },
  navigator: { languages: ["en"] },
  XMLSerializer: class {
    serializeToString = (svg) => String(Object.assign(written, { svg }));
  },
  fetch: async (/** @type {URL} */ address) => {
    const file = new URL(`../../advdemo/ui/words/${address.pathname.split("/").at(-1)}`, import.meta.url);
    return { ok: true, json: async () => JSON.parse(readFileSync(file, "utf8")) };
  },
});
