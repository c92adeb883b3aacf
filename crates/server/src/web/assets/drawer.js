// The drawer: a page of the console opens beside the one where somebody is, at its own address.
//
// Links marked `data-drawer` lead there without script just as well. What is inside is the `main` of
// that page, fetched; its forms are sent and answered here too. Other scripts hear "arrived" when
// something new is on the page, and may stop a "leaving".

const dialog = document.getElementById("drawer");
const content = dialog?.querySelector("[data-drawer-content]");
const permalink = dialog?.querySelector("[data-drawer-page]");
const home = location.href;
const title = document.title;
let changed = false;
let isAgreed = false;

// What stays in the drawer: the tabs of what it shows. The rest leads on as any link does.
function subject(url) {
  const [, console, noun, id] = new URL(url, home).pathname.split("/");
  return id === undefined ? "" : `/${console}/${noun}/`;
}

function belongs(url) {
  return new URL(url).origin === location.origin && subject(url) !== "" && subject(url) === subject(permalink.href);
}

async function load(url, options = {}) {
  const answer = await fetch(url, { headers: { accept: "text/html" }, ...options });
  const isPage = answer.headers.get("content-type")?.startsWith("text/html");
  const page = isPage ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  return { url: answer.url, redirected: answer.redirected, page, main: page?.getElementById("main") };
}

function put(into, main) {
  into.replaceChildren(...main.childNodes);
  into.dispatchEvent(new Event("arrived", { bubbles: true }));
}

function may(leave) {
  return leave.dispatchEvent(new Event("leaving", { bubbles: true, cancelable: true }));
}

// Shows what was loaded; `address` is where a reload finds it.
function show(loaded, address, focus = "h1") {
  permalink.href = address;
  document.title = loaded.page.title;
  dialog.setAttribute("aria-label", loaded.page.title.replace(/ · Mandate$/, ""));
  put(content, loaded.main);
  if (!dialog.open) dialog.showModal();
  content.parentElement.scrollTop = 0;
  const target = content.querySelector("[data-focus]") ?? content.querySelector(focus) ?? content.querySelector("h1");
  if (target && !target.matches("a, button, input")) target.tabIndex = -1;
  target?.focus({ preventScroll: target.matches("h1") });
}

async function open(url) {
  content.parentElement.setAttribute("aria-busy", "true");
  try {
    const loaded = await load(url);
    // Signed out meanwhile, or no page of the console: the browser goes there itself.
    if (!loaded.main || !loaded.page.body.classList.contains("console")) return location.assign(url);
    const state = { drawer: true };
    if (dialog.open) history.replaceState(state, "", loaded.url);
    else history.pushState(state, "", loaded.url);
    show(loaded, loaded.url, dialog.open ? ".tabs [aria-current]" : "h1");
  } catch {
    location.assign(url);
  } finally {
    content.parentElement.removeAttribute("aria-busy");
  }
}

// The page below, as it is now.
async function renew() {
  changed = false;
  const main = document.getElementById("main");
  const loaded = await load(home);
  if (loaded.main) put(main, loaded.main);
  else location.reload();
}

function shut() {
  isAgreed = false;
  dialog.close();
  content.replaceChildren();
  document.title = title;
  if (changed) renew();
}

// Going back in the history shuts it; every other way of closing goes back.
function close() {
  if (!may(content)) return;
  isAgreed = true;
  history.back();
}

function follow(url) {
  if (belongs(url)) return open(url);
  // Nothing here is asked about a second time.
  content.replaceChildren();
  location.assign(url);
}

async function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  const action = submitter?.hasAttribute("formaction") ? submitter.formAction : form.action;
  if (form.method === "get") {
    const url = new URL(action);
    url.search = body;
    return belongs(url.href) ? open(url.href) : location.assign(url);
  }
  changed = true;
  const loaded = await load(action, { method: "POST", body });
  if (!loaded.main || !loaded.page.body.classList.contains("console")) return location.assign(loaded.url);
  if (loaded.redirected && !belongs(loaded.url)) return location.assign(loaded.url);
  if (loaded.redirected) history.replaceState({ drawer: true }, "", loaded.url);
  show(loaded, loaded.redirected ? loaded.url : permalink.href);
}

function isPlain(event) {
  return event.button === 0 && !event.defaultPrevented && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

function begin() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || !isPlain(event) || link.hasAttribute("download") || link.target) return;
    if (!dialog.contains(link)) {
      if (!link.hasAttribute("data-drawer")) return;
      event.preventDefault();
      link.closest("[popover]")?.hidePopover();
      open(link.href);
    } else if (link.href.split("#")[0] === home.split("#")[0] || link.hasAttribute("data-drawer-close")) {
      event.preventDefault();
      close();
    } else if (link !== permalink && !link.getAttribute("href").startsWith("#")) {
      event.preventDefault();
      if (may(content)) follow(link.href);
    }
  });

  dialog.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (dialog.dataset.sending) return;
    dialog.dataset.sending = "yes";
    send(event.target, event.submitter)
      .catch(() => event.target.submit())
      .finally(() => delete dialog.dataset.sending);
  });

  dialog.querySelector("[data-drawer-shut]").addEventListener("click", close);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });

  addEventListener("popstate", (event) => {
    if (dialog.open && event.state?.drawer) return;
    if (dialog.open) {
      if (isAgreed || may(content)) shut();
      else history.pushState({ drawer: true }, "", permalink.href);
    } else if (event.state?.drawer && location.href !== home) {
      load(location.href).then((loaded) => (loaded.main ? show(loaded, location.href) : location.reload()), () => location.reload());
    } else if (location.href.split("#")[0] !== home.split("#")[0]) {
      location.reload();
    }
  });
}

if (dialog?.showModal) begin();
