// People, places and rights: consent with one team and with several, active sessions and their end,
// roles, membership, the audit file.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";

import { faults } from "../stage/looks.mjs";
import { shows } from "../stage/stage.mjs";

const REDIRECT = "https://app.example/callback";

// An organization with teams, and a person in each of them.
async function crew(server, name, teams) {
  const organization = await server.make("organizations", { name });
  const person = await server.person(`${name.toLowerCase().replaceAll(" ", ".")}@harbour.example`, `Person of ${name}`);
  const made = [];
  for (const team of teams) {
    const { id } = await server.make("teams", { organization: organization.id, name: team });
    await server.make("bindings", { subject: person.id, role: "role_member", place: { team: id } });
    made.push({ id, name: team });
  }
  return { organization, person, teams: made };
}

// An application that acts as its people.
function deputy(server, name, settings = {}) {
  return server.webApp(name, { scopes: ["openid", "as_user:read"], default_scopes: ["openid", "as_user:read"], ...settings });
}

// A request of the application; `answered` does the last step, waits for the browser to go back to the
// application, which is nowhere, and trades the code.
function request(server, client) {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    response_type: "code", client_id: client.client_id, redirect_uri: REDIRECT, state: "berth-7",
    scope: "openid as_user:read", code_challenge_method: "S256",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  });
  return {
    path: `/oauth2/authorize?${query}`,
    async answered(page, step) {
      const [back] = await Promise.all([page.waitForRequest((it) => it.url().startsWith(REDIRECT)), step()]);
      const answer = new URL(back.url()).searchParams;
      assert.equal(answer.get("state"), "berth-7");
      const fields = { grant_type: "authorization_code", code: answer.get("code"), redirect_uri: REDIRECT, code_verifier: verifier };
      return { refused: answer.get("error"), ...(answer.has("code") ? await server.token(client.client_id, client.client_secret, fields) : {}) };
    },
  };
}

const allowing = (page) => () => page.getByRole("button", { name: "Allow", exact: true }).click();

async function introspect(server, client, token) {
  const proof = Buffer.from(`${client.client_id}:${client.client_secret}`).toString("base64");
  const answer = await fetch(`${server.origin}/oauth2/introspect`, {
    method: "POST", headers: { authorization: `Basic ${proof}` }, body: new URLSearchParams({ token }),
  });
  return answer.json();
}

const names = (shown) => shown.authorized_teams.map((team) => team.name);

shows("a consent for one team, which must be chosen", async ({ server, signedIn }) => {
  const { person, teams } = await crew(server, "Single Crew", ["Bow", "Stern"]);
  const client = await deputy(server, "Single Deputy", { team_selection: "single" });
  const page = await signedIn(person.email);
  const asked = request(server, client);
  await page.goto(asked.path);
  await page.getByRole("heading", { name: "Allow Single Deputy to act for you?" }).waitFor();
  assert.deepEqual(await faults(page), []);
  const [deny, allow] = await Promise.all(["Deny", "Allow"].map((name) => page.getByRole("button", { name, exact: true }).boundingBox()));
  assert.ok(Math.abs(deny.width - allow.width) < 2 && deny.height === allow.height, "Deny is as large as Allow");
  await page.getByRole("button", { name: "Allow", exact: true }).click();
  assert.match(page.url(), /\/consent\?/, "the browser itself asks for a team");
  await page.getByLabel(teams[1].name).check();
  const tokens = await asked.answered(page, allowing(page));
  assert.deepEqual(names(await introspect(server, client, tokens.access_token)), ["Stern"]);
});

shows("a consent for several teams, by the keyboard alone, and what Deny leads to", async ({ server, signedIn }) => {
  const { person } = await crew(server, "Several Crew", ["Fore", "Main", "Mizzen"]);
  const client = await deputy(server, "Several Deputy", { team_selection: "multiple" });
  const refusing = await signedIn(person.email);
  const denied = request(server, client);
  await refusing.goto(denied.path);
  const deny = () => refusing.getByRole("button", { name: "Deny", exact: true }).click();
  assert.equal((await denied.answered(refusing, deny)).refused, "access_denied");
  // In a window of its own: the first is still on its way to an application that is nowhere.
  const page = await refusing.context().newPage();
  const asked = request(server, client);
  await page.goto(asked.path);
  await page.getByLabel("Fore").focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Allow", exact: true }).focus();
  const tokens = await asked.answered(page, () => page.keyboard.press("Enter"));
  assert.deepEqual(names(await introspect(server, client, tokens.access_token)), ["Fore", "Mizzen"]);
});

