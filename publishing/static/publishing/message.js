/* Keeps the page of a message under way true: what changed is exchanged piece by piece, and nothing else is touched. */
const live = document.getElementById("live");
const status = document.getElementById("live-status");
const note = document.getElementById("live-note");
const texts = document.getElementById("live-texts").dataset;
const QUICK = 2000;
const SLOW = 15000;

let pause = QUICK;
let timer = 0;
let running = null;

function watchFrom() {
  return document.getElementById("message-state")?.dataset.watch || "";
}

/* How long until the next look; null when nothing happens by itself. */
function wait() {
  const from = watchFrom();
  if (!from) return null;
  if (from === "now") return pause;
  const ahead = new Date(from) - Date.now();
  return ahead > 0 ? Math.min(ahead + 500, 2 ** 31 - 1) : pause;
}

function plan() {
  clearTimeout(timer);
  const delay = wait();
  if (delay !== null && !document.hidden) timer = setTimeout(look, delay);
}

function isInUse(element) {
  if (element.querySelector("details.menu[open]")) return true;
  const active = document.activeElement;
  if (active && element.contains(active) && active.matches("input:not([type=hidden]), textarea, select")) return true;
  return [...element.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);
}

function tell(message, link) {
  note.textContent = message;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = location.href;
    anchor.textContent = link;
    note.append(" ", anchor);
  }
  note.hidden = !message;
}

function keepOpen(before, after) {
  const open = [...before.querySelectorAll("details")].map((one) => one.open);
  [...after.querySelectorAll("details")].forEach((one, place) => { one.open = Boolean(open[place]); });
}

/* Exchanges what changed; returns whether anything did. */
function exchange(fresh) {
  const said = [];
  let last = null;
  const wanted = new Set();
  for (const piece of fresh.querySelectorAll("[data-live]")) {
    wanted.add(piece.id);
    const present = document.getElementById(piece.id);
    if (!present) {
      if (last) last.after(piece); else live.prepend(piece);
      said.push(piece.dataset.said);
      last = piece;
    } else if (present.dataset.version !== piece.dataset.version && !isInUse(present)) {
      keepOpen(present, piece);
      const focused = present.contains(document.activeElement);
      present.replaceWith(piece);
      if (focused) { piece.tabIndex = -1; piece.focus({ preventScroll: true }); }
      piece.classList.add("changed");
      said.push(piece.dataset.said);
      last = piece;
    } else {
      last = present;
    }
  }
  for (const piece of live.querySelectorAll("[data-live]")) {
    if (!wanted.has(piece.id)) piece.remove();
  }
  if (said.length) status.textContent = said.filter(Boolean).join(". ");
  return said.length > 0;
}

async function look() {
  running?.abort();
  running = new AbortController();
  try {
    const response = await fetch(live.dataset.address, { signal: running.signal, credentials: "same-origin", headers: { Accept: "text/html" } });
    if (response.redirected) {
      tell(texts.signedOut, texts.signIn);
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    pause = exchange(fresh) ? QUICK : Math.min(pause * 1.25, SLOW);
    tell("");
  } catch (error) {
    if (error.name === "AbortError") return;
    pause = Math.min(pause * 1.5, SLOW);
    tell(texts.away);
  }
  plan();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) { clearTimeout(timer); return; }
  pause = QUICK;
  if (watchFrom() === "now") look(); else plan();
});
plan();

export {}; // a module: nothing here is global
