// A new client: what are you building, the form of it, the sheet that shows the secret once.

import assert from "node:assert/strict";

import { faults } from "../stage/looks.mjs";
import { shows } from "../stage/stage.mjs";

const NEW = "/console/clients/new";

// What is copied by the button of this name; read from the clipboard of the browser.
async function copied(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
  await page.locator(".copied").first().waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

async function begin(page, kind) {
  await page.goto(NEW);
  await page.getByRole("link", { name: kind }).click();
  await page.getByLabel("Name", { exact: true }).waitFor();
}

const submit = (page) => page.getByRole("button", { name: "Create client" }).click();

const KINDS = [
  ["Web application", true, "Authorization code", "https://web.example/callback"],
  ["App without a server", false, "Authorization code", "http://127.0.0.1/callback"],
  ["Service", true, "Client credentials", null],
  ["AI agent or MCP client", false, "Authorization code", "http://localhost/callback"],
  ["Sync connector", true, "Client credentials", null],
  ["Something else", true, "Client credentials", null],
];

shows("each kind of client made from its own form, with the grants that were promised", async ({ server, signedIn }) => {
  const page = await signedIn();
  for (const [kind, isConfidential, grant, redirect] of KINDS) {
    const name = `Made as ${kind}`;
    await begin(page, kind);
    await page.getByLabel("Name", { exact: true }).fill(name);
    if (redirect) await page.getByRole("textbox", { name: "Redirect addresses", exact: true }).fill(redirect);
    if (kind === "Something else") {
      await page.getByText("How it gets tokens").click();
      await page.getByLabel("Client credentials").check();
      await page.getByRole("checkbox", { name: /^user:read/ }).check();
    }
    if (kind === "Service") await page.getByRole("checkbox", { name: /^user:read/ }).check();
    await submit(page);
    await page.getByRole("heading", { name: isConfidential ? "Save these now" : "Ready to use" }).waitFor();
    assert.equal(await page.getByText("Client secret", { exact: true }).count(), isConfidential ? 1 : 0, kind);
    if (isConfidential) await page.getByLabel("I stored the secret in a safe place").check();
    await page.getByRole("button", { name: "Continue to the client" }).click();
    await page.getByRole("heading", { name, level: 1 }).waitFor();
    await page.getByText(grant, { exact: true }).first().waitFor();
    const { body } = await server.api("GET", `/clients?q=${encodeURIComponent(name)}`);
    assert.equal(body.items[0].confidential, isConfidential);
  }
});

shows("a secret once: to copy in four forms, not by going on unread, back or reload", async ({ server, signedIn }) => {
  const page = await signedIn(undefined, { permissions: ["clipboard-read", "clipboard-write"] });
  await begin(page, "Service");
  await page.getByLabel("Name", { exact: true }).fill("Shown Once");
  await page.getByRole("checkbox", { name: /^user:read/ }).check();
  await submit(page);
  await page.getByRole("heading", { name: "Save these now" }).waitFor();
  const id = await copied(page, "Copy the client ID");
  const secret = await copied(page, "Copy the client secret");
  assert.match(secret, /^mcs_/);
  assert.equal((await server.token(id, secret)).status, 200, "what was copied works");
  const forms = [];
  for (const [summary, form] of [["curl", /^curl -s /], [".env", /^OAUTH_ISSUER=/], ["JSON", /^\{/], ["Kubernetes Secret", /^apiVersion: v1/]]) {
    const details = page.locator("details").filter({ has: page.locator("summary", { hasText: new RegExp(`^${summary.replace(".", "\\.")}$`) }) });
    if (!(await details.evaluate((it) => it.open))) await details.locator("summary").click();
    const text = await copied(page, `Copy ${summary}`);
    assert.match(text, form);
    assert.ok(text.includes(secret) && text.includes(id), summary);
    await page.locator(".copied").first().waitFor({ state: "detached" });
    forms.push(text);
  }
  assert.deepEqual(JSON.parse(forms[2]), { issuer: server.origin, client_id: id, client_secret: secret });
  assert.deepEqual(await faults(page), []);

  // Not past the sheet without the promise.
  await page.getByRole("button", { name: "Continue to the client" }).click();
  assert.ok(await page.getByLabel("I stored the secret").evaluate((box) => box.validity.valueMissing));
  await page.getByRole("heading", { name: "Save these now" }).waitFor();

  page.on("dialog", (dialog) => dialog.accept());
  await page.reload();
  await page.getByRole("heading", { name: "The secret was already shown" }).waitFor();
  assert.ok(!(await page.content()).includes(secret), "a reload shows it again");
  await page.goto("/console/clients");
  await page.goBack();
  assert.ok(!(await page.content()).includes(secret), "the back button shows it again");
  await page.goto(`/console/clients/${id}/credentials`);
  assert.ok(!(await page.content()).includes(secret));
  assert.ok(!server.log().includes(secret), "the log holds it");
  const { body } = await server.api("GET", "/clients?q=Shown%20Once");
  assert.equal(body.items.length, 1, "sent twice, made once");
});

shows("warnings that grow at 30 and 90 days while one types, and what a lifetime means", async ({ signedIn }) => {
  const page = await signedIn();
  await begin(page, "Web application");
  await page.getByLabel("Issue a refresh token").check();
  const field = page.getByLabel("Refresh token lives");
  const told = page.locator("#refresh_token_lifetime-live");
  for (const [text, kind, words] of [
    ["7 d", "live", /ends .*Up to 30 days is a usual choice/],
    ["30 d", "live", /Up to 30 days/],
    ["31 d", "live live-warn", /More than 30 days: security warning/],
    ["90 d", "live live-warn", /More than 30 days/],
    ["91 d", "live live-danger", /More than 90 days/],
    ["2592001", "live live-warn", /More than 30 days/],
    ["forever", "live live-warn", /Write whole numbers and units/],
  ]) {
    await field.fill(text);
    assert.match(await told.innerText(), words, text);
    assert.equal((await told.getAttribute("class")).trim(), kind, text);
  }
  await page.getByLabel("Access token lives").fill("1 h 30 m");
  assert.match(await page.locator("#access_token_lifetime-live").innerText(), /A token issued now ends/);
  await page.getByRole("button", { name: "Use 1 h" }).click();
  assert.equal(await page.getByLabel("Access token lives").inputValue(), "1 h");
});

shows("full access with a long token made only after it was confirmed", async ({ server, signedIn }) => {
  const page = await signedIn();
  await begin(page, "Service");
  await page.getByLabel("Name", { exact: true }).fill("Risky One");
  await page.getByRole("checkbox", { name: /^user:read/ }).check();
  const risk = page.getByText("High risk: full access with a long access token.");
  assert.equal(await risk.isVisible(), false);
  await page.getByText("Full access", { exact: true }).click();
  assert.equal(await risk.isVisible(), false, "full access alone is none");
  await page.getByLabel("Access token lives").fill("2 h");
  await risk.waitFor();
  await submit(page);
  const summary = page.getByRole("alert");
  await summary.getByText("Full access with access tokens that live 2 hours").waitFor();
  assert.equal((await server.api("GET", "/clients?q=Risky%20One")).body.items.length, 0, "the server refused it too");
  await page.getByLabel("I understand, and want it this way").check();
  await submit(page);
  await page.getByRole("heading", { name: "Save these now" }).waitFor();
});

shows("what is wrong with an address while it is typed, and an example put in by a press", async ({ signedIn }) => {
  const page = await signedIn();
  await begin(page, "Web application");
  const field = page.getByRole("textbox", { name: "Redirect addresses", exact: true });
  const told = page.locator("#redirect_uris-live");
  await field.fill("https://a.example/cb\nhttp://b.example/cb\nhttps://*.c.example/cb\nhttps://d.example/#x");
  const words = await told.innerText();
  for (const part of ["http://b.example/cb: use https", "wildcards are not allowed", "leave out the part after #"]) assert.ok(words.includes(part), words);
  await field.fill("");
  await page.getByRole("button", { name: "Local development" }).click();
  await page.getByRole("button", { name: "CLI or desktop" }).click();
  assert.equal(await field.inputValue(), "http://localhost:3000/callback\nhttp://127.0.0.1/callback");
  assert.match(await told.innerText(), /2 addresses, compared byte for byte/);
});

shows("the whole way by keyboard alone", async ({ signedIn }) => {
  const page = await signedIn();
  await page.goto(NEW);
  const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
  // Tabs on until this is focused; a trap or an unreachable control ends it.
  const reach = async (locator) => {
    await locator.waitFor();
    for (let n = 0; n < 120; n += 1) {
      if (await locator.evaluate((it) => it === document.activeElement)) return;
      await press("Tab");
    }
    assert.fail(`the Tab key does not reach ${locator}`);
  };
  await reach(page.getByRole("link", { name: "Service" }));
  await press("Enter");
  await reach(page.getByLabel("Name", { exact: true }));
  await page.keyboard.type("Made By Keyboard");
  await reach(page.getByLabel("Search scopes"));
  await page.keyboard.type("user:read");
  await reach(page.getByRole("checkbox", { name: /^user:read/ }));
  await press("Space");
  await reach(page.getByRole("button", { name: "Create client" }));
  await press("Enter");
  await page.getByRole("heading", { name: "Save these now" }).waitFor();
  await reach(page.getByLabel("I stored the secret"));
  await press("Space");
  await reach(page.getByRole("button", { name: "Continue to the client" }));
  await press("Enter");
  await page.getByRole("heading", { name: "Made By Keyboard", level: 1 }).waitFor();
});

shows("the call of the API that makes the same client", async ({ server, signedIn }) => {
  const page = await signedIn();
  await begin(page, "Service");
  await page.getByLabel("Name", { exact: true }).fill("Made by curl");
  await page.getByRole("checkbox", { name: /^user:read/ }).check();
  await page.getByRole("button", { name: "View as curl" }).click();
  const code = await page.locator("#call pre").innerText();
  assert.match(code, /curl -s -X POST '.*\/api\/v1\/clients'/);
  const body = JSON.parse(/-d '([^']*)'/.exec(code)[1]);
  assert.equal((await server.api("POST", "/clients", body)).status, 201, "the call works as it stands");
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Made by curl", "what was typed stays");
});
