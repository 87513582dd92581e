// Brings the wall up to date every two seconds while somebody looks at it, and keeps opened details open.
const wall = document.getElementById("wall");
const live = document.getElementById("live");
let shown = wall.cloneNode(true);

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("wall");
    // Somebody who reads headers or selects text shall not lose their place.
    const busy = wall.querySelector("details[open]") || !document.getSelection().isCollapsed;
    live.classList.remove("lost");
    live.lastElementChild.textContent = busy && !fresh.isEqualNode(shown) ? "paused while you read" : "live";
    if (busy || fresh.isEqualNode(shown)) return;
    shown = fresh.cloneNode(true);
    wall.replaceChildren(...fresh.childNodes);
  } catch {
    live.classList.add("lost");
    live.lastElementChild.textContent = "not reachable";
  }
}

setInterval(refresh, 2000);
document.addEventListener("visibilitychange", refresh);

export {}; // a module: nothing here is global
