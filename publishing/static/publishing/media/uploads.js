/**
 * Uploading: files go straight from the browser to the bucket, by a form that the desk signed, then the desk checks them.
 *
 * A zone has an input for files, takes what is dropped on it, and lists what becomes of each file. When one is ready, a
 * `medium-ready` event with the medium as its detail bubbles from the list.
 */
import { RefusedError, ask, fill, make, named, pictureOf, readable } from "./request.js";

/** How many files travel at once; the others wait. */
const AT_ONCE = 3;

export class Uploads {
  /** @param {HTMLElement} zone holds `[data-upload-input]`, `[data-upload-list]`, `[data-upload-status]` */
  constructor(zone, data) {
    this.data = data;
    this.list = zone.querySelector("[data-upload-list]");
    this.status = zone.querySelector("[data-upload-status]");
    this.waiting = [];
    this.running = 0;
    const input = zone.querySelector("[data-upload-input]");
    input.addEventListener("change", () => {
      this.add(input.files);
      input.value = "";
    });
    zone.querySelector("[data-upload-button]").addEventListener("click", () => input.click());
    acceptDrops(zone, (files) => this.add(files));
    zone.hidden = false;
    window.addEventListener("beforeunload", (event) => {
      if (this.running || this.waiting.length) event.preventDefault();
    });
  }

  add(files) {
    for (const file of files) {
      const row = new Row(file, this);
      this.list.append(row.element);
      const problem = problemOf(file, this.data);
      if (problem) row.refuse(problem);
      else this.enqueue(row);
    }
  }

  enqueue(row) {
    row.show("waiting");
    this.waiting.push(row);
    this.next();
  }

  withdraw(row) {
    this.waiting = this.waiting.filter((other) => other !== row);
  }

  async next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      const row = this.waiting.shift();
      this.running += 1;
      row.run().finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }

  say(text) {
    this.status.textContent = text;
  }
}

/** One file and what becomes of it. */
class Row {
  constructor(file, uploads) {
    this.file = file;
    this.uploads = uploads;
    // The desk answers the same upload for the same key: trying again makes no second medium.
    this.key = crypto.randomUUID();
    this.bar = make("progress", { max: 100, value: 0, "aria-label": file.name, hidden: true });
    this.state = make("p", { class: "upload-state" });
    this.actions = make("div", { class: "upload-actions" });
    this.picture = make("span", { class: "upload-picture", "aria-hidden": "true" });
    this.body = make("div", { class: "upload-body" }, named("p", "upload-name", file.name), this.bar, this.state);
    this.element = make("li", { class: "upload" }, this.picture, this.body, this.actions);
  }

  get texts() {
    return this.uploads.data.texts;
  }

  show(state, values = {}) {
    this.element.dataset.state = state;
    this.state.textContent = fill(this.texts[state] ?? state, values);
    this.bar.hidden = state !== "uploading" && state !== "checking";
    if (state === "checking") this.bar.removeAttribute("value");
    const buttons = { waiting: ["cancel"], uploading: ["cancel"], cancelled: ["retry", "dismiss"] }[state] ?? [];
    this.offer(buttons);
  }

  offer(names) {
    if ([...this.actions.children].map((button) => button.dataset.action).join() === names.join()) return;
    this.actions.replaceChildren(...names.map((name) => this.button(name)));
  }

  button(name) {
    const label = `${this.texts[name]}: ${this.file.name}`;
    const attributes = { type: "button", class: "button compact", "data-action": name, text: this.texts[name] };
    return make("button", { ...attributes, "aria-label": label, onclick: () => this[name]() });
  }

  /** Upload and have it checked; never rejects. */
  async run() {
    this.abort = new AbortController();
    try {
      this.show("uploading", { percent: 0 });
      if (!this.permission) this.permission = await this.askPermission();
      await this.post();
      this.show("checking");
      this.finish(await this.check());
    } catch (error) {
      if (error.name === "AbortError") this.show("cancelled");
      else this.fail(error);
    }
  }

  askPermission() {
    const { limits, addresses } = this.uploads.data;
    const body = {
      name: shortened(this.file.name, limits.name),
      media_type: this.file.type,
      size: this.file.size,
      key: this.key,
    };
    return ask(addresses.upload, { body, signal: this.abort.signal, texts: this.texts });
  }

