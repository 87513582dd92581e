// The dry run while one writes: the server counts and judges with the code that publishes; this shows its answer.
import { draw, fill, make, mark, written } from "./dom.js";
import { publication } from "./networks.js";

const RING = 2 * Math.PI * 7;

/** A counter: how much of what an account takes is used, as a ring and in numbers. */
function counter(one, words, icons, label) {
  const over = one.limit !== null && one.length > one.limit;
  const near = one.limit !== null && !over && one.length > one.limit * 0.9;
  const long = fill(one.limit === null ? words.length : words.of, one);
  const shown = one.limit === null ? written(one.length) : over ? `−${written(one.length - one.limit)}` : `${written(one.length)} / ${written(one.limit)}`;
  const chip = make("span", { class: `counter${over ? " over" : near ? " near" : ""}`, title: `${one.name}: ${long}` });
  chip.append(mark(icons, one.channel));
  if (label) chip.append(make("bdi", { class: "counter-name", text: label }));
  if (one.limit) {
    const used = Math.min(1, one.length / one.limit) * RING;
    chip.append(draw("svg", { class: "ring", viewBox: "0 0 18 18", "aria-hidden": "true" },
      draw("circle", { class: "ring-whole", cx: 9, cy: 9, r: 7 }),
      draw("circle", { class: "ring-used", cx: 9, cy: 9, r: 7, "stroke-dasharray": `${used} ${RING}`, transform: "rotate(-90 9 9)" })));
  }
  chip.append(make("span", { "aria-hidden": "true", class: "counter-number", text: shown }), make("span", { class: "visually-hidden", text: `${one.name}: ${long}` }));
  return chip;
}

/** The account of each channel that has the least room left: its counter speaks for all of them. */
function tightest(accounts) {
  const found = new Map();
  for (const one of accounts) {
    const room = one.limit === null ? Infinity : one.limit - one.length;
    const best = found.get(one.channel);
    if (!best || room < best.room) found.set(one.channel, { room, one });
  }
  return [...found.values()].map((entry) => entry.one);
}

function said(list, className, sentences) {
  return sentences.length ? make("ul", { class: className }, ...sentences.map((detail) => make("li", {}, make("bdi", { text: detail })))) : list;
}

/** Show the answers of the dry run in the page of a form. */
export class PreviewPane {
  constructor(root, form, words, tabs) {
    Object.assign(this, { root, form, words, tabs, icons: root.dataset.icons, answer: null });
    this.place = root.querySelector("[data-previews]");
    this.state = root.querySelector("[data-preview-state]");
    form.addEventListener("wording-shown", () => this.answer && this.paint());
  }

  busy() {
    this.place.setAttribute("aria-busy", "true");
  }

  say(sentence) {
    this.place.removeAttribute("aria-busy");
    this.state.textContent = sentence;
  }

  show(answer, { withProblems = true } = {}) {
    if (answer.is_complete || !this.answer) this.answer = answer;
    this.paint();
    this.place.toggleAttribute("data-old", !answer.is_complete && this.answer !== answer);
    // Who has not begun to write is not told that nothing is there.
    const told = answer.problems.filter((problem) => problem.field !== "text" || this.form.elements.text.value);
    if (withProblems) this.problems(told);
    this.due(answer.due);
    this.offsets(answer.offsets);
    const count = told.length + answer.accounts.reduce((sum, one) => sum + one.problems.length, 0);
    this.say(count ? fill(this.words.problems, { count }) : answer.accounts.length ? this.words.fine : "");
  }

  paint() {
    const { answer, words, icons } = this;
    const draft = { title: this.form.elements.title.value, link: this.form.elements.link.value.trim() };
    const kind = this.tabs.current();
    const shown = kind ? answer.accounts.filter((one) => one.channel === kind) : answer.accounts;
    this.place.replaceChildren(...(shown.length ? shown.map((one) => this.card(one, draft)) : [make("p", { class: "empty", text: words.empty })]));
    for (const box of this.form.querySelectorAll("[data-counters]")) {
      const of = box.dataset.counters;
      const counted = of ? answer.accounts.filter((one) => one.channel === of) : tightest(answer.accounts).filter((one) => !this.tabs.isOwn(one.channel));
      box.replaceChildren(...counted.map((one) => counter(one, words, icons, of ? one.name : "")));
    }
    for (const tab of this.form.querySelectorAll('[role="tab"][data-kind]')) {
      tab.toggleAttribute("data-wrong", answer.accounts.some((one) => one.channel === tab.dataset.kind && one.problems.length));
    }
    this.verdicts(answer.accounts);
  }

  card(one, draft) {
    const title = make("h3", { class: "preview-title" }, mark(this.icons, one.channel), make("bdi", { text: one.name }), make("span", { class: "quiet", text: one.channel_name }));
    return make("article", { class: "preview" }, title, publication(one, draft, this.words),
      said(null, "problem-list", one.problems.map((each) => each.detail)), said(null, "warning-list", one.warnings), said(null, "fact-list", one.facts));
  }

  verdicts(accounts) {
    const list = this.root.querySelector("[data-verdicts]");
    const withMedia = accounts.filter((one) => one.media.length);
    list.replaceChildren(...withMedia.map((one) => {
      const wrong = one.problems.filter((each) => each.field === "media").map((each) => each.detail);
      const left = one.media.filter((medium) => !medium.url).length;
      const verdict = wrong.join(" ") || (left ? `${this.words.picture_refused}: ${left}` : this.words.pictures_fine);
      return make("li", { class: wrong.length || left ? "verdict wrong" : "verdict" }, mark(this.icons, one.channel), make("bdi", { class: "counter-name", text: one.name }), make("span", { text: verdict }));
    }));
  }

  due(due) {
    this.root.querySelector("[data-due]").textContent = due ? `${due.local} = ${due.utc}` : "";
  }

  /** Put each sentence next to its field, and take away those that no longer hold. */
  problems(problems) {
    const fields = new Map();
    for (const problem of problems) {
      const field = problem.field.startsWith("account-") ? "accounts" : problem.field;
      fields.set(field, [...(fields.get(field) ?? []), problem.detail]);
    }
    for (const list of this.form.querySelectorAll("ul.problems")) {
      const name = list.id.replace(/-errors$/, "");
      const details = fields.get(name) ?? [];
      if (details.join("\n") !== [...list.children].map((item) => item.textContent).join("\n")) {
        list.replaceChildren(...details.map((detail) => make("li", {}, make("bdi", { text: detail }))));
      }
      const field = document.getElementById(name);
      if (!field || !("value" in field)) continue;
      if (details.length) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  }

  offsets(offered) {
    const box = this.root.querySelector("[data-offsets]");
    const shown = [...box.querySelectorAll("input")].map((input) => input.value);
    if (offered.join() === shown.join()) return;
    if (!offered.length) return box.replaceChildren();
    const options = offered.map((offset, place) => make("label", {}, make("input", { type: "radio", name: "offset", value: offset }), ` ${place ? this.words.second : this.words.first} `, make("span", { class: "quiet", text: `UTC${offset}` })));
    box.replaceChildren(make("p", { text: this.words.twice }), ...options);
  }
}
