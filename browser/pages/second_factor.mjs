// Second factors in a browser: set up while an application waits, asked for in the next browser, the
// recovery code of who lost the device.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

import { faults } from "../stage/looks.mjs";
import { shows } from "../stage/stage.mjs";

// An authenticator app (RFC 6238) that read the key from the link on the page.
async function phone(page) {
  const uri = new URL(await page.getByRole("link", { name: "Open an app on this device" }).getAttribute("href"));
  assert.equal(uri.protocol, "otpauth:");
  const bits = [...uri.searchParams.get("secret")].map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  return (at = Date.now()) => {
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
    const mac = createHmac("sha1", key).update(step).digest();
    return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  };
}

async function signIn(page, server, email) {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(server.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

shows("a second factor that a policy asks for, set up by the keyboard while an application waits", async ({ server, anybody }) => {
  const person = await server.person("vera@harbour.example", "Vera Quay");
  await server.make("sign-in-policies", { name: "Vera types codes", priority: 411, access: "allow", users: [person.id], second_factor: "required" });
  const client = await server.webApp("Coded App", { scopes: ["openid"], default_scopes: ["openid"] });
  const page = await anybody();
  const query = new URLSearchParams({
    response_type: "code", client_id: client.client_id, redirect_uri: "https://app.example/callback", scope: "openid", state: "1",
    code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
  });
  await page.goto(`/oauth2/authorize?${query}`);
  await signIn(page, server, person.email);
  await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
  await page.getByText("After this you continue to Coded App").waitFor();
  assert.deepEqual(await faults(page), []);
  await page.getByText("Cannot scan it?").click();
  await page.getByText("It is a secret").waitFor();
  const code = await phone(page);
  await page.getByLabel("Six digits").fill("000000");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  assert.deepEqual(await faults(page), []);
  await page.getByLabel("Six digits").fill(code());
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keep your recovery codes" }).waitFor();
  assert.deepEqual(await faults(page), []);
  const codes = await page.getByRole("listitem").allInnerTexts();
  assert.equal(codes.length, 10);
  await page.getByLabel("I have kept them in a safe place").check();
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("heading", { name: "Allow Coded App to act for you?" }).waitFor();

  // The device is lost, and this is another browser.
  const other = await anybody();
  await other.goto("/login");
  await signIn(other, server, person.email);
  await other.getByRole("heading", { name: "Enter your code" }).waitFor();
  assert.equal(await other.getByLabel("Code").evaluate((field) => field === document.activeElement), true);
  assert.deepEqual(await faults(other), []);
  await other.getByLabel("Code").fill("111111");
  await other.keyboard.press("Enter");
  await other.getByText("This is not a code of yours").waitFor();
  assert.deepEqual(await faults(other), []);
  await other.getByLabel("Code").fill(codes[0]);
  await other.keyboard.press("Enter");
  await other.waitForURL("**/account");
  await other.getByText("9 of 10 recovery codes left").waitFor();
  await other.getByRole("link", { name: "Manage second factor" }).click();
  assert.deepEqual(await faults(other), []);
  await other.getByText("Your administrator asks for a second factor. You can replace it.").waitFor();
  assert.ok(await other.getByLabel("Remove it").isDisabled());
});

shows("a second factor of one's own will, and an administrator who takes it from who lost it", async ({ server, signedIn, anybody }) => {
  const person = await server.person("otis@harbour.example", "Otis Berth");
  const page = await signedIn(person.email, { anew: true });
  await page.goto("/account");
  await page.getByRole("link", { name: "Set up second factor" }).click();
  await page.getByLabel("Your password").fill(server.password);
  await page.getByRole("button", { name: "Set up" }).click();
  const code = await phone(page);
  await page.getByLabel("Six digits").fill(code());
  await page.getByRole("button", { name: "Finish" }).click();
  await page.getByRole("heading", { name: "Keep your recovery codes" }).waitFor();

  const admin = await signedIn();
  await admin.goto("/console/users?second_factor=true");
  await admin.getByRole("link", { name: "Otis Berth" }).click();
  await admin.getByText("10 of 10 recovery codes are left").waitFor();
  assert.deepEqual(await faults(admin), []);
  await admin.getByRole("button", { name: "Reset second factor" }).click();
  await admin.getByText("Reset. They are asked for no code").waitFor();
  const other = await anybody();
  await other.goto("/login");
  await signIn(other, server, person.email);
  await other.waitForURL("**/account");
});
