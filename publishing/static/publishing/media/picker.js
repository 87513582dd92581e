/**
 * Choosing media for a message, inside its form.
 *
 * The hidden field `media` is the truth: a list of {id, alt_text}. Each change writes it and fires `media-change`, which
 * bubbles. A script that sets the field itself (a kept draft) fires `media-restore` on the picker afterwards.
 */
import { ask, fill, make, named, pictureOf } from "./request.js";
import { Uploads } from "./uploads.js";

function start(element) {
  const data = JSON.parse(document.getElementById("media-data").textContent);
  const chosen = new Chosen(element, data);
  new Browser(element, data, chosen);
}

/** The media of the message, in their order. */
class Chosen {
  constructor(element, data) {
    this.element = element;
    this.data = data;
    this.field = element.querySelector("[data-media-value]");
    this.list = element.querySelector("[data-media-chosen]");
    this.status = element.querySelector("[data-media-status]");
    this.uses = [...this.list.children].map((item) => ({
      medium: {
        id: item.dataset.medium,
        name: item.dataset.name,
        thumbnail: item.dataset.thumbnail,
        kind: item.dataset.kind,
        facts: item.dataset.facts,
        status: item.dataset.status,
      },
      alt_text: item.dataset.alt,
    }));
    this.draw();
    element.addEventListener("media-restore", () => this.restore());
  }

  has(id) {
    return this.uses.some((use) => use.medium.id === id);
  }

  add(medium) {
    const { texts, limits } = this.data;
    if (this.has(medium.id)) return true;
    if (this.uses.length >= limits.media) {
      this.say(fill(texts.full, { limit: limits.media }));
      return false;
    }
    this.uses.push({ medium, alt_text: medium.alt_text });
    this.changed();
    this.say(fill(texts.chosen, { name: medium.name, count: this.uses.length }));
    return true;
  }

  remove(id) {
    const position = this.uses.findIndex((use) => use.medium.id === id);
    if (position < 0) return;
    const [{ medium }] = this.uses.splice(position, 1);
    this.changed();
    this.say(fill(this.data.texts.removed, { name: medium.name }));
  }

  move(from, to) {
    if (to < 0 || to >= this.uses.length || from === to) return;
    const [use] = this.uses.splice(from, 1);
    this.uses.splice(to, 0, use);
    this.changed();
    const values = { name: use.medium.name, position: to + 1, count: this.uses.length };
    this.say(fill(this.data.texts.moved, values));
  }

  describe(position, text) {
    this.uses[position].alt_text = text;
    this.write();
  }

  /** What the library now says of a medium that was just uploaded here, where the message says nothing else yet. */
  learn(medium, before) {
    for (const use of this.uses) {
      if (use.medium.id !== medium.id) continue;
      if (use.alt_text === before) use.alt_text = medium.alt_text;
      use.medium = medium;
    }
    this.changed();
  }

  changed() {
    this.draw();
    this.write();
  }

  write() {
    this.field.value = JSON.stringify(this.uses.map(({ medium, alt_text }) => ({ id: medium.id, alt_text })));
    this.element.dispatchEvent(new CustomEvent("media-change", { bubbles: true, detail: this.details() }));
  }

  details() {
    return this.uses.map(({ medium, alt_text }) => ({ ...medium, alt_text }));
  }

  say(text) {
    this.status.textContent = text;
  }

  /** Read the field anew; what is not known of its media is asked for. */
  async restore() {
    let wanted;
    try {
      wanted = JSON.parse(this.field.value || "[]");
    } catch {
      return;
    }
    const known = new Map(this.uses.map(({ medium }) => [medium.id, medium]));
    const missing = wanted.map((use) => use.id).filter((id) => !known.has(id));
    if (missing.length) {
      const { addresses, texts } = this.data;
      try {
        const found = await ask(`${addresses.browse}?${new URLSearchParams({ ids: missing.join(",") })}`, { texts });
        for (const medium of found.results) known.set(medium.id, medium);
      } catch (error) {
        this.say(error.message);
      }
    }
    const unknown = (id) => ({ id, name: id, thumbnail: "", facts: this.data.texts.gone, status: "deleted", alt_text: "" });
    this.uses = wanted.map((use) => ({ medium: known.get(use.id) ?? unknown(use.id), alt_text: use.alt_text }));
    this.changed();
  }

