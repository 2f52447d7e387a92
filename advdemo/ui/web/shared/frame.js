// In a frame, as on a Hugging Face Space, the address that visitors see is that of the page around this one. It
// passes its hash in at the start; afterwards it has to be told (huggingface.co/docs/hub/spaces-handle-url-parameters).

const SPACES = "https://huggingface.co";

/** The origin of the page around this one; null when there is none, or it has none to be named by. */
function hostOrigin() {
  if (window.parent === window) return null;
  const origin = location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : SPACES);
  return origin === "null" ? null : origin;
}

const host = hostOrigin();

/** Tell the page around this one what its address should end with. @param {string} hash */
export function tellHost(hash) {
  if (host) window.parent.postMessage({ hash }, host);
}
