// Instants in the reader's own zone, and distances that keep counting.

const language = document.documentElement.lang || "en";
const full = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const precise = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const distance = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

function fromNow(date) {
  const seconds = Math.round((date - Date.now()) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return distance.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

function show() {
  for (const time of document.querySelectorAll("time[datetime]")) {
    const date = new Date(time.dateTime);
    if (Number.isNaN(date.getTime())) continue;
    time.title = precise.format(date);
    time.textContent = "relative" in time.dataset ? fromNow(date) : full.format(date);
  }
}

show();
document.addEventListener("arrived", show);
setInterval(show, 30000);
