// Copy buttons: puts the text of `data-copy` on the clipboard and says so aloud.

const announcer = document.getElementById("announcer");

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Browsers offer the clipboard only on https and loopback.
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "out-of-sight";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("refused");
}

function say(words) {
  if (!announcer) return;
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = words; }, 50);
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const what = button.textContent.trim().replace(/^Copy /, "");
  try {
    await copy(button.dataset.copy);
    button.focus();
    button.classList.add("copied");
    setTimeout(() => button.classList.remove("copied"), 1800);
    say(`Copied ${what}`);
  } catch {
    say(`Your browser did not allow copying ${what}. Select the text instead.`);
  }
});
