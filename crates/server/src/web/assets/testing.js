// "Test it": the browser asks the token endpoint itself, as the client would. The secret is sent
// there and nowhere else; a token that comes back is shown by its beginning only, and revoked.

function basic(id, secret) {
  const quote = (text) => encodeURIComponent(text).replaceAll("%20", "+");
  return `Basic ${btoa(`${quote(id)}:${quote(secret)}`)}`;
}

async function ask(part, path, fields, secret) {
  const { client, method } = part.dataset;
  const body = new URLSearchParams(fields);
  const headers = {};
  if (method === "client_secret_basic") headers.authorization = basic(client, secret);
  else body.set("client_id", client);
  if (method === "client_secret_post") body.set("client_secret", secret);
  const answer = await fetch(path, { method: "POST", headers, body, credentials: "omit" });
  const text = await answer.text();
  return { ok: answer.ok, status: answer.status, ...(text.startsWith("{") ? JSON.parse(text) : {}) };
}

function spell(seconds) {
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([size]) => seconds >= size && seconds % size === 0) ?? [1, "second"];
  const count = seconds / size;
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

function paragraph(words) {
  const line = document.createElement("p");
  line.textContent = words;
  return line;
}

function say(part, kind, ...lines) {
  const told = part.querySelector("[data-told]");
  told.className = `callout callout-${kind}`;
  const words = document.createElement("div");
  words.className = "cell-stack";
  words.append(...lines);
  told.replaceChildren(words);
}

function refused(part, answer) {
  const lines = [paragraph(`Refused with ${answer.status} ${answer.error ?? ""}: ${answer.error_description ?? "no reason was given"}`)];
  if (answer.error_id) {
    const link = document.createElement("a");
    link.href = `/console/errors/${encodeURIComponent(answer.error_id)}`;
    link.textContent = `Why? Error ${answer.error_id}`;
    lines.push(link);
  }
  say(part, "danger", ...lines);
}

async function granted(part, answer, secret) {
  const scopes = answer.scope ? `the scopes ${answer.scope.replaceAll(" ", ", ")}` : "no scope";
  const words = `It works: an access token ${answer.access_token.slice(0, 8)}… that lives ${spell(answer.expires_in)}, with ${scopes}.`;
  const revoked = await ask(part, part.dataset.revoke, { token: answer.refresh_token ?? answer.access_token }, secret);
  say(part, "ok", paragraph(words), paragraph(revoked.ok ? "It was for this test alone and is revoked already." : "It could not be revoked and lives until it expires."));
}

async function tryIt(part, fields) {
  const typed = part.querySelector("input[data-secret]");
  const secret = part.dataset.secret ?? typed?.value ?? "";
  if (typed && secret === "") {
    say(part, "warn", paragraph("Type the secret first. It goes to the token endpoint and is kept nowhere."));
    return typed.focus();
  }
  const answer = await ask(part, part.dataset.token, fields, secret);
  if (typed) typed.value = "";
  if (answer.ok) await granted(part, answer, secret);
  else refused(part, answer);
}

const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// A sign-in as the application would begin it, with a challenge of this page (RFC 7636).
async function signIn(part) {
  const verifier = text(crypto.getRandomValues(new Uint8Array(32)));
  const challenge = text(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
  const url = new URL(part.dataset.authorize, location.origin);
  url.search = new URLSearchParams({
    response_type: "code", client_id: part.dataset.client, redirect_uri: part.dataset.redirect, scope: part.dataset.scope,
    state: "test", code_challenge: challenge, code_challenge_method: "S256",
  });
  part.querySelector("[data-return]").hidden = false;
  part.dataset.verifier = verifier;
  window.open(url, "_blank", "noopener");
}

async function redeem(part) {
  const field = part.querySelector("input[data-returned]");
  let returned;
  try {
    returned = new URL(field.value.trim()).searchParams;
  } catch {
    say(part, "warn", paragraph("Paste the whole address that the sign-in led to."));
    return field.focus();
  }
  if (returned.get("error")) return refused(part, { status: "", error: returned.get("error"), error_description: returned.get("error_description") ?? "" });
  await tryIt(part, { grant_type: "authorization_code", code: returned.get("code") ?? "", redirect_uri: part.dataset.redirect, code_verifier: part.dataset.verifier });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-try]");
  const part = button?.closest("[data-test]");
  if (!part) return;
  const deeds = { token: () => tryIt(part, { grant_type: "client_credentials" }), "sign-in": () => signIn(part), redeem: () => redeem(part) };
  button.disabled = true;
  try {
    await deeds[button.dataset.try]();
  } catch {
    say(part, "warn", paragraph("The server could not be reached from this page."));
  } finally {
    button.disabled = false;
  }
});