shows("a consent with more teams than a page holds: searched for, and what was ticked stays ticked", async ({ server, signedIn }) => {
  const many = Array.from({ length: 60 }, (_, n) => `Crew ${n + 10}`);
  const { person } = await crew(server, "Large Fleet", many);
  const client = await deputy(server, "Fleet Deputy", { team_selection: "multiple" });
  const page = await signedIn(person.email);
  const asked = request(server, client);
  await page.goto(asked.path);
  assert.equal(await page.locator("input[name='teams']").count(), 50);
  await page.getByLabel("Crew 11").check();
  await page.getByLabel("Search teams").fill("crew 69");
  await page.getByLabel("Search teams").press("Enter");
  await page.getByText("1 matches.").waitFor();
  assert.equal(await page.locator("input[name='teams']").count(), 2);
  assert.ok(await page.getByLabel("Crew 11").isChecked());
  await page.getByLabel("Crew 69").check();
  assert.deepEqual(await faults(page), []);
  const tokens = await asked.answered(page, allowing(page));
  assert.deepEqual(names(await introspect(server, client, tokens.access_token)), ["Crew 11", "Crew 69"]);
});

shows("the same request to somebody else after “Not you?”", async ({ server, signedIn }) => {
  const { person } = await crew(server, "Wrong Crew", ["Brig"]);
  const other = await server.person("right@harbour.example", "Right Person");
  const client = await deputy(server, "Handed Over");
  const page = await signedIn(person.email, { anew: true });
  const asked = request(server, client);
  await page.goto(asked.path);
  await page.getByRole("link", { name: "Not you?" }).click();
  await page.getByText("to continue to Handed Over").waitFor();
  await page.getByLabel("E-mail address").fill(other.email);
  await page.getByLabel("Password").fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Signed in as Right Person").waitFor();
  const tokens = await asked.answered(page, allowing(page));
  assert.equal((await introspect(server, client, tokens.access_token)).sub, other.id);
});

shows("a token revoked in one browser, refused in the very next request of the other", async ({ server, signedIn }) => {
  const { person } = await crew(server, "Revoked Crew", ["Deck"]);
  const client = await deputy(server, "Revoked Deputy");
  const theirs = await signedIn(person.email);
  const asked = request(server, client);
  await theirs.goto(asked.path);
  const { access_token } = await asked.answered(theirs, allowing(theirs));
  const userinfo = () => fetch(`${server.origin}/oauth2/userinfo`, { headers: { authorization: `Bearer ${access_token}` } });
  assert.equal((await userinfo()).status, 200);
  const page = await signedIn();
  await page.goto("/console/sessions?q=revoked+deputy");
  await page.getByText(`Person of Revoked Crew`).first().waitFor();
  assert.deepEqual(await faults(page), []);
  await page.getByRole("button", { name: /Revoke all tokens of Revoked Deputy/ }).click();
  await page.getByText("Revoked. Every token of this client has ended.").waitFor();
  assert.equal((await userinfo()).status, 401);
});

shows("a browser that was signed out elsewhere, at the login page", async ({ server, signedIn }) => {
  const person = await server.person("adrift@harbour.example", "Adrift");
  const theirs = await signedIn(person.email, { anew: true });
  await theirs.goto("/account");
  await theirs.getByRole("heading", { name: "Where you are signed in" }).waitFor();
  const page = await signedIn();
  await page.goto(`/console/sessions/browsers?user=${person.id}`);
  assert.deepEqual(await faults(page), []);
  await page.getByRole("button", { name: /Sign out Adrift/ }).click();
  await page.getByText("That browser has to sign in at its next request.").waitFor();
  await theirs.reload();
  await theirs.getByRole("heading", { name: "Sign in" }).waitFor();
});

