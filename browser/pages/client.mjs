// One client: the drawer and the page, its settings, secrets, pause and resume, its history, its end.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

import { faults } from "../stage/looks.mjs";
import { shows } from "../stage/stage.mjs";

const LIST = "/console/clients";
const pageOf = (client, tab = "") => `${LIST}/${client.client_id}${tab && `/${tab}`}`;
const drawer = (page) => page.getByRole("dialog");

shows("a client in the drawer by a click on its row; Escape and Back shut it, a reload is its page", async ({ server, signedIn }) => {
  const client = await server.service("Drawn One");
  const page = await signedIn();
  await page.goto(`${LIST}?q=Drawn`);
  const row = page.getByRole("row").filter({ hasText: "Drawn One" });
  // Anywhere on the row: the link of its name lies over all of it.
  await row.locator("td").nth(3).click({ force: true });
  await drawer(page).getByRole("heading", { name: "Drawn One", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, pageOf(client));
  assert.deepEqual(await faults(page), []);
  // The Tab key stays inside.
  for (let n = 0; n < 40; n += 1) {
    await page.keyboard.press("Tab");
    assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest("dialog") !== null));
  }
  await drawer(page).getByRole("link", { name: "Settings", exact: true }).click();
  await drawer(page).getByRole("button", { name: "Save changes" }).waitFor();
  assert.equal(new URL(page.url()).pathname, pageOf(client, "settings"));
  await page.keyboard.press("Escape");
  await drawer(page).waitFor({ state: "hidden" });
  await page.waitForURL(`**${LIST}?q=Drawn`);
  assert.ok(await row.locator(".row-link").evaluate((it) => it === document.activeElement), "the focus is back on the row");

  await row.locator(".row-link").press("Enter");
  await drawer(page).getByRole("heading", { name: "Drawn One" }).waitFor();
  await page.goBack();
  await drawer(page).waitFor({ state: "hidden" });
  await page.goForward();
  await drawer(page).getByRole("heading", { name: "Drawn One" }).waitFor();
  await page.reload();
  await page.getByRole("main").getByRole("heading", { name: "Drawn One" }).waitFor();
  assert.equal(await drawer(page).count(), 0);
  await page.goBack();
  await row.waitFor();
});

shows("the same without script: the link leads to the page", async ({ server, signedIn }) => {
  const client = await server.service("Scriptless One");
  const page = await signedIn(undefined, { javaScriptEnabled: false });
  await page.goto(`${LIST}?q=Scriptless`);
  await page.getByRole("link", { name: "Scriptless One" }).click();
  await page.getByRole("heading", { name: "Scriptless One", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).pathname, pageOf(client));
});

shows("a client made and changed in the drawer, and the list behind it up to date", async ({ server, signedIn }) => {
  const page = await signedIn();
  await server.service("Drawer Neighbour");
  await page.goto(`${LIST}?q=Drawer`);
  await page.getByRole("link", { name: "Create client" }).click();
  await drawer(page).getByRole("link", { name: "Service" }).click();
  await drawer(page).getByLabel("Name", { exact: true }).fill("");
  await drawer(page).getByRole("button", { name: "Create client" }).click();
  await drawer(page).getByText("A name is needed").first().waitFor();
  await drawer(page).getByLabel("Name", { exact: true }).fill("Drawer Made");
  await drawer(page).getByRole("checkbox", { name: /^user:read/ }).check();
  await drawer(page).getByRole("button", { name: "Create client" }).click();
  await drawer(page).getByRole("heading", { name: "Save these now" }).waitFor();

  // The secret is on screen: closing asks first.
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.message());
    return dialog.dismiss();
  });
  await page.keyboard.press("Escape");
  await drawer(page).getByRole("heading", { name: "Save these now" }).waitFor();
  assert.match(asked.join(), /shown this once/);
  await drawer(page).getByLabel("I stored the secret").check();
  await drawer(page).getByRole("button", { name: "Continue to the client" }).click();
  await drawer(page).getByRole("heading", { name: "Drawer Made", level: 1 }).waitFor();
  await drawer(page).getByRole("link", { name: "Settings", exact: true }).click();
  await drawer(page).getByLabel("Name", { exact: true }).fill("Drawer Renamed");
  await drawer(page).getByText("1 unsaved change").waitFor();
  await drawer(page).getByRole("button", { name: "Save changes" }).click();
  await drawer(page).getByText("Saved. It holds from the next request.").waitFor();
  await drawer(page).getByRole("button", { name: "Close" }).click();
  await page.getByRole("link", { name: "Drawer Renamed" }).waitFor();
});

