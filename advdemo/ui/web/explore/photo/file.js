// What is sent of a picture: its file, or what a canvas makes of one that is too large, or that only this browser opens.

import { isTrue } from "../../shared/pixels.js";

export const MOST = 4_000_000; // bytes
const LONGEST = 2000; // pixels: the longest side of what a canvas makes
const READ = new Set(["image/jpeg", "image/png", "image/webp", "image/avif"]); // by the server, as they are
const PHOTO = /jpe?g|hei[cf]/; // kinds of files that are never transparent
/** @type {[string, number?][]} the first that is small enough is sent */
const KINDS = [["image/png"], ["image/jpeg", 0.9], ["image/jpeg", 0.6]];

/** Whether the server reads the file as it is. @param {{type: string, size: number}} file */
export const travels = ({ type, size }) => READ.has(type) && size <= MOST;

/** A picture's sides, no longer than LONGEST. @param {number} width @param {number} height */
export function fitted(width, height) {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return [width, height].map((side) => Math.max(1, Math.round(side * scale)));
}

/**
 * What to send. Throws a Trouble when that would be too much.
 * @param {File} file @returns {Promise<Blob>}
 */
export async function prepare(file) {
  if (travels(file)) return file;
  const canvas = document.createElement("canvas");
  const allowed = isTrue(canvas);
  const redrawn = allowed && (await redraw(file, canvas));
  if (redrawn) return redrawn;
  if (file.size <= MOST) return file; // the server may read it, or says that it cannot
  throw {
    key: allowed ? "errors.photo_too_large" : "photo.private",
    values: { most: MOST / 1_000_000 },
    retryable: false,
  };
}

/** @param {File} file @param {HTMLCanvasElement} canvas @returns {Promise<Blob | null>} null: this browser cannot */
async function redraw(file, canvas) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const [width, height] = fitted(picture.width, picture.height);
    Object.assign(canvas, { width, height });
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, width, height);
    picture.close();
  } catch {
    return null;
  }
  for (const [type, quality] of PHOTO.test(file.type) ? KINDS.slice(1) : KINDS) {
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, type, quality));
    if (blob && blob.size <= MOST) return blob;
  }
  return null;
}
