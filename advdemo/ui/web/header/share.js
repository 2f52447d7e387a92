// Sharing what is on screen: its link, and a picture of it where there is one; on phones by the system's own sheet.

import { download, extension } from "../shared/download.js";
import { takePicture } from "../shared/sharing.js";
import { say } from "../shared/words.js";

/** @param {Element} root */
export function makeShare(root) {
  /** @param {string} selector @returns {any} */
  const pick = (selector) => root.querySelector(selector);
  const [dialog, link, image, status] = ["dialog", ".share-link input", ".share-picture", ".share-status"].map(pick);
  const [save, send] = [pick(".save"), pick(".send")];
  /** @type {import("../shared/sharing.js").Picture | null} */
  let picture = null;
  send.hidden = !navigator.share;

  /** @param {import("../shared/sharing.js").Picture} picture */
  const name = ({ blob }) => `advdemo.${extension(blob)}`;

  async function open() {
    link.value = location.href;
    // A network of the visitor's own leaves the address empty but for the language.
    const state = new URLSearchParams(location.hash.slice(1));
    state.delete("lang");
    say(pick(".share-about"), !state.size ? "share.own_network" : "share.about");
    say(status, "share.quiet");
    image.hidden = save.hidden = true;
    dialog.showModal();
    link.select();
    picture = await takePicture();
    if (!picture) return;
    URL.revokeObjectURL(image.src);
    image.src = URL.createObjectURL(picture.blob);
    image.alt = picture.words;
    image.hidden = save.hidden = false;
    if (extension(picture.blob) !== "png") say(status, "share.as_svg");
  }

  async function copy() {
    let copied = true;
    try {
      await navigator.clipboard.writeText(link.value);
    } catch {
      link.select(); // a page without HTTPS, or in a frame that may not
      copied = document.execCommand("copy");
    }
    say(status, copied ? "share.copied" : "share.copy_by_hand");
  }

  async function share() {
    const shared = { title: document.title, text: picture?.words, url: link.value };
    const files = picture ? [new File([picture.blob], name(picture), { type: picture.blob.type })] : [];
    const whole = files.length && navigator.canShare?.({ files }) ? { ...shared, files } : shared;
    try {
      await navigator.share(whole);
    } catch (error) {
      const givenUp = /** @type {Error} */ (error).name === "AbortError"; // by the visitor
      if (!givenUp) say(status, "share.not_sent");
    }
  }

  pick(".share-open").addEventListener("click", open);
  pick(".close").addEventListener("click", () => dialog.close());
  pick(".copy").addEventListener("click", copy);
  save.addEventListener("click", () => picture && download(picture.blob, name(picture)));
  send.addEventListener("click", share);
  dialog.addEventListener("click", (/** @type {Event} */ event) => event.target === dialog && dialog.close());
}
