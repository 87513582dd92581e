// Texts that are used again: a template whose variables are filled in, or a group of hashtags, put where one writes.
import { make } from "./dom.js";

/** Take care of the toolbar under the wordings. */
export function texts(root, form, words, tabs) {
  const bar = root.querySelector("[data-toolbar]");
  if (!bar) return;
  const dialog = root.querySelector("[data-texts]");
  const body = dialog.querySelector("[data-texts-body]");
  const address = bar.dataset.toolbar;
  let known = null;

  function insert(text, { apart = false } = {}) {
    const kind = tabs.current();
    const area = kind ? form.elements[`variant-${kind}`] : form.elements.text;
    const before = area.value.slice(0, area.selectionStart);
    const gap = apart && before && !/\s$/.test(before) ? " " : "";
    dialog.close();
    area.focus();
    area.setRangeText(gap + text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function say(sentence) {
    body.replaceChildren(make("p", { class: "quiet", role: "status", text: sentence }));
  }

  async function load() {
    const answer = await fetch(address, { redirect: "manual", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("no answer");
    known = await answer.json();
  }

  function list(rows, empty, describe, choose) {
    if (!rows.length) return say(empty);
    const items = rows.map((row) => {
      const button = make("button", { type: "button", class: "texts-row" }, make("bdi", { class: "texts-name", text: row.name }), make("span", { class: "quiet", dir: "auto", text: describe(row) }));
      button.addEventListener("click", () => choose(row));
      return make("li", {}, button);
    });
    body.replaceChildren(make("ul", { class: "texts-list" }, ...items));
    body.querySelector("button").focus();
  }

  function ask(template) {
    const fields = template.variables.map((name, place) => make("div", { class: "field" },
      make("label", { for: `value-${place}`, text: name }), make("input", { id: `value-${place}`, name: `value-${name}`, dir: "auto", autocomplete: "off", "aria-describedby": `value-${place}-errors` }), make("ul", { class: "problems", id: `value-${place}-errors` })));
    const filling = make("form", { class: "texts-fill" }, make("p", { class: "texts-text", dir: "auto", text: template.text }), ...fields, make("button", { class: "button primary", text: words.insert }));
    filling.addEventListener("submit", (event) => {
      event.preventDefault();
      fill(template, filling);
    });
    body.replaceChildren(filling);
    (filling.querySelector("input") ?? filling.querySelector("button")).focus();
  }

  async function fill(template, filling) {
    const values = new FormData(filling);
    values.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    try {
      const answer = await fetch(`${address}${template.id}/`, { method: "POST", body: values, redirect: "manual" });
      const found = answer.ok || answer.status === 422 ? await answer.json() : null;
      if (!found) return say(words.away);
      if (!found.problems) {
        if (found.title && !form.elements.title.value) form.elements.title.value = found.title;
        return insert(found.text);
      }
      template.variables.forEach((name, place) => {
        const details = found.problems.filter((one) => one.name === name).map((one) => make("li", {}, make("bdi", { text: one.detail })));
        filling.querySelector(`#value-${place}-errors`).replaceChildren(...details);
      });
      filling.querySelector(".problems:not(:empty)")?.parentElement.querySelector("input").focus();
    } catch {
      say(words.away);
    }
  }

  async function open(what) {
    dialog.querySelector("#texts-title").textContent = words[what];
    body.replaceChildren();
    dialog.showModal();
    try {
      if (!known) await load();
    } catch {
      return say(words.away);
    }
    if (what === "templates") list(known.templates, words.no_templates, (row) => row.text, (row) => (row.variables.length ? ask(row) : fill(row, make("form"))));
    else list(known.groups, words.no_groups, (row) => row.hashtags.join(" "), (row) => insert(row.hashtags.join(" "), { apart: true }));
  }

  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (button) open(button.dataset.insert);
  });
  bar.hidden = false;
}
