// A picture of what is on screen, to share: the tab that has one draws it.

/** @typedef {{blob: Blob, words: string}} Picture a PNG or SVG, and what it shows in words */

/** @type {() => Promise<Picture | null>} */
let draw = async () => null;

/** @param {() => Promise<Picture | null>} drawing of a picture; null while there is nothing of it on screen */
export function offerPicture(drawing) {
  draw = drawing;
}

export const takePicture = () => draw();