  post() {
    const form = new FormData();
    for (const [name, value] of Object.entries(this.permission.fields)) form.append(name, value);
    form.append("file", this.file);
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) this.progress(event.loaded / event.total);
      });
      request.addEventListener("load", () => {
        if (request.status >= 200 && request.status < 300) return resolve();
        // The form ran out, or says another size: the next try asks for a new one.
        this.forget();
        return reject(new RefusedError(this.texts.failed));
      });
      request.addEventListener("error", () => reject(new RefusedError(this.texts.failed)));
      request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
      this.abort.signal.addEventListener("abort", () => request.abort());
      request.open("POST", this.permission.url);
      request.send(form);
    });
  }

  progress(part) {
    const percent = Math.floor(part * 100);
    this.bar.value = percent;
    this.state.textContent = fill(this.texts.uploading, { percent });
  }

  async check() {
    const address = this.uploads.data.addresses.state.replace("/ID/", `/${this.permission.medium.id}/`);
    return ask(address, { signal: this.abort.signal, texts: this.texts });
  }

  finish(medium) {
    if (medium.status === "refused") return this.refuse(medium.problem);
    if (medium.status !== "ready") return this.fail(new RefusedError(this.texts.not_there));
    this.show("ready");
    this.picture.append(pictureOf(medium, { alt: "", width: 64, height: 64 }));
    this.body.append(descriptionOf(medium, this.uploads));
    this.offer(["dismiss"]);
    this.uploads.say(`${medium.name}: ${this.texts.ready}`);
    this.element.dispatchEvent(new CustomEvent("medium-ready", { bubbles: true, detail: medium }));
    return undefined;
  }

  /** Say why the file cannot be used, for good. */
  refuse(reason) {
    this.show(reason);
    this.element.dataset.state = "refused";
    this.offer(["dismiss"]);
    this.uploads.say(`${this.file.name}: ${reason}`);
  }

  fail(error) {
    const reason = error instanceof RefusedError ? error.message : this.texts.failed;
    if (!(error instanceof RefusedError)) console.error(error);
    if (error instanceof RefusedError && !error.isPassing) return this.refuse(reason);
    this.show(reason);
    this.element.dataset.state = "failed";
    this.offer(["retry", "dismiss"]);
    this.uploads.say(`${this.file.name}: ${reason}`);
    return undefined;
  }

  forget() {
    this.permission = undefined;
    this.key = crypto.randomUUID();
  }

  cancel() {
    this.uploads.withdraw(this);
    if (this.element.dataset.state === "waiting") this.show("cancelled");
    else this.abort.abort();
  }

  retry() {
    this.uploads.enqueue(this);
  }

  dismiss() {
    this.element.remove();
  }
}

/** Ask for the alternative text, right where the upload ended. */
function descriptionOf(medium, uploads) {
  const { texts, limits, addresses } = uploads.data;
  const id = `alt-${medium.id}`;
  const text = make("textarea", {
    id, rows: 2, dir: "auto", maxlength: limits.alt_text, "aria-describedby": `${id}-help`, placeholder: texts.alt_help,
  });
  const note = make("p", { class: "upload-note", id: `${id}-help`, role: "status" });
  let { rev } = medium;
  const save = make("button", { type: "button", class: "button", text: texts.save });
  save.addEventListener("click", async () => {
    save.disabled = true;
    try {
      const address = addresses.describe.replace("/ID/", `/${medium.id}/`);
      const saved = await ask(address, { body: { alt_text: text.value, rev }, texts });
      rev = saved.rev;
      note.textContent = texts.saved;
      save.dispatchEvent(new CustomEvent("medium-described", { bubbles: true, detail: saved }));
    } catch (error) {
      note.textContent = error.message;
    } finally {
      save.disabled = false;
    }
  });
  const label = make("label", { for: id, text: texts.alt_text });
  return make("div", { class: "upload-description" }, label, text, make("div", { class: "upload-save" }, save, note));
}

/** Return why a file cannot be uploaded, before any byte of it travels; nothing when it may be tried. */
export function problemOf(file, { texts, types, limits }) {
  if (file.type === "image/svg+xml" || /\.svgz?$/i.test(file.name)) return texts.svg;
  if (!types.includes(file.type)) return texts.wrong_type;
  if (file.size === 0) return texts.empty;
  const isVideo = file.type.startsWith("video/");
  const limit = isVideo ? limits.video : limits.size;
  if (file.size > limit) {
    return fill(isVideo ? texts.video_too_large : texts.too_large, { size: readable(file.size), limit: readable(limit) });
  }
  return "";
}

function shortened(name, limit) {
  const characters = [...name];
  return characters.length <= limit ? name : `…${characters.slice(1 - limit).join("")}`;
}

const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");

function acceptDrops(zone, take) {
  let depth = 0;
  const mark = (change) => {
    depth = Math.max(0, depth + change);
    zone.classList.toggle("is-over", depth > 0);
  };
  zone.addEventListener("dragenter", (event) => holdsFiles(event) && mark(1));
  zone.addEventListener("dragleave", (event) => holdsFiles(event) && mark(-1));
  zone.addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  zone.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    depth = 0;
    mark(0);
    take(event.dataTransfer.files);
  });
  // A file that misses the zone must not replace the page, and what was written on it.
  for (const name of ["dragover", "drop"]) {
    document.addEventListener(name, (event) => {
      if (holdsFiles(event) && !event.target.closest("[data-upload-zone]")) event.preventDefault();
    });
  }
}
