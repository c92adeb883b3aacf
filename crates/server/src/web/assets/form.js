// Forms: leads to the summary of errors, counts unsaved changes, warns before leaving, and
// sends a form only once.

document.querySelector("[data-focus]")?.focus();

document.querySelector(".summary")?.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});

function fields(form) {
  return [...form.elements].filter((field) => field.name && field.type !== "hidden");
}

function changed(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

for (const form of document.querySelectorAll("form[data-unsaved]")) {
  const told = form.querySelector("[data-count]");
  const still = told?.textContent ?? "";
  let sending = false;
  const unsaved = () => new Set(fields(form).filter(changed).map((field) => field.name)).size;
  const tell = () => {
    if (!told) return;
    const count = unsaved();
    told.textContent = count === 0 ? still : `${count} unsaved change${count === 1 ? "" : "s"}`;
  };
  form.addEventListener("input", tell);
  form.addEventListener("reset", () => setTimeout(tell));
  form.addEventListener("submit", () => { sending = true; });
  addEventListener("beforeunload", (event) => {
    if (!sending && unsaved() > 0) event.preventDefault();
  });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
});

// Back from the browser's own store: the form may be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) delete form.dataset.sent;
});
