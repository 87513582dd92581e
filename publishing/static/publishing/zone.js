/* The zone that times are shown in: the browser's own, until somebody chooses another one. The server reads the cookie. */
const NAME = "omnipub-zone";
const YEAR = 365 * 24 * 3600;

export function zoneOfBrowser() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function chosenZone() {
  const found = document.cookie.split("; ").find((one) => one.startsWith(`${NAME}=`));
  return found ? found.slice(NAME.length + 1) : "";
}

/* Names of zones need no encoding: letters, digits, and /_+-. */
export function chooseZone(zone) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${zone}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

const SHAPES = {
  moment: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  exact: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
  time: { hour: "2-digit", minute: "2-digit" },
};

/* The first page of a browser came before its zone was known: it is written anew here, the next ones by the server. */
export function rewrite(zone) {
  const language = document.documentElement.lang || "en";
  for (const element of document.querySelectorAll("time[data-shape]")) {
    const shape = SHAPES[element.dataset.shape] || SHAPES.moment;
    const options = { ...shape, timeZone: zone, hourCycle: "h23" };
    if (element.dateTime.startsWith(String(new Date().getFullYear()))) delete options.year;
    element.textContent = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, options).format(new Date(element.dateTime));
  }
  for (const element of document.querySelectorAll("[data-zone-name]")) element.textContent = zone;
}

if (!chosenZone()) {
  chooseZone(zoneOfBrowser());
  rewrite(zoneOfBrowser());
}
