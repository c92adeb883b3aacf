// The list of clients: what narrows it, its order, its pages, its columns, several rows at once, the
// menu of a row, the search for anything.

import assert from "node:assert/strict";

import { freshServer, shows } from "../stage/stage.mjs";

const LIST = "/console/clients";

const names = (page) => page.locator(".row-link").allInnerTexts();

shows("a filter in the address, that a reload keeps", async ({ server, signedIn }) => {
  await server.service("Filter Alpha", { access: "full" });
  await server.service("Filter Beta");
  await server.webApp("Filter Gamma", { redirect_uris: ["https://gamma.filter.example/cb"] });
  const page = await signedIn();
  await page.goto(LIST);
  await page.getByLabel("Name, ID or redirect host").fill("filter");
  await page.getByLabel("Access", { exact: true }).selectOption("read_only");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.waitForURL(/q=filter/);
  assert.equal(new URL(page.url()).search, "?q=filter&access=read_only", "what is not used is not in the address");
  assert.deepEqual(await names(page), ["Filter Beta", "Filter Gamma"]);
  await page.reload();
  assert.deepEqual(await names(page), ["Filter Beta", "Filter Gamma"]);
  assert.equal(await page.getByLabel("Access", { exact: true }).inputValue(), "read_only");
  await page.goto(`${LIST}?q=gamma.filter.example`);
  assert.deepEqual(await names(page), ["Filter Gamma"]);
  await page.getByText("More filters").click();
  for (const label of ["Scope", "Grant", "Use", "Secret", "Risk"]) assert.ok(await page.getByLabel(label, { exact: true }).isVisible(), label);
  await page.getByLabel("Grant", { exact: true }).selectOption("client_credentials");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await page.getByRole("link", { name: "Show all clients" }).click();
  await page.waitForURL((url) => url.pathname === LIST && url.search === "");
});

shows("an order, and the pages of a long list, each client once", async ({ server, signedIn }) => {
  for (let n = 0; n < 53; n += 1) await server.service(`Paged ${String(n).padStart(2, "0")}`);
  const page = await signedIn();
  await page.goto(`${LIST}?q=Paged`);
  const first = await names(page);
  assert.equal(first.length, 50);
  await page.getByRole("link", { name: "Next" }).click();
  await page.waitForURL(/cursor=/);
  const rest = await names(page);
  assert.equal(new Set([...first, ...rest]).size, 53);
  await page.getByRole("link", { name: "Back to the start" }).click();
  await page.waitForURL((url) => !url.searchParams.has("cursor"));
  await page.getByLabel("Order").selectOption("newest");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await page.waitForURL(/sort=newest/);
  assert.notDeepEqual(await names(page), first);
});

shows("columns that somebody chose, remembered by the browser", async ({ server, signedIn }) => {
  await server.service("Column One");
  const page = await signedIn();
  await page.goto(`${LIST}?q=Column`);
  const header = (name) => page.getByRole("columnheader", { name });
  assert.ok(await header("Last used").isVisible());
  assert.equal(await header("Owner").isVisible(), false);
  await page.getByText("Columns", { exact: true }).click();
  await page.getByLabel("Owner").check();
  await page.getByLabel("Last used and created").uncheck();
  assert.ok(await header("Owner").isVisible());
  assert.equal(await header("Last used").isVisible(), false);
  await page.goto(`${LIST}?q=Column&status=enabled`);
  await header("Owner").waitFor();
  assert.equal(await header("Last used").isVisible(), false);
  await page.goto(`${LIST}?q=Column&columns=client&columns=used`);
  assert.ok(await header("Last used").isVisible(), "the address has the last word");
  assert.equal(await header("Scopes").isVisible(), false);
});

