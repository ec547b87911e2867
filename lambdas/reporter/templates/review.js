"use strict";
// The page is complete without this script: it only sorts tables by a click on a heading, and filters lint findings.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const falling = heading.getAttribute("aria-sort") === "ascending";
      const value = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (falling ? -1 : 1) * value(a).localeCompare(value(b), "en", { numeric: true }));
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", falling ? "descending" : "ascending");
      table.tBodies[0].append(...rows);
    });
  });
}
const filter = document.getElementById("lint-filter");
if (filter) {
  filter.closest(".filter").hidden = false;
  const groups = [...document.querySelectorAll("#lint-rules details")].map((group) => ({
    group,
    wasOpen: group.open,
    name: group.querySelector("summary").textContent.toLowerCase(),
    rows: [...group.querySelectorAll("tbody tr")].map((row) => ({ row, text: row.textContent.toLowerCase() })),
  }));
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const { group, wasOpen, name, rows } of groups) {
      const whole = name.includes(wanted);
      let any = false;
      for (const { row, text } of rows) {
        row.hidden = !whole && !text.includes(wanted);
        any ||= !row.hidden;
      }
      group.hidden = !whole && !any;
      group.open = wanted ? any && !whole : wasOpen;
    }
  });
}
