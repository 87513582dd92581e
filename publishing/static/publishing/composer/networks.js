// What a publication looks like in each place. A channel that is not listed gets the plain look.
import { make } from "./dom.js";

const LINKS = /(https?:\/\/[^\s<>"]+[^\s<>".,;:!?'()[\]{}…])|(?<![\p{L}\p{N}_])([#@][\p{L}\p{N}_][\p{L}\p{N}_.@-]*)/giu;

/** Return a text with its links, tags and names marked; everything is set as text. */
function rich(text, options = {}) {
  const shown = make("div", { class: "net-text", dir: "auto" });
  let last = 0;
  if (!options.plain) {
    for (const found of text.matchAll(LINKS)) {
      shown.append(text.slice(last, found.index), make("span", { class: "net-link", text: found[0] }));
      last = found.index + found[0].length;
    }
  }
  shown.append(text.slice(last));
  return shown;
}

const initials = (name) => [...new Intl.Segmenter().segment(name.trim())].slice(0, 1).map((one) => one.segment).join("").toUpperCase() || "?";
const avatar = (one) => make("span", { class: "net-avatar", "aria-hidden": "true", text: initials(one.name) });
const who = (one, second) => make("div", { class: "net-who" }, make("bdi", { class: "net-name", text: one.name }), make("span", { class: "net-second", text: second }));
const head = (one, second) => make("header", { class: "net-head" }, avatar(one), who(one, second));

function pictures(one) {
  const shown = one.media.filter((medium) => medium.url);
  if (!shown.length) return null;
  const grid = make("div", { class: "net-pictures", "data-count": Math.min(shown.length, 4) });
  for (const medium of shown.slice(0, 4)) grid.append(make("img", { src: medium.url, alt: medium.alt_text, loading: "lazy" }));
  if (shown.length > 4) grid.append(make("span", { class: "net-more", text: `+${shown.length - 4}` }));
  return grid;
}

function host(link) {
  try {
    return new URL(link).host;
  } catch {
    return link;
  }
}

/** Return a link's card where the text does not hold the link itself. */
function card(one, draft) {
  if (!draft.link || one.text.includes(draft.link) || one.media.some((medium) => medium.url)) return null;
  return make("div", { class: "net-card" }, make("span", { class: "net-card-picture", "aria-hidden": "true" }),
    make("div", { class: "net-card-words" }, make("span", { class: "net-card-host", text: host(draft.link) }), make("bdi", { class: "net-card-title", text: draft.title || host(draft.link) })));
}

const deeds = (...names) => make("footer", { class: "net-deeds", "aria-hidden": "true" }, ...names.map((name) => make("span", { class: `net-deed net-deed-${name}` })));
const post = (one, draft, second, marks) => [head(one, second), rich(one.text), pictures(one), card(one, draft), deeds(...marks)];

const LOOKS = {
  facebook: (one, draft, words) => post(one, draft, words.now, ["like", "comment", "share"]),
  linkedin: (one, draft, words) => post(one, draft, words.now, ["like", "comment", "repost", "send"]),
  mastodon: (one, draft) => post(one, draft, one.host ? `@${one.host}` : "", ["reply", "repost", "star", "save"]),
  bluesky: (one, draft, words) => post(one, draft, words.now, ["reply", "repost", "heart", "more"]),
  email: (one, draft) => [
    make("header", { class: "mail-head" },
      make("p", { class: "mail-subject", dir: "auto", text: draft.title || one.text.split("\n").find((line) => line.trim()) || "" }),
      make("div", { class: "mail-from" }, avatar(one), who(one, ""))),
    rich(one.text), pictures(one),
  ],
  sms: (one) => [make("header", { class: "sms-head" }, avatar(one), make("bdi", { class: "net-name", text: one.name })), make("div", { class: "sms-bubble" }, rich(one.text))],
  webhook: (one, draft) => [make("pre", { class: "net-code", dir: "ltr", tabindex: "0", text: JSON.stringify({ type: "message.published", message: { title: draft.title, text: one.text, link: draft.link || null, media: one.media.filter((medium) => medium.url).map(({ url, alt_text }) => ({ url, alt_text })) } }, null, 2) })],
};
const plain = (one, draft) => [head(one, one.channel_name), rich(one.text, { plain: true }), pictures(one), card(one, draft)];

/** Return what one account would publish, as people there see it. */
export function publication(one, draft, words) {
  const parts = (LOOKS[one.channel] ?? plain)(one, draft, words);
  return make("div", { class: `net net-${one.channel in LOOKS ? one.channel : "plain"}` }, ...parts);
}
