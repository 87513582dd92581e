// The composer: ties the parts of its page together. Everything works without it too; it makes it quick and safe.
import { calmly, make } from "./dom.js";
import { Draft, fillIn, same, snapshot } from "./drafts.js";
import { PreviewPane } from "./preview.js";
import { texts } from "./texts.js";
import { wordings } from "./wordings.js";

const root = document.querySelector("[data-composer]");
const form = root.querySelector("#composer");
const words = JSON.parse(document.getElementById("compose-words").textContent);
const draft = new Draft(root.dataset.draft);
const isReturned = "own" in root.dataset;
let leaving = false;
let touched = false;

// --- notices ---------------------------------------------------------------------------------------------------------

function notice(sentence, ...actions) {
  const box = root.querySelector("[data-notice]");
  box.querySelector("p").textContent = sentence;
  box.querySelector(".notice-actions").replaceChildren(...actions);
  box.hidden = !sentence;
}

function action(label, act) {
  const button = make("button", { type: "button", class: "link-button", text: label });
  button.addEventListener("click", act);
  return button;
}

// --- the zone, before anything is compared -----------------------------------------------------------------------------

const cookie = document.cookie.split("; ").find((one) => one.startsWith("omnipub-zone="));
if ("new" in root.dataset && !cookie && !isReturned && form.elements.zone.value === "UTC" && !form.elements.date.value) {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...form.elements.zone.options].some((option) => option.value === here)) form.elements.zone.value = here;
}

// --- wordings, drafts ------------------------------------------------------------------------------------------------

const tabs = wordings(form, words, () => changed());
const initial = snapshot(form);

function isDirty() {
  return isReturned || !same(snapshot(form), initial);
}

const keep = calmly(() => (isDirty() ? draft.keep(form) : draft.drop()), 250);

function changed() {
  touched = true;
  document.querySelectorAll("[data-unsaved]").forEach((mark) => (mark.hidden = !isDirty()));
  keep();
  ask();
}

function bringBack() {
  const kept = draft.read();
  if (!kept) return;
  fillIn(form, kept.held);
  // The revision that was written upon: whoever saved meanwhile is not overwritten unseen.
  if (form.elements.rev && kept.rev) form.elements.rev.value = kept.rev;
  root.querySelector("[data-media-picker]")?.dispatchEvent(new CustomEvent("media-restore"));
  tabs.read();
  changed();
}

function discard() {
  draft.drop();
  leaving = true;
  location.reload();
}

function restore() {
  const saved = new URLSearchParams(location.search).get("saved");
  if (saved !== null) {
    draft.dropForm(saved);
    draft.drop();
    const address = new URL(location.href);
    address.searchParams.delete("saved");
    history.replaceState(null, "", address);
  }
  const verdict = isReturned ? "none" : draft.verdict(initial, form.elements.rev?.value ?? "");
  if (verdict === "restore") {
    bringBack();
    notice(words.restored, action(words.discard, discard));
  } else if (verdict === "ask") {
    notice(words.found, action(words.bring_back, () => (bringBack(), notice(words.restored, action(words.discard, discard)))), action(words.discard, () => (draft.drop(), notice(""))));
  }
}

// --- the dry run -----------------------------------------------------------------------------------------------------

const pane = new PreviewPane(root, form, words, tabs);
let running = null;
let again = 0;

async function run() {
  clearTimeout(again);
  running?.abort();
  running = new AbortController();
  pane.busy();
  try {
    const answer = await fetch(root.dataset.preview, { method: "POST", body: new FormData(form), redirect: "manual", signal: running.signal, headers: { Accept: "application/json" } });
    if (answer.type === "opaqueredirect") return ended();
    if (answer.status === 429) {
      again = setTimeout(run, 1000 * Number((await answer.json()).retry_after || 5));
      return pane.say(words.limited);
    }
    if (!answer.ok) return pane.say(words.away);
    pane.show(await answer.json(), { withProblems: touched });
  } catch (error) {
    if (error.name !== "AbortError") pane.say(words.away);
  }
}

function ended() {
  pane.say("");
  draft.keep(form);
  leaving = true;
  notice(words.session, make("a", { href: location.href, class: "link-button", text: words.sign_in }));
}

const ask = calmly(run, 350);

// --- leaving ---------------------------------------------------------------------------------------------------------

form.addEventListener("input", changed);
form.addEventListener("change", changed);
form.addEventListener("media-change", changed);
form.addEventListener("submit", (event) => {
  if (form.dataset.sent) return event.preventDefault();
  leaving = true;
  draft.keep(form, { sent: true });
  // A button that is switched off before the form is read would not be sent.
  setTimeout(() => {
    form.dataset.sent = "yes";
    root.querySelectorAll(".composer-actions button").forEach((button) => (button.disabled = true));
  });
});
addEventListener("pageshow", () => {
  delete form.dataset.sent;
  leaving = false;
  root.querySelectorAll(".composer-actions button").forEach((button) => (button.disabled = false));
});
addEventListener("beforeunload", (event) => {
  if (leaving || !isDirty()) return;
  draft.keep(form);
  event.preventDefault();
});
root.querySelector("[data-take-theirs]")?.addEventListener("click", () => {
  leaving = true;
  draft.drop();
});

// --- by keyboard, and small helps ------------------------------------------------------------------------------------

form.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit(root.querySelector("[data-save]") ?? root.querySelector(".composer-actions button"));
});
root.querySelectorAll("#problems a").forEach((link) => link.addEventListener("click", (event) => {
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  tabs.reveal(field);
  (field.matches("input, textarea, select") ? field : field.querySelector("input, button") ?? field).focus();
}));
root.querySelectorAll("[data-use-theirs]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.useTheirs);
    field.value = button.dataset.value;
    tabs.read();
    tabs.reveal(field);
    field.focus();
    changed();
  });
});
const search = root.querySelector("[data-account-search]");
if (search) {
  search.hidden = false;
  search.addEventListener("input", (event) => {
    event.stopPropagation();
    const wanted = search.value.trim().toLocaleLowerCase();
    for (const account of root.querySelectorAll(".account")) {
      account.hidden = wanted !== "" && !account.textContent.toLocaleLowerCase().includes(wanted) && !account.querySelector("input").checked;
    }
  });
}
texts(root, form, words, tabs);
const look = root.querySelector("[data-look]");
look.hidden = false;
look.addEventListener("click", () => {
  const previews = root.querySelector("[data-previews]");
  const chosen = previews.dataset.theme ?? document.documentElement.dataset.theme;
  const dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  previews.dataset.theme = dark ? "light" : "dark";
});

root.querySelectorAll("[data-static]").forEach((part) => part.remove());
restore();
if (isReturned) document.querySelectorAll("[data-unsaved]").forEach((mark) => (mark.hidden = false));
(root.querySelector("#problems") ?? root.querySelector("#conflict"))?.focus();
run();
