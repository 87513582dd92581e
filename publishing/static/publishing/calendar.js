/* The calendar: what is planned and what went out, in the zone that was chosen; moving is one request, refused with a reason. */
import { chooseZone, chosenZone, zoneOfBrowser } from "./zone.js";

const place = document.getElementById("calendar");
const texts = JSON.parse(document.getElementById("calendar-texts").textContent);
const note = document.getElementById("calendar-note");
const dialog = document.getElementById("move-dialog");
const zone = chosenZone() || zoneOfBrowser();
const language = document.documentElement.lang || "en";
const locale = language === "en" ? "en-GB" : language;
const VIEW = "omnipub-calendar";
let calendar = null;
let moving = null;

function two(number) { return String(number).padStart(2, "0"); }

/* The calendar works with wall times: a date's own parts, whatever zone the browser is in. */
function wall(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function say(text, kind = "") {
  note.textContent = text;
  note.className = `notice ${kind}`;
  note.hidden = !text;
}

async function load(span) {
  const query = new URLSearchParams({ start: wall(span.start), end: wall(span.end) });
  const response = await fetch(`${place.dataset.events}?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (response.redirected) { say(texts.signedOut, "warning"); return []; }
  const answer = await response.json();
  if (!response.ok) { say(answer.reason, "error"); return []; }
  if (answer.partial) say(texts.partial, "warning");
  return answer.events;
}

function symbol(kind) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon channel-icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${place.dataset.icons}#${kind}`);
  svg.append(use);
  return svg;
}

function element(name, css, text) {
  const made = document.createElement(name);
  made.className = css;
  if (text !== undefined) made.textContent = text;
  return made;
}

/* Built of nodes and text only: whatever somebody typed stays text. */
function content(info) {
  const { channels, statusLabel, movable } = info.event.extendedProps;
  const head = element("span", "entry-head");
  const time = element("time", "entry-time tabular", new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(info.event.start));
  const marks = element("span", "entry-channels");
  for (const channel of channels.slice(0, 4)) marks.append(symbol(`channel-${channel.kind}`));
  head.append(time, marks);
  const title = element("span", "entry-title", info.event.title);
  title.dir = "auto";
  const hidden = element("span", "visually-hidden", `${statusLabel}. ${channels.map((channel) => channel.name).join(", ")}. ${movable ? texts.move : ""}`);
  return { domNodes: [head, title, hidden] };
}

async function send(id, at, rev) {
  const token = dialog.querySelector("[name=csrfmiddlewaretoken]").value;
  const body = new URLSearchParams({ message: id, at, rev, csrfmiddlewaretoken: token });
  let response;
  try {
    response = await fetch(place.dataset.move, { method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json" } });
  } catch { return { reason: texts.failed }; }
  if (response.redirected) return { reason: texts.signedOut };
  try {
    return await response.json();
  } catch { return { reason: texts.failed }; }
}

function moved(event, answer) {
  calendar.updateEvent({
    ...event, start: answer.start, end: answer.end, extendedProps: { ...event.extendedProps, rev: answer.rev },
  });
  const at = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" }).format(new Date(answer.start));
  say(texts.moved.replace("%s", at), "success");
}

async function dropped(info) {
  const answer = await send(info.event.id, wall(info.event.start), info.oldEvent.extendedProps.rev);
  if (answer.reason) {
    info.revert();
    say(answer.reason, "error");
    calendar.refetchEvents(); // whatever stood in the way is shown as it is now
  } else {
    moved(info.event, answer);
  }
}

function askToMove(event) {
  moving = event;
  document.getElementById("move-what").textContent = event.title;
  document.getElementById("move-at").value = wall(event.start);
  document.getElementById("move-problem").textContent = "";
  dialog.showModal();
}

document.getElementById("move-close").addEventListener("click", () => dialog.close());
document.getElementById("move-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await send(moving.id, document.getElementById("move-at").value, moving.extendedProps.rev);
  if (answer.reason) {
    document.getElementById("move-problem").textContent = answer.reason;
    return;
  }
  dialog.close();
  moved(moving, answer);
});

function remembered() {
  try { return sessionStorage.getItem(VIEW); } catch { return null; }
}

function start() {
  const isPhone = matchMedia("(max-width: 48rem)").matches;
  calendar = window.EventCalendar.create(place, {
    view: isPhone ? "listWeek" : remembered() || "dayGridMonth",
    locale,
    firstDay: 1,
    height: isPhone ? "auto" : "56rem",
    headerToolbar: isPhone
      ? { start: "prev,next", center: "title", end: "today" }
      : { start: "today prev,next", center: "title", end: "dayGridMonth,timeGridWeek,timeGridDay,listWeek" },
    buttonText: (text) => ({
      ...text, today: texts.today, dayGridMonth: texts.month, timeGridWeek: texts.week, timeGridDay: texts.day, listWeek: texts.list,
      prev: texts.previous, next: texts.next,
    }),
    noEventsContent: texts.nothing,
    moreLinkContent: (info) => `+${info.num} ${texts.more}`,
    dayMaxEvents: true,
    allDaySlot: false,
    nowIndicator: true,
    slotEventOverlap: false,
    eventDurationEditable: false,
    editable: true,
    scrollTime: "07:00:00",
    slotLabelFormat: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    eventSources: [{ events: (span, ok, failed) => { load(span).then(ok, (error) => { say(texts.failed, "error"); failed(error); }); } }],
    eventContent: content,
    eventClick: (info) => { location.assign(info.event.extendedProps.address); },
    eventDrop: dropped,
    eventDidMount: (info) => {
      info.el.addEventListener("keydown", (event) => {
        if (event.key.toLowerCase() === "m" && info.event.extendedProps.movable) {
          event.preventDefault();
          askToMove(calendar.getEventById(info.event.id));
        }
      });
    },
    dateClick: (info) => {
      if (!place.dataset.compose) return;
      const at = info.allDay ? `${wall(info.date).slice(0, 10)}T09:00:00` : wall(info.date);
      location.assign(`${place.dataset.compose}?${new URLSearchParams({ at, zone })}`);
    },
    datesSet: (info) => {
      say("");
      try { if (!isPhone) sessionStorage.setItem(VIEW, info.view.type); } catch { /* it opens with the month then */ }
    },
  });
}

/* The library calls its grid a table and has no rows in it, which misleads screen readers: it is none to them. Entries keep
   their roles, and the list says the same in order. */
const PRETENDED = ["table", "rowgroup", "row", "cell", "columnheader", "rowheader"].map((role) => `[role="${role}"]`).join(",");

function stayPlain() {
  const strip = () => {
    for (const one of place.querySelectorAll(PRETENDED)) {
      for (const name of ["role", "aria-colindex", "aria-rowindex", "aria-colspan", "aria-rowspan"]) one.removeAttribute(name);
    }
  };
  new MutationObserver(strip).observe(place, { childList: true, subtree: true });
  strip();
}

function offerZones() {
  const select = document.getElementById("zone");
  const every = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];
  for (const name of new Set([zone, zoneOfBrowser(), "UTC", ...every])) select.append(new Option(name, name, name === zone, name === zone));
  select.options[0].remove();
  select.addEventListener("change", () => {
    chooseZone(select.value);
    location.reload();
  });
}

offerZones();
start();
stayPlain();
