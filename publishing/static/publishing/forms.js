// What is typed into a form is kept until it is saved, so that a web session that ends meanwhile costs nothing. It works
// for every form with a mark in it (`data-kept`, with the version that is written upon, or nothing where the form carries
// it), and asks nothing else of them. Secrets are never kept: passwords, and
// fields that say of themselves that they are secret (`data-secret`).
import { Kept, same } from "./kept.js";

const APART = new Set(["button", "file", "hidden", "image", "password", "reset", "submit"]);
const PAUSE = 250;
/** How long a form that was sent waits for its answer before it may be sent again, under the same token. */
const PATIENCE = 5000;
/** What a form carries unseen: the version that it was written upon, and the token under which it creates once. */
const VERSION = "edit_version";
const ONCE = "once";

/** Return the fields whose content is kept. */
function fieldsOf(form) {
  return [...form.elements].filter((field) => field.name && !APART.has(field.type) && !("secret" in field.dataset));
}

const isTicked = (field) => field.type === "checkbox" || field.type === "radio";

/** Return what a form holds, as plain data: names, each with its values. */
function snapshot(form) {
  const held = {};
  for (const field of fieldsOf(form)) {
    const values = (held[field.name] ??= []);
    if (field.type === "select-multiple") values.push(...[...field.selectedOptions].map((option) => option.value));
    else if (!isTicked(field) || field.checked) values.push(field.value);
  }
  return held;
}

/** Put what was kept back into a form, and let whoever listens to its fields know. */
function fillIn(form, held) {
  const seen = new Map();
  for (const field of fieldsOf(form)) {
    const values = held[field.name];
    const position = seen.get(field.name) ?? 0;
    seen.set(field.name, position + 1);
    if (!values) continue;
    if (isTicked(field)) field.checked = values.includes(field.value);
    else if (field.type === "select-multiple") for (const option of field.options) option.selected = values.includes(option.value);
    else if (values[position] !== undefined) field.value = values[position];
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
}

/** The value that a form carries unseen. */
const carried = (form, name) => form.elements[name]?.value ?? "";

function carry(form, name, value) {
  if (form.elements[name] && value) form.elements[name].value = value;
}

/** Where a form is, but for its token: what was typed into one that creates something is found in the next one too. */
function address() {
  const query = new URLSearchParams(location.search);
  query.delete(ONCE);
  return [location.pathname, query.toString()].filter(Boolean).join("?");
}

function watch(mark) {
  const form = mark.closest("form");
  const notice = mark.querySelector(".notice");
  const kept = new Kept(mark.dataset.page ?? address());
  const initial = snapshot(form);
  const isReturned = "returned" in mark.dataset;
  // A browser that goes back asks for the page anew and fills in what was typed: it still is the form that was sent.
  if (!isReturned) carry(form, ONCE, history.state?.once);
  const own = { once: carried(form, ONCE), version: carried(form, VERSION) };
  let timer = 0;
  /** Whether it was sent, and nobody knows yet what became of that. */
  let isSent = false;
  let isTouched = false;
  // The frame then takes a second click for none.
  form.dataset.once = "";

  function keep() {
    clearTimeout(timer);
    if (!isReturned && same(snapshot(form), initial)) return kept.drop();
    kept.write({ of: mark.dataset.kept, sent: isSent, once: carried(form, ONCE), version: carried(form, VERSION), held: snapshot(form) });
  }

  function bringBack({ held, sent, once, version }) {
    fillIn(form, held);
    // The version that was written upon: whoever saved meanwhile is not overwritten unseen.
    carry(form, VERSION, version);
    // Whether a form arrived that was sent without an answer, nobody knows: under its own token it is carried out once.
    isSent = sent;
    if (sent) carry(form, ONCE, once);
    mark.querySelector("[data-unkept]").hidden = !form.querySelector("[data-secret]");
    notice.hidden = false;
  }

  const found = isReturned ? null : kept.read();
  // What was typed upon another version was saved since, or somebody decided meanwhile.
  if (found?.of === mark.dataset.kept && !same(found.held, initial)) bringBack(found);
  // It came back with what is wrong: that answers what was sent, and the next one is another.
  else if (isReturned) keep();
  else kept.drop();
  history.replaceState({ ...history.state, once: carried(form, ONCE) }, "");

  const changed = () => {
    isTouched = true;
    clearTimeout(timer);
    timer = setTimeout(keep, PAUSE);
  };
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);
  form.addEventListener("submit", () => {
    isSent = true;
    keep();
    setTimeout(() => delete form.dataset.sent, PATIENCE);
  });
  addEventListener("pagehide", () => {
    if (isTouched) keep();
  });
  // Back, to the page as it was: what it said was answered, and the next thing that it says is another.
  addEventListener("pageshow", (event) => {
    if (event.persisted) isSent = false;
  });
  mark.querySelector("[data-discard]").addEventListener("click", () => {
    isSent = false;
    fillIn(form, initial);
    carry(form, VERSION, own.version);
    carry(form, ONCE, own.once);
    keep();
    notice.hidden = true;
    fieldsOf(form)[0]?.focus();
  });
}

document.querySelectorAll("[data-kept]").forEach(watch);
