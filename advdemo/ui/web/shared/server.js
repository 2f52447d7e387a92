// Requests to the server, whose routes advdemo/ui/server/routes.py describes.

import { readTensors } from "./safetensors.js";

/** @typedef {import("./words.js").ServerError & {retryable: boolean}} Trouble why there is no answer */

const ROOT = new URL("../../../", import.meta.url); // of web/<version>/shared/server.js
// Tells the pages of one address apart; crypto.randomUUID is missing where the page is not served by HTTPS.
const PAGE = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("-");
const LONGEST_PAUSE = 30; // seconds

/**
 * Ask once. Throws a Trouble when there is no answer, and the signal's reason when it is aborted.
 * @param {string} name @param {object} request @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the answer, typed arrays in it
 */
export async function ask(name, request, { signal } = {}) {
  const response = await post(`ask/${name}`, request, signal);
  try {
    return unpack(await response.arrayBuffer());
  } catch (error) {
    throw signal?.aborted ? signal.reason : offline(error);
  }
}

/**
 * Ask for long work and get its messages as they come. Leaving the loop, or the signal, ends the work on the server.
 * @param {string} name @param {object} request @param {{signal?: AbortSignal}} [options]
 * @returns {AsyncGenerator<any>}
 */
export async function* follow(name, request, { signal } = {}) {
  const leaving = new AbortController();
  const ended = signal ? AbortSignal.any([signal, leaving.signal]) : leaving.signal;
  try {
    const response = await post(`follow/${name}`, request, ended);
    for await (const line of lines(response)) {
      const message = JSON.parse(line);
      if (message.error) throw { ...message.error, retryable: false };
      yield message;
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : isTrouble(error) ? error : offline(error);
  } finally {
    leaving.abort();
  }
}

/** A file, by its address relative to the page. @param {string} address */
export async function fetchFile(address) {
  try {
    const response = await fetch(new URL(address, ROOT));
    if (response.ok) return await response.arrayBuffer();
  } catch (error) {
    throw offline(error);
  }
  throw offline(address);
}

/**
 * @typedef {object} Patience
 * @property {AbortSignal} [signal]
 * @property {(trouble: Trouble) => void} onTrouble called before each pause
 */

/**
 * Ask, and while the server is lost or too busy ask again, after growing pauses.
 * @param {string} name @param {object} request @param {Patience} patience
 * @returns {Promise<any>}
 */
export async function askPatiently(name, request, { signal, onTrouble }) {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      return await ask(name, request, { signal });
    } catch (error) {
      await rest(error, pause, { signal, onTrouble });
    }
  }
}

/**
 * Follow long work, and when the server is lost on the way, or too busy, have it begun again, after growing pauses.
 * @param {string} name @param {() => object} request called each time the work is begun @param {Patience} patience
 * @returns {AsyncGenerator<any>}
 */
export async function* followPatiently(name, request, { signal, onTrouble }) {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      for await (const message of follow(name, request(), { signal })) {
        pause = 1;
        yield message;
      }
      return;
    } catch (error) {
      await rest(error, pause, { signal, onTrouble });
    }
  }
}

/**
 * Wait before asking again; throws what that would not mend.
 * @param {unknown} error @param {number} pause in seconds @param {Patience} patience
 */
async function rest(error, pause, { signal, onTrouble }) {
  if (!isTrouble(error) || !error.retryable) throw error;
  onTrouble({ key: "errors.again", values: { trouble: error, count: pause }, retryable: true });
  await sleep(pause, signal);
}

/** @param {unknown} error @returns {error is Trouble} */
export const isTrouble = (error) => error instanceof Object && "retryable" in error;

/** The server does not know this visitor's network: its weights should come along. @param {unknown} error */
export const isUnknown = (error) => isTrouble(error) && error.key === "errors.unknown_model";

/** @param {string} path @param {object} request @param {AbortSignal} [signal] */
async function post(path, request, signal) {
  let response;
  try {
    const headers = { "content-type": "application/json", "x-advdemo-page": PAGE };
    response = await fetch(new URL(path, ROOT), { method: "POST", headers, body: JSON.stringify(request), signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : offline(error);
  }
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  const { status } = response;
  const retryable = status === 429 || status >= 502;
  // A refusal without words is a proxy's.
  const told = error ?? (status === 413 ? { key: "errors.too_large_on_the_way", values: {} } : offline(status));
  throw { ...told, retryable };
}

/** @param {ArrayBuffer} buffer a safetensors file, as advdemo/ui/server/replies.py describes it */
function unpack(buffer) {
  const { metadata, tensors } = readTensors(buffer);
  const reply = JSON.parse(metadata.reply);
  for (const [path, values] of Object.entries(tensors)) {
    const steps = path.split(".");
    const last = /** @type {string} */ (steps.pop());
    steps.reduce((part, step) => part[step], reply)[last] = values;
  }
  return reply;
}

/** The lines of a body that are not empty. @param {Response} response */
async function* lines(response) {
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const pieces = (rest + decoder.decode(part.value, { stream: true })).split("\n");
    rest = pieces.pop() ?? "";
    yield* pieces.filter(Boolean);
  }
}

/** @param {unknown} reason @returns {Trouble} */
function offline(reason) {
  console.warn("no answer from the server:", reason);
  return { key: "errors.offline", values: {}, retryable: true };
}

/** @param {number} seconds @param {AbortSignal} [signal] */
function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 1000 * seconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
