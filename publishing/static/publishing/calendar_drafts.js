/* Drafts without a time, beside the calendar: dragged onto a day, or planned by a dialog, they get one and stay drafts. */
const SHOWN = "omnipub-calendar-drafts";
const KIND = "application/x-omnipub-draft";

function remembered() {
  try { return localStorage.getItem(SHOWN); } catch { return null; }
}

function dayUnder(event) {
  return document.elementFromPoint(event.clientX, event.clientY)?.closest(".ec-day") || null;
}

/** Show the list. `page`: what the calendar lends it. */
export function offerDrafts(page) {
  const panel = document.getElementById("drafts");
  const toggle = document.getElementById("drafts-toggle");
  if (!panel) return;
  const { texts, place, element } = page;
  const list = document.getElementById("drafts-list");
  const state = document.getElementById("drafts-state");
  const count = document.getElementById("drafts-count");
  let drafts = [];
  let hasMore = false;
  let dragged = null;

  function show(open) {
    panel.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
  }

  function gone(draft, answer) {
    drafts = drafts.filter((one) => one !== draft);
    paint();
    page.planned(answer);
  }

  function ask(draft) {
    page.ask({ id: draft.id, title: draft.title, start: null, extendedProps: { rev: draft.rev, address: draft.address } }, (answer) => gone(draft, answer));
  }

  function entry(draft) {
    const item = element("li", "");
    item.draggable = true;
    const link = element("a", "", draft.title);
    link.href = draft.address;
    link.dir = "auto";
    link.draggable = false;
    const button = element("button", "button compact", texts.plan);
    button.type = "button";
    button.setAttribute("aria-label", `${texts.plan}: ${draft.title}`);
    button.addEventListener("click", () => ask(draft));
    item.append(link, button);
    if (draft.channels.length) {
      const marks = element("span", "entry-channels");
      for (const channel of draft.channels.slice(0, 6)) marks.append(page.symbol(`channel-${channel.kind}`));
      item.append(marks);
    }
    item.addEventListener("dragstart", (event) => {
      dragged = draft;
      item.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData(KIND, draft.id);
    });
    item.addEventListener("dragend", () => {
      dragged = null;
      item.classList.remove("is-dragged");
      mark(null);
    });
    return item;
  }

  function paint() {
    list.replaceChildren(...drafts.map(entry));
    state.textContent = drafts.length ? texts.dropHint : texts.noDrafts;
    count.textContent = drafts.length ? `${drafts.length}${hasMore ? "+" : ""}` : "";
  }

  function mark(day) {
    for (const old of place.querySelectorAll(".drop-here")) if (old !== day) old.classList.remove("drop-here");
    day?.classList.add("drop-here");
  }

  /* A day alone means nine in the morning there; today, the next full hour when that has passed. */
  function timeOn(found) {
    if (!found.allDay) return page.wall(found.date);
    const day = page.wall(found.date).slice(0, 10);
    const now = new Date(new Date().toLocaleString("en-US", { timeZone: page.zone }));
    const isToday = page.wall(now).slice(0, 10) === day;
    const hour = isToday ? Math.min(23, Math.max(9, now.getHours() + 1)) : 9;
    return `${day}T${String(hour).padStart(2, "0")}:00:00`;
  }

  async function plan(draft, at) {
    const answer = await page.send(draft.id, at, draft.rev);
    if (answer.reason) {
      page.tell(answer.reason, "error");
      load();
    } else gone(draft, answer);
  }

  async function load() {
    try {
      const response = await fetch(panel.dataset.drafts, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (response.redirected) { state.textContent = texts.signedOut; return; }
      const answer = await response.json();
      drafts = answer.drafts;
      hasMore = answer.more;
      paint();
    } catch {
      state.textContent = texts.away;
    }
  }

  place.addEventListener("dragover", (event) => {
    if (!dragged) return;
    const day = dayUnder(event);
    mark(day);
    if (day) event.preventDefault();
  });
  place.addEventListener("dragleave", (event) => { if (dragged && !place.contains(event.relatedTarget)) mark(null); });
  place.addEventListener("drop", (event) => {
    const draft = dragged;
    mark(null);
    if (!draft) return;
    event.preventDefault();
    const found = page.dayAt(event.clientX, event.clientY);
    if (found) plan(draft, timeOn(found));
  });
  toggle.addEventListener("click", () => {
    show(panel.hidden);
    try { localStorage.setItem(SHOWN, panel.hidden ? "no" : "yes"); } catch { /* it is closed the next time then */ }
  });
  show(remembered() === "yes");
  load();
}