shows("how many changes are unsaved, and a question before they are lost", async ({ server, signedIn }) => {
  const client = await server.service("Unsaved One");
  const page = await signedIn();
  await page.goto(pageOf(client, "settings"));
  const bar = page.locator("[data-count]");
  await page.getByLabel("Name", { exact: true }).fill("Other name");
  await page.getByLabel("Description").fill("Other words");
  assert.equal(await bar.innerText(), "2 unsaved changes");
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    return dialog.dismiss();
  });
  await page.getByRole("link", { name: "Audit", exact: true }).last().click();
  await page.waitForFunction(() => true);
  assert.deepEqual(asked, ["beforeunload"]);
  assert.equal(new URL(page.url()).pathname, pageOf(client, "settings"), "stayed");
  await page.getByRole("button", { name: "Discard" }).click();
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Unsaved One");
  await page.getByText("Changes hold from the next request.").waitFor();

  await page.goto(`${LIST}?q=Unsaved`);
  await page.getByRole("link", { name: "Unsaved One" }).click();
  await drawer(page).getByRole("link", { name: "Settings", exact: true }).click();
  await drawer(page).getByLabel("Description").fill("In the drawer");
  await page.keyboard.press("Escape");
  assert.deepEqual(asked, ["beforeunload", "confirm"]);
  assert.ok(await drawer(page).isVisible());
});

shows("what saving would do before it is done, what it did, and Undo of it", async ({ server, signedIn }) => {
  const client = await server.service("Undone One");
  const page = await signedIn();
  await page.goto(pageOf(client, "settings"));
  await page.getByLabel("Access token lives").fill("30 m");
  await page.getByLabel("Description").fill("For a while");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByText("Not saved yet.").waitFor();
  const preview = page.locator("#preview");
  for (const words of ["Access token lifetime", "1 hour", "30 minutes", "For a while", "no living tokens"]) assert.ok((await preview.innerText()).includes(words), words);
  assert.deepEqual(await faults(page), []);
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByText("Saved. It holds from the next request.").waitFor();
  assert.equal((await server.api("GET", `/clients/${client.client_id}`)).body.access_token_lifetime, 1800);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Undone. It is as it was before").waitFor();
  const after = (await server.api("GET", `/clients/${client.client_id}`)).body;
  assert.deepEqual([after.access_token_lifetime, after.description], [3600, ""]);
});

shows("an Undo that comes too late, and changes nothing", async ({ server, signedIn }) => {
  const client = await server.service("Late Undo");
  const page = await signedIn();
  await page.goto(pageOf(client, "settings"));
  await page.getByLabel("Description").fill("Mine");
  await page.getByRole("button", { name: "Save changes" }).click();
  await page.getByRole("button", { name: "Undo" }).waitFor();
  await server.api("PATCH", `/clients/${client.client_id}`, { description: "Theirs" });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("alert").getByText("changed again meanwhile, so nothing was undone").waitFor();
  assert.equal((await server.api("GET", `/clients/${client.client_id}`)).body.description, "Theirs");
});

shows("both versions where two people edit, and neither lost", async ({ server, signedIn }) => {
  const client = await server.service("Contested One");
  const [mine, theirs] = [await signedIn(), await signedIn()];
  for (const page of [mine, theirs]) await page.goto(pageOf(client, "settings"));
  await theirs.getByLabel("Access token lives").fill("2 h");
  await theirs.getByRole("button", { name: "Save changes" }).click();
  await theirs.getByText("Saved. It holds").waitFor();
  await mine.getByLabel("Access token lives").fill("10 m");
  await mine.getByRole("button", { name: "Save changes" }).click();
  const conflict = mine.getByRole("alert");
  await conflict.getByText("Someone else saved this client while you were editing.").waitFor();
  assert.match(await conflict.innerText(), /2 hours[\s\S]*10 minutes/);
  assert.equal(await mine.getByLabel("Access token lives").inputValue(), "10 m", "what was typed is still there");
  assert.deepEqual(await faults(mine), []);
  await mine.getByRole("button", { name: "Save changes" }).click();
  await mine.getByText("Saved. It holds").waitFor();
  assert.equal((await server.api("GET", `/clients/${client.client_id}`)).body.access_token_lifetime, 600);
});

