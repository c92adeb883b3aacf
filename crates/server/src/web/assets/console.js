// The console's own touches: the tab where we are stays in sight, and ticked rows are counted.

document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

for (const told of document.querySelectorAll("[data-picked]")) {
  const form = told.closest("form");
  const still = told.textContent;
  const tell = () => {
    const count = form.querySelectorAll("input[name='client_ids']:checked").length;
    told.textContent = count === 0 ? still : `${count} selected`;
  };
  form.addEventListener("change", tell);
  addEventListener("pageshow", tell);
}
