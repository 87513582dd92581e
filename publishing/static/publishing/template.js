/* Names the variables of a template while it is written, and shows what the saved one becomes with sample values. */
const VARIABLE = /\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]{0,39})[ \t]*\}\}/g;
const PAUSE = 300;

const note = document.querySelector("[data-variables]");
const fields = ["id_title", "id_body"].map((id) => document.getElementById(id)).filter(Boolean);

function name() {
  const names = new Set(fields.flatMap((field) => [...field.value.matchAll(VARIABLE)].map((found) => found[1])));
  note.hidden = names.size === 0;
  note.querySelector("[data-variables-list]").replaceChildren(...[...names].map((each) => {
    const code = document.createElement("code");
    code.textContent = each;
    return code;
  }));
}

if (note && fields.length) {
  fields.forEach((field) => field.addEventListener("input", name));
  name();
}

const card = document.querySelector("[data-fill]");
let timer = 0;
let running = null;

async function fill() {
  running?.abort();
  running = new AbortController();
  const form = new FormData();
  form.set("csrfmiddlewaretoken", document.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const input of card.querySelectorAll("[data-sample]")) form.set(`value-${input.dataset.sample}`, input.value);
  try {
    const response = await fetch(card.dataset.fill, { method: "POST", body: form, signal: running.signal, credentials: "same-origin" });
    const answer = await response.json();
    const problems = answer.problems || [];
    card.querySelector("[data-sample-problem]").textContent = problems.map((each) => each.detail).join(" ");
    if (problems.length) return;
    card.querySelector("[data-sample-title]").textContent = answer.title;
    card.querySelector("[data-sample-text]").textContent = answer.text;
  } catch {
    /* The next key tries again; what stands there was true when it was shown. */
  }
}

for (const input of card?.querySelectorAll("[data-sample]") || []) {
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(fill, PAUSE); });
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}

export {}; // a module: nothing here is global
