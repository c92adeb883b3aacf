// Durations such as "1 h" or "30 d": says when that ends, and warns as it grows longer.

const sizes = { s: 1, m: 60, h: 3600, d: 86400, w: 604800 };
const date = new Intl.DateTimeFormat(document.documentElement.lang || "en", { dateStyle: "medium", timeStyle: "short" });

const unit = /^(s(ec(ond)?s?)?|m(in(ute)?s?)?|h(rs?|ours?)?|d(ays?)?|w(eeks?)?)$/;

// Whole numbers with units, each unit once, the larger ones first; a number alone is seconds.
function parse(text) {
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text);
  let total = 0, last = Infinity, rest = text.trim().toLowerCase();
  if (rest === "") return null;
  while (rest !== "") {
    const match = /^(\d{1,9})\s*([a-z]+)\s*/.exec(rest);
    const size = match && unit.test(match[2]) ? sizes[match[2][0]] : null;
    if (!size || size >= last) return null;
    total += Number(match[1]) * size;
    last = size;
    rest = rest.slice(match[0].length);
  }
  return total;
}

function warning(kind, seconds) {
  if (kind !== "refresh") return ["", ""];
  const days = seconds / 86400;
  if (days > 90) return ["live-danger", "More than 90 days: a stolen token stays useful for a season. Plan to renew sooner."];
  if (days > 30) return ["live-warn", "More than 30 days: security warning. Prefer a shorter life, or schedule a rotation."];
  return ["", "Up to 30 days is a usual choice."];
}

function watch(field) {
  const told = document.getElementById(`${field.id}-live`);
  const tell = () => {
    const seconds = parse(field.value);
    field.dataset.seconds = seconds ?? 0;
    field.form?.dispatchEvent(new Event("durations"));
    if (!told) return;
    if (field.value.trim() === "") {
      told.textContent = "";
      return;
    }
    if (seconds === null) {
      told.className = "live live-warn";
      told.textContent = "Write whole numbers and units, such as 30 m, 1 h 30 m or 7 d.";
      return;
    }
    const [tier, advice] = warning(field.dataset.duration, seconds);
    told.className = `live ${tier}`;
    told.textContent = `A token issued now ends ${date.format(Date.now() + seconds * 1000)}. ${advice}`;
  };
  field.addEventListener("input", tell);
  field.form?.addEventListener("reset", () => setTimeout(tell));
  tell();
}

function begin(root) {
  for (const field of root.querySelectorAll("[data-duration]")) watch(field);
}

begin(document);
document.addEventListener("arrived", (event) => begin(event.target));

// A usual value, put in by a press.
document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-put]");
  const field = chip && document.getElementById(chip.dataset.into);
  if (!field) return;
  field.value = chip.dataset.put;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
