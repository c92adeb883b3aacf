// Filter-as-you-type for lists that are already on the page, and "/" for the search field.

function words(count) {
  return count === 0 ? "Nothing matches" : `${count} shown`;
}

for (const field of document.querySelectorAll("[data-filter]")) {
  const list = document.getElementById(field.dataset.filter);
  const told = document.getElementById(`${field.id}-count`);
  if (!list) continue;
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLocaleLowerCase();
    const entries = [...list.querySelectorAll("[data-entry]")];
    for (const entry of entries) {
      // What is ticked stays in sight, so that nobody sends what they cannot see.
      const ticked = entry.querySelector("input:checked") !== null;
      entry.hidden = !ticked && !entry.textContent.toLocaleLowerCase().includes(wanted);
    }
    for (const group of list.querySelectorAll("[data-group]")) {
      group.hidden = group.querySelector("[data-entry]:not([hidden])") === null;
    }
    if (told) told.textContent = wanted ? words(entries.filter((entry) => !entry.hidden).length) : "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("[data-shortcut='/']");
  if (!search || search.offsetParent === null) return;
  event.preventDefault();
  search.focus();
});
