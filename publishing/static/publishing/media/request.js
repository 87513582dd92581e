/** Asking the desk: JSON in and out, and for everything that goes wrong an error with a sentence to show. */

export class RefusedError extends Error {
  /** @param {string} message a sentence for a person
   *  @param {number} status 0 when nothing was answered */
  constructor(message, status = 0) {
    super(message);
    this.status = status;
  }

  /** Whether asking again can help. */
  get isPassing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Ask for data; `body` makes it a POST. Rejects with RefusedError, or AbortError when `signal` fires. */
export async function ask(address, { body, signal, texts }) {
  const options = { signal, redirect: "manual", credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.method = "POST";
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
    options.headers["X-CSRFToken"] = csrfToken();
  }
  let answer;
  try {
    answer = await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new RefusedError(texts.failed);
  }
  // Who is not signed in any more is sent to the log-in page.
  if (answer.type === "opaqueredirect") throw new RefusedError(texts.signed_out, 0);
  let data;
  try {
    data = await answer.json();
  } catch {
    throw new RefusedError(texts.unreadable);
  }
  if (!answer.ok) throw new RefusedError(data.detail || texts.unreadable, answer.status);
  return data;
}

/** Fill the places of a text: `fill("{count} chosen", {count: 3})`. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? values[name] : place));
}

/** Make an element: attributes, `text`, listeners (`onclick`), children. Texts are never read as markup. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") element.textContent = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A name that others typed, kept apart from the direction of the text around it. */
export function named(tag, className, text) {
  return make(tag, { class: className }, make("bdi", { text }));
}

export function readable(bytes) {
  const units = ["B", "KB", "MB", "GB"];
  let unit = 0;
  while (bytes >= 1000 && unit < units.length - 1) {
    bytes /= 1000;
    unit += 1;
  }
  return `${new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 }).format(bytes)} ${units[unit]}`;
}

function csrfToken() {
  return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

/** What a list shows of a medium: a small picture, or the sign of a video, which has none. */
export function pictureOf(medium, attributes) {
  if (medium.kind === "video") return make("span", { class: "media-thumb-video", "aria-hidden": "true" });
  return make("img", { src: medium.thumbnail, ...attributes });
}