shows("a rotation after the name was typed, and refused in words after another one", async ({ server, signedIn }) => {
  const client = await server.service("Rotated One");
  const page = await signedIn();
  await page.goto(pageOf(client, "credentials"));
  await page.getByRole("radio", { name: /^Now/ }).check();
  const name = page.getByLabel("Type Rotated One to confirm");
  const rotate = page.getByRole("button", { name: "Rotate secret" });
  await name.fill("rotated one");
  await rotate.click();
  assert.equal(await name.evaluate((it) => it.validationMessage), "Type the name exactly as it is shown.");
  // The browser's word is not the last: the server says it too.
  await page.locator("form", { has: name }).evaluate((form) => { form.noValidate = true; });
  await rotate.click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.locator("#confirm_name-error").innerText(), /name/i);
  assert.equal((await server.token(client.client_id, client.client_secret)).status, 200, "nothing was rotated");
  await page.getByRole("radio", { name: /^Now/ }).check();
  await page.getByLabel("Type Rotated One to confirm").fill("Rotated One");
  await page.getByRole("button", { name: "Rotate secret" }).click();
  await page.getByRole("heading", { name: "Save these now" }).waitFor();
  const secret = await page.locator("[data-test]").getAttribute("data-secret");
  assert.equal((await server.token(client.client_id, secret)).status, 200);
  assert.equal((await server.token(client.client_id, client.client_secret)).status, 401, "the one before has ended");
  await page.getByText("The secrets before this one have stopped working.").waitFor();
});

shows("a test that gets a token, in words, and leaves neither token nor secret behind", async ({ server, signedIn }) => {
  const client = await server.service("Tested One");
  const page = await signedIn();
  await page.goto(pageOf(client));
  const part = page.locator("[data-test]");
  await part.getByRole("button", { name: "Get a token" }).click();
  await part.getByText("Type the secret first.").waitFor();
  await part.getByLabel("Its secret").fill(client.client_secret);
  const sent = page.waitForResponse("**/oauth2/token");
  await part.getByRole("button", { name: "Get a token" }).click();
  const { access_token: token } = await (await sent).json();
  await part.getByText(/It works: an access token mat_\S{4}… that lives 1 hour, with the scopes user:read\./).waitFor();
  await part.getByText("is revoked already").waitFor();
  assert.ok(!(await part.innerText()).includes(token));
  assert.equal(await part.getByLabel("Its secret").inputValue(), "");
  assert.equal((await server.api("GET", "/me")).status, 200);
  const me = await fetch(`${server.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(me.status, 401, "the token is dead");
  for (const words of [token, client.client_secret]) assert.ok(!server.log().includes(words));

  await part.getByLabel("Its secret").fill("mcs_not_the_secret");
  await part.getByRole("button", { name: "Get a token" }).click();
  await part.getByText("Refused with 401 invalid_client").waitFor();
  await part.getByRole("link", { name: /Why\?/ }).click();
  await page.waitForURL("**/console/errors/**");
});

shows("a test of a sign-in, from its beginning to the tokens", async ({ server, signedIn }) => {
  const client = await server.webApp("Tested Sign-in", { confidential: false, redirect_uris: ["http://127.0.0.1:9/callback"], grant_types: ["authorization_code"] });
  const page = await signedIn();
  await page.goto(pageOf(client));
  const part = page.locator("[data-test]");
  const [tab] = await Promise.all([page.context().waitForEvent("page"), part.getByRole("button", { name: "Try a sign-in" }).click()]);
  const landed = tab.waitForEvent("requestfailed", (request) => request.url().startsWith("http://127.0.0.1:9/callback"));
  await tab.getByRole("button", { name: "Allow" }).click();
  const address = (await landed).url();
  await tab.close();
  await part.getByLabel("The address it led to").fill(address);
  await part.getByRole("button", { name: "Exchange the code" }).click();
  await part.getByText(/It works: an access token mat_/).waitFor();
});

shows("what a pause and a resume do, in words and in deed", async ({ server, signedIn }) => {
  const client = await server.service("Paused One");
  const { access_token: token } = await server.token(client.client_id, client.client_secret);
  const alive = async () => {
    const answer = await fetch(`${server.origin}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
    return answer.status === 200;
  };
  assert.ok(await alive());
  const page = await signedIn();
  await page.goto(pageOf(client, "danger"));
  await page.getByText("Stops new tokens now and ends 1 living token at once.").waitFor();
  await page.getByRole("button", { name: "Disable" }).click();
  await page.getByText("Disabled. It gets no tokens, and those it had have ended.").waitFor();
  assert.equal(await alive(), false);
  assert.equal((await server.token(client.client_id, client.client_secret)).error, "invalid_client");
  await page.getByRole("button", { name: "Enable Paused One" }).click();
  await page.getByText("Enabled. It may get tokens again; those that ended stay dead.").waitFor();
  assert.equal(await alive(), false, "it stays dead");
  assert.equal((await server.token(client.client_id, client.client_secret)).status, 200);
});