  draw() {
    const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
    const wanted = focused && { id: focused.closest("li").dataset.medium, action: focused.dataset.action };
    this.list.replaceChildren(...this.uses.map((use, position) => this.item(use, position)));
    this.list.hidden = this.uses.length === 0;
    if (wanted) this.refocus(wanted);
  }

  /** Leave the keyboard where it was: on the button that moved the picture, else on the nearest thing there is. */
  refocus({ id, action }) {
    const item = this.list.querySelector(`[data-medium="${CSS.escape(id)}"]`) ?? this.list.lastElementChild;
    const button = item?.querySelector(`[data-action="${action}"]:not(:disabled)`) ?? item?.querySelector("button:not(:disabled)");
    (button ?? this.element.querySelector("[data-media-open]")).focus();
  }

  item(use, position) {
    const { medium } = use;
    const item = make("li", { class: "picker-use", "data-medium": medium.id, "data-status": medium.status, draggable: "true" });
    const id = `use-alt-${medium.id}`;
    const text = make("textarea", {
      id, rows: 2, dir: "auto", maxlength: this.data.limits.alt_text, placeholder: this.data.texts.alt_help, text: use.alt_text,
    });
    text.addEventListener("input", () => this.describe(position, text.value));
    // Selecting words by the pointer must not drag the picture.
    text.addEventListener("pointerdown", () => item.setAttribute("draggable", "false"));
    text.addEventListener("blur", () => item.setAttribute("draggable", "true"));
    const picture = medium.thumbnail
      ? make("img", { class: "picker-thumb", src: medium.thumbnail, alt: "", width: 72, height: 72, draggable: "false" })
      : make("span", { class: medium.kind === "video" ? "picker-thumb media-thumb-video" : "picker-thumb", "aria-hidden": "true" });
    const head = make("div", { class: "picker-line" }, named("p", "picker-name", medium.name), this.buttons(medium, position));
    const label = make("label", { class: "picker-label", for: id, text: this.data.texts.alt_text });
    item.append(picture, make("div", { class: "picker-body" }, head, label, text));
    this.makeMovable(item, position);
    return item;
  }

  buttons(medium, position) {
    const { texts } = this.data;
    const button = (action, sign, isOff, onclick) =>
      make("button", {
        type: "button", class: "button bare compact", "data-action": action, disabled: isOff, text: sign,
        "aria-label": fill(texts[action], { name: medium.name }), title: fill(texts[action], { name: medium.name }), onclick,
      });
    const last = this.uses.length - 1;
    return make(
      "div",
      { class: "picker-actions" },
      button("earlier", "↑", position === 0, () => this.move(position, position - 1)),
      button("later", "↓", position === last, () => this.move(position, position + 1)),
      button("remove", "✕", false, () => this.remove(medium.id)),
    );
  }

  makeMovable(item, position) {
    item.addEventListener("dragstart", (event) => {
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/x-medium-position", String(position));
      item.classList.add("is-dragged");
    });
    item.addEventListener("dragend", () => item.classList.remove("is-dragged"));
    item.addEventListener("dragover", (event) => {
      if (!event.dataTransfer.types.includes("text/x-medium-position")) return;
      event.preventDefault();
      item.classList.add("is-target");
    });
    item.addEventListener("dragleave", () => item.classList.remove("is-target"));
    item.addEventListener("drop", (event) => {
      const from = event.dataTransfer.getData("text/x-medium-position");
      if (from === "") return;
      event.preventDefault();
      this.move(Number(from), position);
    });
  }
}

