// Every page that a link leads to: axe-core finds nothing in light and dark, nothing is wider than
// 360 pixels. The pages are found by following links, not listed, so that a new one cannot hide.

import assert from "node:assert/strict";

import { faults } from "../stage/looks.mjs";
import { shows } from "../stage/stage.mjs";

// Enough of everything for each kind of page to have something on it.
async function furnish(server) {
  const home = await server.make("organizations", { name: "Harbour Works" });
  const team = await server.make("teams", { organization: home.id, name: "Navigation" });
  await server.make("teams", { organization: home.id, name: "Cargo" });
  await server.make("scopes", { name: "tides:read", kind: "read", description: "See the tides" });
  const app = await server.webApp("Crawled App", { client_id: "crawled-app", organization: home.id, team_restrictions: { organizations: [], teams: [team.id] } });
  const service = await server.service("Crawled Service", { client_id: "crawled-service", access_token_lifetime: 7200 });
  await server.make("clients", { client_name: "Crawled CLI", client_id: "crawled-cli", confidential: false, redirect_uris: ["http://127.0.0.1/cb"], scopes: ["openid"] });
  await server.api("PATCH", `/clients/${app.client_id}`, { enabled: false });
  await server.api("PATCH", `/clients/${app.client_id}`, { enabled: true });
  await server.token(service.client_id, service.client_secret);
  await server.token(service.client_id, "mcs_wrong");
  await server.person("cleo.crawls@harbour.example", "Cleo Lindqvist");
}

// Pages that differ only in whom they are about are one shape.
function shape(url) {
  const path = url.pathname.replace(/(clients|users|errors|audit|teams|organizations|roles|secrets|sessions|grants|scopes|resources|refusals)\/(?!new$|new\/)[^/.]+/g, "$1/*");
  return `${path}?${[...new Set(url.searchParams.keys())].sort().join("&")}`;
}

// How many of a shape are looked at: a public client has other credentials than a confidential one.
const enough = (shape) => (/^\/console\/clients\/\*(\/credentials)?\?/.test(shape) ? 2 : 1);

async function crawl(pages, server, beginnings) {
  const seen = new Map();
  const visited = new Set();
  const found = [];
  let queue = [...beginnings];
  const visit = async (page, path) => {
    const url = new URL(path, server.origin);
    url.hash = "";
    const key = shape(url);
    if (visited.has(url.href) || (seen.get(key) ?? 0) >= enough(key)) return;
    visited.add(url.href);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    const answer = await page.goto(url.href);
    if (answer.status() !== 200) {
      found.push(`${url.pathname}: ${answer.status()}`);
      return;
    }
    for (const fault of await faults(page)) found.push(`${url.pathname}${url.search} ${fault}`);
    const links = await page.locator("a[href]:not([download])").evaluateAll((all) => all.map((link) => link.href));
    queue.push(...links.filter((link) => link.startsWith(`${server.origin}/`) && !link.includes("/oauth2/") && !link.includes("/.well-known/") && !link.endsWith(".csv")));
  };
  // Round by round, what one round finds is the next; several pages share a round.
  while (queue.length > 0) {
    const round = queue;
    queue = [];
    await Promise.all(pages.map(async (page) => {
      while (round.length > 0) await visit(page, round.shift());
    }));
  }
  return { found, shapes: [...seen.keys()].sort() };
}

shows("every page of the console and the account without a violation, in both schemes, at 360 px", async ({ server, signedIn }) => {
  await furnish(server);
  const pages = [await signedIn(), await signedIn()];
  const { found, shapes } = await crawl(pages, server, ["/console", "/account", "/"]);
  assert.deepEqual(found, []);
  for (const needed of ["/console/clients?", "/console/clients/*?", "/console/clients/*/settings?", "/console/clients/new?kind", "/console/audit?", "/console/scopes?", "/account?"]) {
    assert.ok(shapes.includes(needed), `${needed} was not reached; there were ${shapes.join(" ")}`);
  }
  console.log(`    ${shapes.length} kinds of pages`);
}, 150);

shows("login, set-up, an error and nothing there without a violation", async ({ anybody }) => {
  const page = await anybody();
  const found = [];
  for (const path of ["/", "/login", "/nothing/here", "/oauth2/authorize?client_id=unknown", "/logout"]) {
    await page.goto(path);
    found.push(...(await faults(page)).map((words) => `${path} ${words}`));
  }
  await page.goto("/login");
  await page.getByLabel("E-mail address").fill("nobody@harbour.example");
  await page.getByLabel("Password").fill("not the password of anybody");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  found.push(...(await faults(page)).map((words) => `refused login ${words}`));
  assert.deepEqual(found, []);
});

shows("the consent page without a violation", async ({ server, signedIn }) => {
  const app = await server.webApp("Consent Crawled", { scopes: ["openid", "email", "as_user:read"] });
  const page = await signedIn();
  const query = new URLSearchParams({
    response_type: "code", client_id: app.client_id, redirect_uri: "https://app.example/callback", scope: "openid email as_user:read",
    state: "1", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  await page.goto(`/oauth2/authorize?${query}`);
  await page.getByRole("button", { name: "Allow" }).waitFor();
  assert.deepEqual(await faults(page), []);
});
