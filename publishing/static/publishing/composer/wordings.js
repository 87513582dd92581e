// Tabs: one wording for all channels, and one for each channel that says it differently.
// A channel's own text area repeats the main text until somebody changes it; what is the same is sent as empty.

/** Take care of the tabs of a form. `changed` is called when a wording was put back. */
export function wordings(form, words, changed) {
  const list = form.querySelector("[data-tabs]");
  const main = form.elements.text;
  const panels = [...form.querySelectorAll(".wording")];
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const own = new Map();

  const areaOf = (kind) => form.elements[`variant-${kind}`];
  const tabOf = (kind) => tabs.find((tab) => tab.dataset.kind === kind);
  const panelOf = (kind) => panels.find((panel) => panel.dataset.kind === kind);
  const kinds = tabs.map((tab) => tab.dataset.kind).filter(Boolean);

  function show(kind, { focus = false } = {}) {
    for (const tab of tabs) {
      const chosen = tab.dataset.kind === kind;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      if (chosen && focus) tab.focus();
      // Not at the start: the page would be scrolled down to it.
      if (chosen && focus) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    for (const panel of panels) panel.hidden = panel.dataset.kind !== kind;
    form.dispatchEvent(new CustomEvent("wording-shown", { detail: kind }));
  }

  function paint(kind) {
    const area = areaOf(kind);
    const panel = panelOf(kind);
    const differs = own.get(kind);
    if (!differs) area.value = main.value;
    area.classList.toggle("mirrored", !differs);
    panel.querySelector("[data-state]").textContent = differs ? words.own : words.same;
    panel.querySelector("[data-reset]").hidden = !differs;
    tabOf(kind).querySelector("[data-own-mark]").hidden = !differs;
  }

  function offer() {
    const chosen = new Set([...form.querySelectorAll('input[name="accounts"]:checked')].map((box) => box.dataset.channel));
    for (const kind of kinds) tabOf(kind).hidden = !(chosen.has(kind) || own.get(kind));
    const current = tabs.find((tab) => tab.getAttribute("aria-selected") === "true");
    if (current.hidden) show("");
  }

  function read() {
    for (const kind of kinds) own.set(kind, areaOf(kind).value !== "" && areaOf(kind).value !== main.value);
    kinds.forEach(paint);
    offer();
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) show(tab.dataset.kind);
  });
  list.addEventListener("keydown", (event) => {
    const open = tabs.filter((tab) => !tab.hidden);
    const here = open.indexOf(document.activeElement);
    const rtl = getComputedStyle(list).direction === "rtl";
    const step = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1, Home: -here, End: open.length - 1 - here }[event.key];
    if (step === undefined || here < 0) return;
    event.preventDefault();
    show(open[(here + step + open.length) % open.length].dataset.kind, { focus: true });
  });
  main.addEventListener("input", () => kinds.forEach((kind) => own.get(kind) || paint(kind)));
  for (const kind of kinds) {
    areaOf(kind).addEventListener("input", () => {
      own.set(kind, areaOf(kind).value !== main.value);
      paint(kind);
    });
    panelOf(kind).querySelector("[data-reset]").addEventListener("click", () => {
      own.set(kind, false);
      paint(kind);
      areaOf(kind).focus();
      changed();
    });
  }
  form.addEventListener("change", (event) => event.target.name === "accounts" && offer());
  // What says the same is not sent, so that it follows the main text for good.
  form.addEventListener("formdata", (event) => {
    for (const kind of kinds) if (!own.get(kind)) event.formData.set(`variant-${kind}`, "");
  });

  for (const panel of panels) {
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${panel.dataset.kind || "main"}`);
    panel.querySelectorAll("[data-when-plain]").forEach((note) => note.remove());
    panel.querySelectorAll("[data-state]").forEach((state) => (state.hidden = false));
  }
  list.hidden = false;
  read();
  show("");

  return {
    read,
    /** Show the wording that holds a field. */
    reveal(field) {
      const panel = field.closest(".wording");
      if (panel) show(panel.dataset.kind);
    },
    isOwn: (kind) => Boolean(own.get(kind)),
    current: () => tabs.find((tab) => tab.getAttribute("aria-selected") === "true").dataset.kind,
  };
}
