/** A medium's page: copy its id; keep what was written when the web session ends meanwhile. */

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
    setTimeout(() => (button.textContent = label), 2000);
  });
}

// Posting a form after the session ended leads to the log-in page and back here, by a reading request: what was typed
// is found again in this tab's own storage. What the server shows after a mistake is newer than what was kept.
const form = document.querySelector("[data-kept-form]");
if (form) {
  const name = form.dataset.keptForm;
  const fields = [...form.querySelectorAll("input[type=text], textarea")];
  const kept = JSON.parse(sessionStorage.getItem(name) ?? "null");
  const isFresh = fields.every((field) => field.value === field.defaultValue && !field.hasAttribute("aria-invalid"));
  if (kept && isFresh && kept.rev === form.elements.rev.value) {
    for (const field of fields) field.value = kept[field.name] ?? field.value;
  }
  sessionStorage.removeItem(name);
  form.addEventListener("input", () => {
    const values = Object.fromEntries(fields.map((field) => [field.name, field.value]));
    sessionStorage.setItem(name, JSON.stringify({ ...values, rev: form.elements.rev.value }));
  });
}

export {}; // a module: nothing here is global
