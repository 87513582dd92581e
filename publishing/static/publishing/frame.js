/* The desk's frame: the sidebar that folds away, the same as a drawer on a phone, and menus that close. */
const root = document.documentElement;
const KEY = "omnipub-nav";

function isPhone() {
  return matchMedia("(max-width: 63.99rem)").matches;
}

function remembered() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

function setFolded(folded) {
  root.dataset.nav = folded ? "closed" : "open";
  document.getElementById("toggle-nav")?.setAttribute("aria-expanded", String(!folded));
  try { localStorage.setItem(KEY, root.dataset.nav); } catch { /* a browser that keeps nothing folds for this page only */ }
}

function setDrawer(open) {
  root.dataset.drawer = open ? "open" : "closed";
  const button = document.getElementById("open-drawer");
  button?.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector("#nav-sidebar a")?.focus();
  else if (document.activeElement?.closest("#nav-sidebar")) button?.focus();
}

function start() {
  const nav = document.getElementById("nav-sidebar");
  if (nav) {
    if (remembered() === "closed") setFolded(true);
    document.getElementById("toggle-nav")?.addEventListener("click", () => setFolded(root.dataset.nav !== "closed"));
    document.getElementById("open-drawer")?.addEventListener("click", () => setDrawer(root.dataset.drawer !== "open"));
    document.querySelector(".drawer-veil")?.addEventListener("click", () => setDrawer(false));
    matchMedia("(max-width: 63.99rem)").addEventListener("change", () => { if (!isPhone()) setDrawer(false); });
  }
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      if (root.dataset.drawer === "open") setDrawer(false);
      for (const menu of document.querySelectorAll("details.menu[open]")) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
    // As in many tools: a slash leads to the search, unless something is being typed.
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    const search = document.getElementById("bar-search");
    if (event.key === "/" && !typing && search) {
      event.preventDefault();
      search.focus();
    }
  });
  // A form that was sent is not sent twice by a second click.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]") || event.defaultPrevented) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-sent]")) delete form.dataset.sent;
  });
}

start();

export {}; // a module: nothing here is global