shows("where a person may sign in from: what was seen, a line that is no address, and whom it refuses", async ({ server, signedIn }) => {
  const person = await server.person("anchored@harbour.example", "Anchored");
  await signedIn(person.email, { anew: true });
  const page = await signedIn();
  await page.goto(`/console/users/${person.id}`);
  const lines = page.getByLabel("Only from these addresses");
  await lines.fill("10.0.0.1/8");
  await page.getByRole("button", { name: "Save addresses" }).click();
  await page.getByRole("alert").getByText("Did you mean `10.0.0.0/8`?").waitFor();
  assert.equal(await lines.inputValue(), "10.0.0.1/8");
  assert.deepEqual(await faults(page), []);
  await lines.fill("10.0.0.0/8");
  await page.getByRole("button", { name: "Save addresses" }).click();
  await page.getByText("It counts from their next sign-in.").waitFor();
  await page.getByText("would be refused").waitFor();
  assert.deepEqual(await faults(page), []);
});

shows("somebody taken out of a team, without it in the next introspection", async ({ server, signedIn }) => {
  const { person, teams } = await crew(server, "Leaving Crew", ["Galley", "Helm"]);
  const client = await deputy(server, "Leaving Deputy", { team_selection: "multiple" });
  const theirs = await signedIn(person.email);
  const asked = request(server, client);
  await theirs.goto(asked.path);
  for (const team of teams) await theirs.getByLabel(team.name).check();
  const { access_token } = await asked.answered(theirs, allowing(theirs));
  assert.deepEqual(names(await introspect(server, client, access_token)), ["Galley", "Helm"]);
  const page = await signedIn();
  await page.goto(`/console/teams/${teams[0].id}`);
  assert.deepEqual(await faults(page), []);
  await page.getByRole("button", { name: /Remove Person of Leaving Crew/ }).click();
  await page.getByText("They lost it everywhere at once, in every token too.").waitFor();
  assert.deepEqual(names(await introspect(server, client, access_token)), ["Helm"]);
});

shows("a role of one's own, edited, in what its holder may do next", async ({ server, signedIn }) => {
  const page = await signedIn();
  await page.goto("/console/roles/new");
  assert.deepEqual(await faults(page), []);
  await page.getByLabel("Name", { exact: true }).fill("Lookout");
  await page.getByLabel("See OAuth clients and their settings").check();
  await page.getByRole("button", { name: "Define role" }).click();
  await page.getByRole("heading", { name: "Lookout" }).waitFor();
  const role = new URL(page.url()).pathname.split("/").pop();
  const person = await server.person("lookout@harbour.example", "Lookout Person", role);
  const theirs = await signedIn(person.email);
  await theirs.goto("/console/clients");
  await theirs.getByRole("heading", { name: "Clients", exact: true }).waitFor();
  await page.getByRole("link", { name: "Change" }).click();
  await page.getByLabel("See OAuth clients and their settings").uncheck();
  await page.getByLabel("See people and their status").check();
  await page.getByText("2 unsaved changes").or(page.getByText("1 unsaved change")).waitFor();
  await page.getByRole("button", { name: "Save role" }).click();
  await page.getByText("Whoever holds it may do that from their next request.").waitFor();
  await theirs.reload();
  await theirs.getByText("oauth_client:read").waitFor();
  await theirs.goto("/console/users");
  await theirs.getByRole("heading", { name: "Users" }).waitFor();
});

shows("the audit trail as a file of exactly what the page is narrowed to", async ({ server, signedIn }) => {
  await server.make("organizations", { name: "Audited =1+1" });
  const page = await signedIn();
  await page.goto("/console/audit");
  await page.getByLabel("Action").selectOption({ label: "Added an organization" });
  await page.getByRole("button", { name: "Filter" }).click();
  await page.waitForURL(/action=organization.created/);
  assert.deepEqual(await faults(page), []);
  const shown = await page.locator("tbody tr").count();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Export to file (CSV)" }).click()]);
  const lines = readFileSync(await file.path(), "utf8").trimEnd().split("\r\n");
  assert.match(lines[0], /^User Name,Action,Timestamp,/);
  assert.equal(lines.length - 1, shown);
  assert.ok(lines.slice(1).every((line) => line.includes(",organization.created,")));
  await page.locator("tbody tr a").first().click();
  await page.getByRole("heading", { name: "One entry" }).waitFor();
});
