// What is being written is kept in this tab until it is saved: through a session that ends, a crash, a closed lid.
// It is kept for the person who wrote it, in the tab's own storage, and nowhere else.

const PREFIX = "omnipub-draft:";
const LIVES = 24 * 3600 * 1000;
/** Not content, or not to be repeated. */
const APART = new Set(["csrfmiddlewaretoken", "token", "due_was", "rev", "action"]);

/** Return what a form holds, as plain data. */
export function snapshot(form) {
  const held = {};
  for (const [name, value] of new FormData(form)) {
    if (!APART.has(name) && typeof value === "string") (held[name] ??= []).push(value.replaceAll("\r\n", "\n"));
  }
  held.accounts ??= [];
  return held;
}

/** Put what was kept back into a form. */
export function fillIn(form, held) {
  for (const box of form.querySelectorAll('input[name="accounts"]')) {
    box.checked = held.accounts.includes(box.value) && !(box.disabled && !box.checked);
  }
  for (const [name, [value]] of Object.entries(held)) {
    const field = form.elements[name];
    if (!field || name === "accounts") continue;
    if (field instanceof RadioNodeList || typeof field.value === "string") field.value = value;
  }
}

const same = (one, other) => JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
const ordered = (held) => Object.entries(held).filter(([, values]) => values.some(Boolean)).sort(([one], [other]) => (one < other ? -1 : 1));

/** The store of one form's draft. Without storage (it is full, or forbidden) nothing is kept and nothing breaks. */
export class Draft {
  constructor(key) {
    this.owner = key.split(":", 1)[0];
    this.key = PREFIX + key;
    this.sweep();
  }

  /** Forget what other people wrote in this tab, and what is old. */
  sweep() {
    try {
      for (const key of Object.keys(sessionStorage)) {
        if (!key.startsWith(PREFIX)) continue;
        const mine = key.startsWith(`${PREFIX}${this.owner}:`);
        const kept = mine ? JSON.parse(sessionStorage.getItem(key)) : null;
        if (!kept || Date.now() - kept.at > LIVES) sessionStorage.removeItem(key);
      }
    } catch { /* no storage */ }
  }

  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  keep(form, { sent = false } = {}) {
    const rev = form.elements.rev ? form.elements.rev.value : "";
    try {
      sessionStorage.setItem(this.key, JSON.stringify({ at: Date.now(), rev, sent, held: snapshot(form) }));
    } catch { /* no storage */ }
  }

  drop(key = this.key) {
    try {
      sessionStorage.removeItem(key);
    } catch { /* no storage */ }
  }

  dropForm(token) {
    this.drop(`${PREFIX}${this.owner}:${token}`);
  }

  /** Tell what to do with what was kept: `none`, `restore`, or `ask` where the message moved on since. */
  verdict(initial, rev) {
    const kept = this.read();
    if (!kept || same(kept.held, initial)) return "none";
    return kept.sent && kept.rev !== rev ? "ask" : "restore";
  }
}

export { same };
