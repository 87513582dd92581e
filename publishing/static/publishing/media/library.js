/** The library page: what was uploaded here appears at the top of the grid, as the server draws the others. */
import { make, named, pictureOf } from "./request.js";
import { Uploads } from "./uploads.js";

const data = JSON.parse(document.getElementById("media-data").textContent);
const page = document.querySelector("[data-media-library]");
const grid = page.querySelector("[data-media-grid]");

new Uploads(page.querySelector("[data-upload-zone]"), data);

page.addEventListener("medium-ready", ({ detail: medium }) => {
  const tile = make(
    "li",
    { class: "media-tile is-new", "data-status": medium.status, "data-medium": medium.id },
    make(
      "a",
      { href: medium.page },
      make("span", { class: "media-thumb" }, pictureOf(medium, { alt: medium.alt_text })),
      named("span", "media-name", medium.name),
      make("span", { class: "media-facts", text: medium.facts }),
    ),
  );
  grid.prepend(tile);
  grid.hidden = false;
  page.querySelector("[data-media-empty]")?.remove();
});

page.addEventListener("medium-described", ({ detail: medium }) => {
  const picture = grid.querySelector(`[data-medium="${CSS.escape(medium.id)}"] img`);
  if (picture) picture.alt = medium.alt_text;
});
