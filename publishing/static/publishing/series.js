/* The form of a series: fields that belong to how often it recurs; what becomes of it, by the server, while one types. */
const PAUSE = 300;

const frequency = document.getElementById("id_frequency");
const rows = { weekly: document.querySelector(".field-weekdays"), monthly: document.querySelector(".field-month_day") };
const aside = document.querySelector("[data-series-preview]");
const form = document.getElementById("series_form");
const RULE = ["frequency", "weekdays", "month_day", "at", "zone", "starts_on", "ends_on", "count", "exceptions"];

function show() {
  for (const [name, row] of Object.entries(rows)) if (row) row.hidden = frequency.value !== name;
}

if (frequency) {
  frequency.addEventListener("change", show);
  show();
}

function texts() {
  return JSON.parse(document.getElementById("series-texts").textContent);
}

/* The place of a field's problems is where the server puts them when it refuses the form. */
function placeOf(name) {
  const box = form.querySelector(`.fieldBox.field-${name}`);
  return box ? box.parentElement : form.querySelector(`.form-row.field-${name}`);
}

function mark(name, sentences) {
  const place = placeOf(name);
  if (!place) return;
  for (const old of place.querySelectorAll(":scope > ul.errorlist")) old.remove();
  const input = document.getElementById(`id_${name}`);
  const id = `id_${name}_error`;
  const described = (input.getAttribute("aria-describedby") || "").split(" ").filter((each) => each && each !== id);
  if (sentences.length) {
    const list = document.createElement("ul");
    list.className = "errorlist";
    list.id = id;
    list.append(...sentences.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
    place.prepend(list);
    described.push(id);
    input.setAttribute("aria-invalid", "true");
  } else {
    input.removeAttribute("aria-invalid");
  }
  if (described.length) input.setAttribute("aria-describedby", described.join(" "));
  else input.removeAttribute("aria-describedby");
}

/* The server's own escaped pieces of the page; only what differs is exchanged, so that nothing is read out twice. */
function exchange(place, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  if (place.dataset.shown === html) return;
  place.dataset.shown = html;
  place.replaceChildren(...fresh.childNodes);
}

let timer = 0;
let running = null;

function say(text) {
  aside.querySelector("[data-preview-state]").textContent = text;
}

async function look() {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const times = aside.querySelector("[data-preview-times]");
  const body = new FormData(form);
  body.set("series", aside.dataset.series);
  times.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(aside.dataset.seriesPreview, {
      method: "POST", body, signal: mine.signal, credentials: "same-origin", headers: { Accept: "application/json" },
    });
    if (response.redirected) { say(texts().signed_out); return; }
    const answer = await response.json();
    for (const name of RULE) mark(name, answer.problems[name] || []);
    exchange(times, answer.times);
    exchange(aside.querySelector("[data-preview-repeats]"), answer.repeats);
    aside.querySelector("[data-zone]").textContent = form.elements.zone.value;
    say("");
  } catch (error) {
    if (error.name !== "AbortError") say(texts().away);
  } finally {
    if (running === mine) times.removeAttribute("aria-busy");
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE);
}

/* A date that is skipped is one of the exceptions; removing it there brings it back. */
function skip(on) {
  const field = form.elements.exceptions;
  const days = new Set(field.value.split(/[\s,;]+/).filter(Boolean));
  field.value = [...days.add(on)].sort().join(" ");
  look();
}

if (aside && form && frequency) {
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  aside.addEventListener("click", (event) => {
    const button = event.target.closest("[data-skip]");
    if (!button) return;
    event.preventDefault();
    skip(button.dataset.skip);
    document.getElementById("id_exceptions").focus({ preventScroll: true });
  });
  if (form.elements.at.value || form.elements.message_id.value) look();
}

export {}; // a module: nothing here is global