shows("its end after the name was typed", async ({ server, signedIn }) => {
  const client = await server.service("Ended One");
  const page = await signedIn();
  await page.goto(pageOf(client, "danger"));
  const name = page.getByLabel("Type Ended One to confirm");
  await name.fill("Ended");
  await page.getByRole("button", { name: "Delete for good" }).click();
  assert.equal(await name.evaluate((it) => it.validationMessage), "Type the name exactly as it is shown.");
  await name.fill("Ended One");
  await page.getByRole("button", { name: "Delete for good" }).click();
  await page.getByText("Deleted for good. Its tokens have ended").waitFor();
  assert.equal(new URL(page.url()).pathname, LIST);
  assert.equal((await server.api("GET", `/clients/${client.client_id}`)).status, 404);
});

shows("its history with the values before and after, one entry as a dialog and as a page, and all as a file", async ({ server, signedIn }) => {
  const client = await server.service("Audited One");
  await server.api("PATCH", `/clients/${client.client_id}`, { description: "=HYPERLINK(1)", access_token_lifetime: 1800 });
  const page = await signedIn();
  await page.goto(`${LIST}?q=Audited`);
  await page.getByRole("link", { name: "Audited One" }).click();
  await drawer(page).getByRole("link", { name: "Audit", exact: true }).click();
  await drawer(page).getByText("Changed the settings").waitFor();
  await drawer(page).locator("tbody tr").first().getByRole("link").first().click();
  await drawer(page).getByRole("heading", { name: "One entry" }).waitFor();
  assert.match(await drawer(page).innerText(), /1 hour[\s\S]*30 minutes/);
  await page.reload();
  await page.getByRole("main").getByRole("heading", { name: "One entry" }).waitFor();
  await page.getByRole("link", { name: "All changes of this client" }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export to file (CSV)" }).click()]);
  const lines = readFileSync(await file.path(), "utf8").replace(/^\uFEFF/, "").trim().split(/\r?\n/);
  assert.match(lines[0], /^"?User Name"?,"?Action"?,"?Timestamp"?/);
  assert.equal(lines.length, 4, `made, changed, and this export: ${lines.join("\n")}`);
  assert.ok(lines.some((line) => line.includes("client.created")) && lines.some((line) => line.includes("client.updated")));
  assert.ok(lines.every((line) => !/(^|,)"?=/.test(line)), "no cell begins a formula");
});

shows("risk with its reasons, and what helps", async ({ server, signedIn }) => {
  const client = await server.service("Reasoned One", { access: "full", access_token_lifetime: 3600 });
  const page = await signedIn();
  await page.goto(pageOf(client));
  await page.getByText("It has full access: its tokens may change and delete things.").waitFor();
  await page.getByRole("link", { name: "List the addresses it asks from." }).click();
  await page.getByRole("button", { name: "Save changes" }).waitFor();
  assert.equal(new URL(page.url()).pathname, pageOf(client, "settings"));
});

shows("to an auditor what they may not do, disabled, with the right that is missing", async ({ server, signedIn }) => {
  const client = await server.service("Read Only One");
  await server.person("otto@harbour.example", "Otto", "role_auditor");
  const page = await signedIn("otto@harbour.example");
  await page.goto(`${LIST}?q=Read+Only+One`);
  assert.ok(await page.getByRole("button", { name: "Create client" }).isDisabled());
  await page.getByRole("button", { name: "More for Read Only One" }).click();
  for (const deed of ["Edit", "Rotate secret", "Disable", "Delete"]) assert.ok(await page.locator(".menu:popover-open").getByRole("button", { name: deed }).isDisabled(), deed);
  for (const [tab, button, right] of [
    ["settings", "Save changes", "oauth_client:update"],
    ["credentials", "Rotate secret", "oauth_client:rotate"],
    ["danger", "Disable", "oauth_client:update"],
    ["danger", "Delete for good", "oauth_client:delete"],
  ]) {
    await page.goto(pageOf(client, tab));
    const control = page.getByRole("button", { name: button });
    assert.ok(await control.isDisabled(), button);
    const why = await control.evaluate((it) => document.getElementById(it.getAttribute("aria-describedby")).textContent);
    assert.ok(why.includes(right), `${button}: ${why}`);
  }
  assert.deepEqual(await faults(page), []);
  await page.goto("/console/users/new");
  await page.getByRole("heading", { name: /You may not/ }).waitFor();
  assert.deepEqual(await faults(page), []);
});
