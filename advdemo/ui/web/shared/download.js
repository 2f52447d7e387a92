import { make } from "./dom.js";

/** Hand the visitor a file. @param {Blob} content @param {string} name */
export function download(content, name) {
  const link = make("a", { href: URL.createObjectURL(content), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** How the name of such a file ends: csv, json, png or svg. @param {Blob} content */
export const extension = ({ type }) => type.replace(/^.*\//, "").replace("+xml", "");
