// The console's own touches: the tab where we are stays in sight, ticked rows are counted, menus
// move by arrow keys, the columns of a list are remembered, addresses stay short.

function countPicked(told) {
  const form = told.closest("form");
  const still = told.textContent;
  const picked = () => [...document.querySelectorAll("input[name='client_ids']:checked")].filter((box) => box.form === form);
  const tell = () => {
    const count = picked().length;
    told.textContent = count === 0 ? still : `${count} selected`;
  };
  document.addEventListener("change", tell);
  addEventListener("pageshow", tell);
}

function pickAll(box) {
  const boxes = () => [...document.querySelectorAll("input[name='client_ids']")];
  box.addEventListener("change", () => {
    for (const one of boxes()) one.checked = box.checked;
    document.dispatchEvent(new Event("change"));
  });
  document.addEventListener("change", (event) => {
    if (event.target.name !== "client_ids") return;
    const ticked = boxes().filter((one) => one.checked).length;
    box.checked = ticked > 0 && ticked === boxes().length;
    box.indeterminate = ticked > 0 && !box.checked;
  });
}

// Columns: the address says which, if it says anything; else what this browser remembers.
function chooseColumns(chooser) {
  const name = `columns of ${location.pathname}`;
  const table = document.getElementById(chooser.dataset.columns);
  const boxes = [...chooser.querySelectorAll("input[name='columns'][type='checkbox']")];
  const apply = () => {
    for (const box of boxes) table?.classList.toggle(`hide-${box.value}`, !box.checked);
  };
  const kept = localStorage.getItem(name)?.split(" ");
  if (kept && !new URLSearchParams(location.search).has("columns")) {
    for (const box of boxes) box.checked = kept.includes(box.value);
    apply();
  }
  chooser.addEventListener("change", () => {
    apply();
    localStorage.setItem(name, boxes.filter((box) => box.checked).map((box) => box.value).join(" "));
    const url = new URL(location);
    url.searchParams.delete("columns");
    history.replaceState(history.state, "", url);
  });
}

// What is not filled in need not stand in the address; columns are remembered elsewhere.
function shorten(form) {
  form.addEventListener("formdata", (event) => {
    for (const [field, value] of [...event.formData]) if (value === "" || field === "columns") event.formData.delete(field);
  });
}

function begin(root) {
  root.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  root.querySelectorAll("[data-picked]").forEach(countPicked);
  root.querySelectorAll("[data-pick-all]").forEach(pickAll);
  root.querySelectorAll("[data-columns]").forEach(chooseColumns);
  root.querySelectorAll("form.filters[data-short]").forEach(shorten);
}

begin(document);
document.addEventListener("arrived", (event) => begin(event.target));

document.addEventListener("keydown", (event) => {
  const menu = event.target.closest(".menu[popover]");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!menu || !step) return;
  event.preventDefault();
  const items = [...menu.querySelectorAll("a, button:not(:disabled)")];
  items[(items.indexOf(event.target) + step + items.length) % items.length]?.focus();
});

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".toast")?.remove();
});
