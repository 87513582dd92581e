/* Shows the fields that belong to how often a series recurs; the others are not sent for anything. */
const frequency = document.getElementById("id_frequency");
const rows = { weekly: document.querySelector(".field-weekdays"), monthly: document.querySelector(".field-month_day") };

function show() {
  for (const [name, row] of Object.entries(rows)) if (row) row.hidden = frequency.value !== name;
}

if (frequency) {
  frequency.addEventListener("change", show);
  show();
}

export {}; // a module: nothing here is global
