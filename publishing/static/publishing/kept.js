// What is being written is kept in this tab until it is saved: through a session that ends, a crash, a closed lid.
// It is kept for the person who wrote it, in the tab's own storage, and nowhere else. Without storage (it is full, or
// forbidden) nothing is kept and nothing breaks. Secrets are nothing for here: who keeps something leaves them out.

const PREFIX = "omnipub-draft:";
/** When somebody signed out in this browser: what was kept before then is forgotten in its other tabs too. */
const LEFT = "omnipub-left";
/** The token of the form that was saved, as the server says it. */
const SAVED = "omnipub-saved";
const LIVES = 24 * 3600 * 1000;

/** Return who is signed in, as the frame of the page says; empty for nobody. */
export function person() {
  return document.getElementById("logout-form")?.dataset.person ?? "";
}

const ownPrefix = (owner) => `${PREFIX}${encodeURIComponent(owner)}:`;

/** What one person wrote on one form. */
export class Kept {
  constructor(name, owner = person()) {
    this.key = owner ? ownPrefix(owner) + name : null;
  }

  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  write(record) {
    if (!this.key) return;
    try {
      sessionStorage.setItem(this.key, JSON.stringify({ at: Date.now(), ...record }));
    } catch { /* no storage */ }
  }

  drop() {
    try {
      sessionStorage.removeItem(this.key);
    } catch { /* no storage */ }
  }
}

/** Tell whether two snapshots say the same; what is empty in one may be missing in the other. */
export const same = (one, other) => JSON.stringify(ordered(one)) === JSON.stringify(ordered(other));
const ordered = (held) => Object.entries(held).filter(([, values]) => values.some(Boolean)).sort(([one], [other]) => (one < other ? -1 : 1));

/** Forget everything, here and in the browser's other tabs: somebody signed out. */
export function leave() {
  try {
    localStorage.setItem(LEFT, String(Date.now()));
  } catch { /* no storage */ }
  each((key) => sessionStorage.removeItem(key));
}

/** Forget what other people wrote in this tab, what is old, what was written before a sign-out, and what was saved. */
function sweep() {
  const mine = ownPrefix(person());
  const saved = document.cookie.split("; ").find((one) => one.startsWith(`${SAVED}=`))?.slice(SAVED.length + 1);
  if (saved) document.cookie = `${SAVED}=; Path=/; Max-Age=0; SameSite=Lax`;
  each((key) => {
    const kept = key.startsWith(mine) ? JSON.parse(sessionStorage.getItem(key)) : null;
    const oldest = Math.max(Date.now() - LIVES, Number(localStorage.getItem(LEFT)));
    if (!kept || kept.at <= oldest || (saved && kept.once === saved)) sessionStorage.removeItem(key);
  });
}

function each(act) {
  try {
    Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX)).forEach(act);
  } catch { /* no storage */ }
}

// Pages without a frame (the log-in page is one) know nobody: what waits there for who signs in again stays.
if (person()) sweep();
addEventListener("storage", (event) => {
  if (event.key === LEFT) each((key) => sessionStorage.removeItem(key));
});
