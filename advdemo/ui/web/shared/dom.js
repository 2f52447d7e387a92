// Nodes without markup in strings: what a visitor or the server wrote can only ever be text.

/** @typedef {Node | string | number} Child */

/**
 * An HTML element with these properties; `dataset` and `style` take objects.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {any}
 */
export function make(tag, { dataset = {}, style = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, String(value));
  element.append(...children.map(asNode));
  return element;
}

/**
 * An SVG element with these attributes.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 */
export function makeSvg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children.map(asNode));
  return element;
}

/**
 * Finds the parts of a template. It throws where one is missing.
 * @param {ParentNode} root
 * @returns {(selector: string) => any}
 */
export const picker = (root) => (selector) => {
  const part = root.querySelector(selector);
  if (!part) throw new Error(`the page has no ${selector}`);
  return part;
};

/**
 * Press some of several buttons, and no other.
 * @param {Iterable<Element>} buttons @param {(button: any) => boolean} isPressed
 */
export function press(buttons, isPressed) {
  for (const button of buttons) button.setAttribute("aria-pressed", String(isPressed(button)));
}

/**
 * Choose in a <select> what it offers.
 * @param {HTMLSelectElement} select
 * @param {string | null} value
 * @param {string} [otherwise] where it does not offer `value`; without it, nothing changes
 */
export function choose(select, value, otherwise = select.value) {
  select.value = [...select.options].some((option) => option.value === value) ? String(value) : otherwise;
}

/** The element, as soon as the page has it. @param {string} selector @returns {Promise<HTMLElement>} */
export const found = (selector) =>
  new Promise((resolve) => {
    const observer = new MutationObserver(look);
    observer.observe(document, { childList: true, subtree: true });
    look();

    function look() {
      const element = document.querySelector(selector);
      if (!(element instanceof HTMLElement)) return;
      observer.disconnect();
      resolve(element);
    }
  });

/** @param {Child} child */
const asNode = (child) => (typeof child === "number" ? String(child) : child);
