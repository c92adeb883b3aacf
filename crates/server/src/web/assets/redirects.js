// Redirect addresses, checked line by line as one types; the server checks them again. Also the
// example chips that add a line.

const loopback = ["localhost", "127.0.0.1", "[::1]"];

function problem(line) {
  if (line.includes("*")) return "wildcards are not allowed; register each address exactly.";
  if (line.includes("#")) return "leave out the part after #.";
  if (/\s/.test(line)) return "one address a line, without spaces.";
  let url;
  try {
    url = new URL(line);
  } catch {
    return "write the whole address, such as https://app.example.com/callback.";
  }
  const scheme = url.protocol.slice(0, -1);
  if (url.username || url.password) return "leave out the name before @.";
  if (scheme === "https") return null;
  if (scheme === "http") return loopback.includes(url.hostname) ? null : "use https. Plain http works only for localhost, 127.0.0.1 and [::1].";
  return scheme.includes(".") ? null : "an app's own scheme needs a dot, such as com.example.app:/callback.";
}

function watch(field) {
  const told = document.getElementById(`${field.id}-live`);
  const tell = () => {
    const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const wrong = lines.map((line) => [line, problem(line)]).filter(([, why]) => why);
    told.className = wrong.length ? "live live-warn" : "live";
    if (wrong.length === 0) {
      told.textContent = lines.length ? `${lines.length} address${lines.length === 1 ? "" : "es"}, compared byte for byte.` : "";
      return;
    }
    const list = document.createElement("ul");
    for (const [line, why] of wrong) {
      const entry = document.createElement("li");
      entry.textContent = `${line}: ${why}`;
      list.append(entry);
    }
    told.replaceChildren(list);
  };
  field.addEventListener("input", tell);
  field.form?.addEventListener("reset", () => setTimeout(tell));
  tell();
}

function begin(root) {
  for (const field of root.querySelectorAll("[data-redirects]")) watch(field);
}

begin(document);
document.addEventListener("arrived", (event) => begin(event.target));

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  const field = chip && document.getElementById(chip.dataset.into);
  if (!field) return;
  const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  if (!lines.includes(chip.dataset.insert)) lines.push(chip.dataset.insert);
  field.value = lines.join("\n");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
});
