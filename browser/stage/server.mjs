// A Mandate on a throw-away database, and what an operator does there before anybody looks.
//
// Everything goes the way of a stranger: the environment of `mandate serve`, and the management API
// with a token of `mandate-admin`.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const ADMIN = { email: "ada@harbour.example", name: "Ada" };

const random = () => randomBytes(24).toString("base64url");

// A port that was free a moment ago.
function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// Asks again until it holds; the only place that waits by the clock.
export async function until(what, condition, seconds = 30) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const held = await condition();
    if (held) return held;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Mandate {
  #process;
  #folder;
  #token;
  #secret = random();

  // Starts one on a free port and waits until it can serve.
  static async start() {
    for (let tries = 0; tries < 3; tries += 1) {
      const server = new Mandate();
      if (await server.#start()) return server;
      server.end();
    }
    throw new Error("no Mandate would start; its words are above");
  }

  async #start() {
    const port = await freePort();
    this.origin = `http://localhost:${port}`;
    this.password = `copper lantern ${random()}`;
    this.#folder = mkdtempSync(join(tmpdir(), "mandate-browser-"));
    const log = openSync(join(this.#folder, "log"), "w");
    this.#process = spawn(process.env.BROWSER_MANDATE, ["serve"], {
      cwd: this.#folder,
      stdio: ["ignore", log, log],
      env: {
        PATH: process.env.PATH,
        MANDATE_LISTEN: `127.0.0.1:${port}`,
        MANDATE_ISSUER: this.origin,
        MANDATE_DATABASE: `sqlite:${join(this.#folder, "mandate.db")}`,
        MANDATE_BOOTSTRAP_ADMIN_EMAIL: ADMIN.email,
        MANDATE_BOOTSTRAP_ADMIN_PASSWORD: this.password,
        MANDATE_BOOTSTRAP_CLIENT_SECRET: this.#secret,
      },
    });
    closeSync(log);
    let ended = false;
    this.#process.on("exit", () => { ended = true; });
    this.#process.on("error", () => { ended = true; });
    await until("the server is ready", async () => {
      if (ended) return true;
      try {
        return (await fetch(`${this.origin}/readyz`)).ok;
      } catch {
        return false;
      }
    });
    if (ended) console.error(readFileSync(join(this.#folder, "log"), "utf8"));
    return !ended;
  }

  // What the server wrote; for looking for what must not be there.
  log() {
    return readFileSync(join(this.#folder, "log"), "utf8");
  }

  // Ends the process and removes its files.
  end() {
    this.#process?.kill("SIGKILL");
    if (this.#folder) rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  // A token request of any client.
  async token(id, secret, fields = { grant_type: "client_credentials" }) {
    const proof = Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString("base64");
    const answer = await fetch(`${this.origin}/oauth2/token`, {
      method: "POST",
      headers: { authorization: `Basic ${proof}` },
      body: new URLSearchParams(fields),
    });
    return { status: answer.status, ...(await answer.json()) };
  }

  // One call of the management API by `mandate-admin`; no status is an error here.
  async api(method, path, body) {
    this.#token ??= (await this.token("mandate-admin", this.#secret)).access_token;
    const answer = await fetch(`${this.origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
  }

  // Makes something by the API and answers with it.
  async make(noun, what) {
    const { status, body } = await this.api("POST", `/${noun}`, what);
    if (status !== 201) throw new Error(`POST /${noun}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  // A confidential client for people; `settings` in the words of the API.
  webApp(name, settings = {}) {
    return this.make("clients", {
      client_name: name,
      type: "user_authorized",
      grant_types: ["authorization_code", "refresh_token"],
      redirect_uris: ["https://app.example/callback"],
      scopes: ["openid", "profile"],
      contacts: ["ops@harbour.example"],
      ...settings,
    });
  }

  // A client that works on its own.
  service(name, settings = {}) {
    return this.make("clients", { client_name: name, type: "service", scopes: ["user:read"], contacts: ["ops@harbour.example"], ...settings });
  }

  // A person who can sign in with the password of the stage.
  async person(email, name, role, place = { instance: true }) {
    const user = await this.make("users", { email, display_name: name, password: this.password });
    if (role) await this.make("bindings", { subject: user.id, role, place });
    return user;
  }
}
