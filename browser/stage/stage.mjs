// The stage of the conversations: one server, one Chromium, and people who are signed in.
//
// A test gets a new browser context for each person. It fails, whatever else it says, when a page
// logged an error, broke its content security policy, or could not load something of its own. A
// failure prints where each page stood and what it said, and leaves a picture under target/browser.

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { chromium } from "playwright-core";

import { ADMIN, Mandate } from "./server.mjs";

const WORK = process.env.BROWSER_WORK;
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];
const PATIENCE = 15_000;

const servers = [];
let browser;
let shared;
const known = new Map();

rmSync(join(WORK, "failures"), { recursive: true, force: true });

async function raiseBrowser() {
  browser ??= chromium.launch({ executablePath: process.env.BROWSER_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  return browser;
}

// A server with nothing on it but what a first start makes.
export async function freshServer() {
  const server = await Mandate.start();
  servers.push(server);
  return server;
}

// Ends everything that was started.
export async function strike() {
  await (await browser)?.close();
  for (const server of servers.splice(0)) server.end();
}

// One test: `name` says what is shown.
export function shows(name, conversation, seconds = 60) {
  test(name, { timeout: seconds * 1000 }, async () => {
    shared ??= freshServer();
    const cast = new Cast(await shared);
    try {
      await conversation(cast);
      cast.complain();
    } catch (error) {
      await cast.tell(name);
      throw error;
    } finally {
      await cast.leave();
    }
  });
}

// Who takes part in one test.
class Cast {
  #pages = [];
  #contexts = [];
  #troubles = [];
  #forgiven = [];

  constructor(server) {
    this.server = server;
    // So that a test can take what it needs apart.
    for (const name of ["anybody", "signedIn", "expects", "another"]) this[name] = this[name].bind(this);
  }

  // A page of a browser in which nobody is signed in.
  async anybody({ server = this.server, ...options } = {}) {
    const context = await (await raiseBrowser()).newContext({
      viewport: { width: 1280, height: 900 }, baseURL: server.origin, ...options,
    });
    context.setDefaultTimeout(PATIENCE);
    this.#contexts.push(context);
    context.on("page", (page) => this.#watch(page));
    return context.newPage();
  }

  // A page of a browser in which this person is signed in; the administrator unless named.
  // `anew`: with a session of its own, for tests that end it.
  // `server`: on another one than the shared.
  async signedIn(email = ADMIN.email, { anew = false, server = this.server, ...options } = {}) {
    const key = `${server.origin} ${email}`;
    if (anew || !known.has(key)) {
      const page = await this.anybody({ server, ...options });
      await page.goto("/login");
      await page.getByLabel("E-mail address").fill(email);
      await page.getByLabel("Password").fill(server.password);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL((url) => url.pathname !== "/login");
      if (!anew) known.set(key, await page.context().storageState());
      return page;
    }
    return this.anybody({ server, storageState: known.get(key), ...options });
  }

  // Forgives one kind of trouble from here on: a refusal that the test provokes by script.
  expects(pattern) {
    this.#forgiven.push(pattern);
  }

  // Another page of the same browser.
  another(page) {
    return page.context().newPage();
  }

  #watch(page) {
    this.#pages.push(page);
    const trouble = (words) => this.#troubles.push(`${page.url()}: ${words}`);
    page.on("pageerror", (error) => trouble(error.stack));
    page.on("console", (message) => {
      // A page that answers 422 or 409 is an answer; what it loads is looked at below.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) trouble(message.text());
    });
    page.on("response", (response) => {
      const kind = response.request().resourceType();
      if (response.status() >= 400 && kind !== "document" && kind !== "fetch") trouble(`${response.status()} ${response.url()}`);
      if (response.status() >= 500) trouble(`${response.status()} ${response.url()}`);
    });
  }

  // Fails when a page had trouble of its own.
  complain() {
    const troubles = this.#troubles.filter((words) => !this.#forgiven.some((pattern) => pattern.test(words)));
    if (troubles.length > 0) throw new Error(`a page had trouble:\n${troubles.join("\n")}`);
  }

  // Where everybody stood when it failed.
  async tell(name) {
    const folder = join(WORK, "failures");
    mkdirSync(folder, { recursive: true });
    for (const [n, page] of this.#pages.entries()) {
      if (page.isClosed()) continue;
      const picture = join(folder, `${name.replace(/\W+/g, "-").slice(0, 80)}-${n + 1}.png`);
      const words = await page.locator("body").innerText({ timeout: 1000 }).catch(() => "");
      await page.screenshot({ path: picture, fullPage: true, timeout: 5000 }).catch(() => {});
      console.error(`\n-- page ${n + 1} stood at ${page.url()}\n${words.slice(0, 1500)}\n-- picture: ${picture}\n`);
    }
    for (const words of this.#troubles) console.error(`-- trouble: ${words}`);
  }

  async leave() {
    await Promise.all(this.#contexts.map((context) => context.close().catch(() => {})));
  }
}