/** The dialog with the library. */
class Browser {
  constructor(element, data, chosen) {
    this.data = data;
    this.chosen = chosen;
    this.dialog = element.querySelector("[data-media-dialog]");
    this.grid = this.dialog.querySelector("[data-media-grid]");
    this.note = this.dialog.querySelector("[data-media-note]");
    this.more = this.dialog.querySelector("[data-media-more]");
    this.query = this.dialog.querySelector("[data-media-query]");
    this.mine = this.dialog.querySelector("[data-media-mine]");
    this.uploads = new Uploads(this.dialog.querySelector("[data-upload-zone]"), data);
    this.listen(element);
  }

  listen(element) {
    const open = element.querySelector("[data-media-open]");
    open.hidden = false;
    open.addEventListener("click", () => this.open());
    this.dialog.querySelector("[data-media-close]").addEventListener("click", () => this.dialog.close());
    // Where a press began and ended decides: selecting text must not close the dialog.
    this.dialog.addEventListener("mousedown", (event) => {
      this.isOutside = event.target === this.dialog;
    });
    this.dialog.addEventListener("click", (event) => {
      if (event.target === this.dialog && this.isOutside) this.dialog.close();
    });
    this.more.addEventListener("click", () => this.load(this.following));
    this.mine.addEventListener("change", (event) => this.search(event));
    this.query.addEventListener("input", (event) => {
      event.stopPropagation();
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.search(), 300);
    });
    this.query.addEventListener("keydown", (event) => {
      // The form around the picker must not be sent by a search.
      if (event.key === "Enter") event.preventDefault();
    });
    this.listenToUploads();
  }

  listenToUploads() {
    const before = new Map();
    this.dialog.addEventListener("medium-ready", ({ detail: medium }) => {
      before.set(medium.id, medium.alt_text);
      this.note.textContent = "";
      this.chosen.add(medium);
      this.grid.prepend(this.tile(medium));
    });
    this.dialog.addEventListener("medium-described", ({ detail: medium }) => {
      this.chosen.learn(medium, before.get(medium.id));
      before.set(medium.id, medium.alt_text);
    });
  }

  open() {
    this.dialog.showModal();
    this.dialog.querySelector("h2").focus();
    this.search();
  }

  search(event) {
    event?.stopPropagation();
    this.grid.replaceChildren();
    const wanted = { q: this.query.value.trim(), mine: this.mine.checked ? "1" : "" };
    this.load(new URLSearchParams(Object.entries(wanted).filter(([, value]) => value)).toString());
  }

  /** Show a page behind those that are shown. Only the answer that was asked for last counts. */
  async load(query) {
    const { texts, addresses } = this.data;
    this.abort?.abort();
    const abort = (this.abort = new AbortController());
    this.note.textContent = texts.loading;
    this.more.hidden = true;
    try {
      const page = await ask(`${addresses.browse}?${query}`, { signal: abort.signal, texts });
      const first = page.results.map((medium) => this.tile(medium));
      this.grid.append(...first);
      this.following = page.next;
      this.more.hidden = page.next === null;
      this.note.textContent = this.emptiness(page.next !== null);
    } catch (error) {
      if (error.name !== "AbortError") this.note.textContent = error.message;
    }
  }

  emptiness(hasMore) {
    const { texts } = this.data;
    if (this.grid.children.length) return "";
    if (hasMore) return texts.looked_far;
    return this.query.value.trim() || this.mine.checked ? texts.nothing_found : texts.no_media;
  }

  tile(medium) {
    const picture = pictureOf(medium, { alt: medium.alt_text, loading: "lazy", decoding: "async" });
    const button = make(
      "button",
      {
        type: "button", class: "media-pick", "data-medium": medium.id,
        "aria-label": fill(this.data.texts.choose, { name: medium.name }), "aria-pressed": String(this.chosen.has(medium.id)),
      },
      make("span", { class: "media-thumb" }, picture),
      named("span", "media-name", medium.name),
      make("span", { class: "media-facts", text: medium.facts }),
    );
    button.addEventListener("click", () => {
      if (this.chosen.has(medium.id)) this.chosen.remove(medium.id);
      else this.chosen.add(medium);
      button.setAttribute("aria-pressed", String(this.chosen.has(medium.id)));
    });
    return make("li", { class: "media-tile" }, button);
  }
}

for (const element of document.querySelectorAll("[data-media-picker]")) start(element);
