// Brings the wall up to date every two seconds while somebody looks at it, and keeps opened details open.
"use strict";

const wall = document.getElementById("wall");
const live = document.getElementById("live");
let shown = wall.innerHTML;

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("wall").innerHTML;
    // Somebody who reads headers or selects text shall not lose their place.
    const busy = wall.querySelector("details[open]") || !document.getSelection().isCollapsed;
    live.classList.remove("lost");
    live.lastElementChild.textContent = busy && fresh !== shown ? "paused while you read" : "live";
    if (fresh === shown || busy) return;
    shown = fresh;
    wall.replaceChildren(...page.getElementById("wall").childNodes);
  } catch {
    live.classList.add("lost");
    live.lastElementChild.textContent = "not reachable";
  }
}

setInterval(refresh, 2000);
document.addEventListener("visibilitychange", refresh);
