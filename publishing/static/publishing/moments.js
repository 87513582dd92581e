// Times as the viewer's own zone has them; the exact moment in UTC stays in the title.
const format = new Intl.DateTimeFormat(document.documentElement.lang || undefined, {
  dateStyle: "medium",
  timeStyle: "short",
});

for (const element of document.querySelectorAll("time.moment")) {
  const moment = new Date(element.dateTime);
  if (!Number.isNaN(moment.getTime())) {
    element.textContent = format.format(moment);
  }
}
