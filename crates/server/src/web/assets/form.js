// Forms: leads to the summary of errors, counts unsaved changes, warns before leaving, and
// sends a form only once.

document.querySelector("[data-focus]")?.focus();

document.addEventListener("click", (event) => {
  const link = event.target.closest(".summary a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});

function fields(form) {
  return [...form.elements].filter((field) => field.name && !["hidden", "submit"].includes(field.type));
}

function changed(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") {
    // Where the page names none, the browser begins with the first.
    const options = [...field.options];
    return field.selectedIndex !== Math.max(0, options.findIndex((option) => option.defaultSelected));
  }
  return field.value !== field.defaultValue;
}

const sent = new WeakSet();

function unsaved(form) {
  return sent.has(form) ? 0 : new Set(fields(form).filter(changed).map((field) => field.name)).size;
}

function watch(form) {
  const told = form.querySelector("[data-count]");
  const still = told?.textContent ?? "";
  const tell = () => {
    if (!told) return;
    const count = unsaved(form);
    told.textContent = count === 0 ? still : `${count} unsaved change${count === 1 ? "" : "s"}`;
  };
  form.addEventListener("input", tell);
  form.addEventListener("reset", () => setTimeout(tell));
  form.addEventListener("submit", () => sent.add(form));
}

function begin(root) {
  for (const form of root.querySelectorAll("form[data-unsaved]")) watch(form);
}

begin(document);
document.addEventListener("arrived", (event) => begin(event.target));

// What would be lost by leaving this part of the page: a form half filled in, a secret not stored.
function loss(root) {
  const count = [...root.querySelectorAll("form[data-unsaved]")].reduce((sum, form) => sum + unsaved(form), 0);
  if (count > 0) return `${count} unsaved change${count === 1 ? "" : "s"} would be lost. Leave all the same?`;
  const kept = root.querySelector("form[data-kept] input[type='checkbox']");
  if (!kept || kept.checked || sent.has(kept.form)) return null;
  return "The secret is shown this once and cannot be shown again. Leave all the same?";
}

addEventListener("beforeunload", (event) => {
  if (loss(document)) event.preventDefault();
});

// The same question where only a part of the page goes away.
document.addEventListener("leaving", (event) => {
  const words = loss(event.target);
  if (words && !confirm(words)) event.preventDefault();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-kept]")) sent.add(form);
  // One in the drawer is sent by script and stays.
  if (form.method !== "post" || event.defaultPrevented) return;
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