shows("several disabled together, and deleted together after the word was typed", async ({ server, signedIn }) => {
  const made = [];
  for (const n of [1, 2, 3]) made.push(await server.service(`Bulk ${n}`));
  const page = await signedIn();
  await page.goto(`${LIST}?q=Bulk`);
  await page.getByLabel("Select Bulk 1").check();
  await page.getByText("1 selected").waitFor();
  // The Enter key on a ticked row does nothing by accident.
  await page.getByLabel("Select Bulk 1").press("Enter");
  await page.getByLabel("Select all on this page").check();
  await page.getByText("3 selected").waitFor();
  await page.getByRole("button", { name: "Disable", exact: true }).last().click();
  await page.getByText("Disabled, all of them.").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), "Bulk", "back to the same view");
  for (const client of made) assert.equal((await server.token(client.client_id, client.client_secret)).status, 401);

  await page.getByLabel("Select Bulk 1").check();
  await page.getByLabel("Select Bulk 2").check();
  await page.locator("#bulk").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Delete 2 clients?" }).waitFor();
  await page.getByLabel("Type delete to confirm").fill("remove");
  await page.getByRole("button", { name: "Delete 2 clients" }).click();
  await page.getByRole("heading", { name: "Delete 2 clients?" }).waitFor();
  assert.equal((await server.api("GET", `/clients/${made[0].client_id}`)).status, 200);
  await page.getByLabel("Type delete to confirm").fill("delete");
  await page.getByRole("button", { name: "Delete 2 clients" }).click();
  await page.getByText("Deleted for good, all of them.").waitFor();
  assert.equal((await server.api("GET", `/clients/${made[0].client_id}`)).status, 404);
  assert.equal((await server.api("GET", `/clients/${made[2].client_id}`)).status, 200);
});

shows("the menu of a row by keyboard alone, and Undo of what it did", async ({ server, signedIn }) => {
  const made = await server.service("Menu One");
  const page = await signedIn();
  await page.goto(`${LIST}?q=Menu+One`);
  const more = page.getByRole("button", { name: "More for Menu One" });
  await more.focus();
  await page.keyboard.press("Enter");
  const menu = page.locator(".menu:popover-open");
  await menu.waitFor();
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "hidden" });
  assert.ok(await more.evaluate((it) => it === document.activeElement), "the focus is back");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Edit");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Disable");
  await page.keyboard.press("Enter");
  await page.getByText("Disabled. It gets no tokens").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("q"), "Menu One");
  assert.equal((await server.api("GET", `/clients/${made.client_id}`)).body.enabled, false);
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Enabled. It may get tokens again").waitFor();
  assert.equal((await server.api("GET", `/clients/${made.client_id}`)).body.enabled, true);
});

shows("what can be done to a row under the pointer", async ({ server, signedIn }) => {
  await server.service("Hovered One");
  const page = await signedIn();
  await page.goto(`${LIST}?q=Hovered`);
  const row = page.getByRole("row").filter({ hasText: "Hovered One" });
  assert.equal(await row.locator(".row-hover").isVisible(), false);
  await row.hover();
  for (const deed of ["Edit", "Rotate secret", "Disable", "Delete"]) assert.ok(await row.locator(`.row-hover [title='${deed}']`).isVisible(), deed);
  await row.locator(".row-hover [title='Rotate secret']").click();
  await page.getByRole("dialog").getByRole("heading", { name: "Rotate the secret" }).waitFor();
});

shows("a system client with a lock, and why it cannot be deleted", async ({ signedIn }) => {
  const page = await signedIn();
  await page.goto(`${LIST}?q=mandate-admin`);
  assert.equal(await page.getByLabel("Select Admin Client").count(), 0);
  await page.getByText("System client, cannot be deleted").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "More for Admin Client" }).click();
  const menu = page.locator(".menu:popover-open");
  assert.ok(await menu.getByRole("button", { name: "Delete" }).isDisabled());
  await menu.getByText("This server relies on it: it cannot be deleted.").waitFor();
});

shows("anything by the search field, with / and with Ctrl-K", async ({ server, signedIn }) => {
  const made = await server.service("Palette One");
  const { error_id: error } = await server.token(made.client_id, "mcs_wrong");
  const page = await signedIn();
  const search = page.getByRole("searchbox", { name: "Find a client, user, token or error" });
  for (const [key, text, lands] of [
    ["/", made.client_id, `/console/clients/${made.client_id}`],
    ["Control+k", "ada@harbour.example", "/console/users/"],
    ["/", "Palette", "/console/clients"],
    ["Control+k", error, "/console/errors"],
  ]) {
    await page.goto(LIST);
    await page.keyboard.press(key);
    assert.ok(await search.evaluate((it) => it === document.activeElement), key);
    await page.keyboard.type(text);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname.startsWith(lands) && url.href !== `${server.origin}${LIST}`);
  }
});

shows("nothing yet in two sentences with one button, on a server that is new", async ({ signedIn }) => {
  const page = await signedIn(undefined, { server: await freshServer() });
  await page.goto(LIST);
  await page.getByRole("heading", { name: "No clients yet" }).waitFor();
  assert.equal(await page.getByRole("link", { name: "Create client" }).count(), 1);
});
