// The catalogue of scopes: one of one's own added, described anew, kept while it is in use.

import assert from "node:assert/strict";

import { faults } from "../stage/looks.mjs";
import { shows } from "../stage/stage.mjs";

const LIST = "/console/scopes";
const drawer = (page) => page.getByRole("dialog");

shows("a scope added, found, described anew in the drawer, and deleted", async ({ server, signedIn }) => {
  const page = await signedIn();
  await page.goto(LIST);
  await page.getByLabel("Name", { exact: true }).fill("berths:read");
  await page.getByLabel("What people read at consent").fill("See the berths");
  await page.getByRole("button", { name: "Add scope" }).click();
  await page.getByText("Added. Tick it under the Settings").waitFor();
  await page.goto(`${LIST}?q=berths`);
  await page.getByRole("link", { name: "berths:read" }).click();
  await drawer(page).getByLabel("What people read at consent").fill("See every berth");
  await drawer(page).getByRole("radio", { name: /^Writes/ }).check();
  await drawer(page).getByRole("button", { name: "Save changes" }).click();
  await drawer(page).getByText("Saved. People read it").waitFor();
  const { body } = await server.api("GET", "/scopes?limit=200");
  const scope = body.items.find((it) => it.name === "berths:read");
  assert.deepEqual([scope.description, scope.kind], ["See every berth", "write"]);
  await drawer(page).getByRole("button", { name: "Delete scope" }).click();
  await page.getByText("Deleted. No client held it.").waitFor();
});

shows("a scope in use with who uses it, its kind and itself kept", async ({ server, signedIn }) => {
  await server.make("scopes", { name: "quays:read", kind: "read", description: "See the quays" });
  await server.service("Quay Watch", { scopes: ["quays:read"] });
  const page = await signedIn();
  await page.goto(`${LIST}/edit?name=quays%3Aread`);
  assert.ok(await page.getByRole("button", { name: "Delete scope" }).isDisabled());
  assert.ok(await page.getByRole("radio", { name: /^Writes/ }).isDisabled());
  await page.getByText("It is in use.").waitFor();
  assert.deepEqual(await faults(page), []);
  await page.getByRole("link", { name: "1 client" }).first().click();
  await page.getByRole("link", { name: "Quay Watch" }).waitFor();
});

shows("a built-in scope as it is, and why", async ({ signedIn }) => {
  const page = await signedIn();
  await page.goto(`${LIST}/edit?name=openid`);
  await page.getByText("Built in: it stays as it is.").waitFor();
  assert.ok(await page.getByRole("button", { name: "Save changes" }).isDisabled());
  assert.deepEqual(await faults(page), []);
});
