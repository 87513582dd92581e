// What a message that is being written consists of, and what becomes of what was kept of it. See kept.js for how.
import { Kept, same } from "../kept.js";

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

/** What was written of one message. */
export class Draft extends Kept {
  keep(form, { sent = false } = {}) {
    this.write({ rev: form.elements.rev ? form.elements.rev.value : "", sent, held: snapshot(form) });
  }

  dropForm(token) {
    new Kept(token).drop();
  }

  /** Tell what to do with what was kept: `none`, `restore`, or `ask` where the message moved on since. */
  verdict(initial, rev) {
    const kept = this.read();
    if (!kept || same(kept.held, initial)) return "none";
    return kept.sent && kept.rev !== rev ? "ask" : "restore";
  }
}

export { same };
