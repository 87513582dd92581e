// Building the page's parts. What people wrote is only ever set as text.

/** Make an element: `make("p", { class: "quiet", text: "Hi" }, child, …)`. Attributes that are null are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(Boolean));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Make an element of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Return a channel's mark. */
export function mark(icons, kind) {
  return draw("svg", { class: "channel", "aria-hidden": "true", focusable: "false" }, draw("use", { href: `${icons}#channel-${kind}` }));
}

const numbers = new Intl.NumberFormat(document.documentElement.lang);

/** Return a value as the page's language writes it. */
export const written = (value) => (typeof value === "number" ? numbers.format(value) : String(value));

/** Fill in a sentence that came from the server: `fill("{count} left", { count: 3 })`. */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? written(values[name]) : whole));
}

/** Return a function that waits until it was not called for a while. */
export function calmly(act, milliseconds) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), milliseconds);
  };
  later.now = (...given) => {
    clearTimeout(timer);
    act(...given);
  };
  return later;
}
