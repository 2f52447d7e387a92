// What this browser remembers of earlier visits. A frame without storage remembers nothing.

/** @param {string} name @returns {string | null} */
export function recall(name) {
  try {
    return localStorage.getItem(`advdemo.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function keep(name, value) {
  try {
    localStorage.setItem(`advdemo.${name}`, value);
  } catch {
    // it lasts as long as the page
  }
}
