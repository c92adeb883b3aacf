// Confirmations: a name that must be typed, a consequence that must be ticked.

function watchName(field) {
  const check = () => {
    const equal = field.value === field.dataset.mustEqual;
    field.setCustomValidity(equal || field.value === "" ? "" : "Type the name exactly as it is shown.");
  };
  field.addEventListener("input", check);
  check();
}

// Full access together with a long access token is named before it is sent.
function watchRisk(risk) {
  const form = risk.closest("form");
  const box = risk.querySelector("input[type='checkbox']");
  const always = !risk.hidden;
  const limit = Number(risk.dataset.highRisk);
  const judge = () => {
    const full = form.elements.access?.value === "full";
    const seconds = Number(form.elements.access_token_lifetime?.dataset.seconds ?? 0);
    risk.hidden = !always && !(full && seconds > limit);
    box.required = !risk.hidden;
  };
  form.addEventListener("input", judge);
  form.addEventListener("reset", () => setTimeout(judge));
  form.addEventListener("durations", judge);
  judge();
}

function begin(root) {
  for (const field of root.querySelectorAll("[data-must-equal]")) watchName(field);
  for (const risk of root.querySelectorAll("[data-high-risk]")) watchRisk(risk);
}

begin(document);
document.addEventListener("arrived", (event) => begin(event.target));
