// Filter-as-you-type for lists that are already on the page, and "/" or Ctrl-K for the search field.

function words(count) {
  return count === 0 ? "Nothing matches" : `${count} shown`;
}

function watch(field) {
  const list = document.getElementById(field.dataset.filter);
  const told = document.getElementById(`${field.id}-count`);
  if (!list) return;
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

function begin(root) {
  for (const field of root.querySelectorAll("[data-filter]")) watch(field);
}

begin(document);
document.addEventListener("arrived", (event) => begin(event.target));

function isWanted(event) {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/") return !typing && !event.ctrlKey && !event.metaKey && !event.altKey;
  return event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
}

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-shortcut='/']");
  if (!search || !isWanted(event) || document.querySelector("dialog:modal")) return;
  event.preventDefault();
  const menu = search.closest("[popover]");
  if (search.offsetParent === null && menu?.showPopover) menu.showPopover();
  search.focus();
  search.select();
});
