// Runs the conversations of browser/pages, all or those named, one after the other in one process.

import { readdirSync } from "node:fs";
import { after } from "node:test";

import { strike } from "./stage/stage.mjs";

const all = readdirSync(new URL("pages/", import.meta.url))
  .filter((file) => file.endsWith(".mjs"))
  .map((file) => file.replace(/\.mjs$/, ""))
  .sort();
const asked = process.argv.slice(2);

if (asked.includes("--list")) {
  console.log(all.join("\n"));
  process.exit(0);
}
const unknown = asked.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`browser: there is no ${unknown.join(", ")}; there are ${all.join(", ")}`);
  process.exit(2);
}

after(strike);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, async () => {
    console.error(`browser: ended by ${signal} before everything was shown`);
    await strike();
    process.exit(1);
  });
}
for (const name of asked.length > 0 ? asked : all) await import(`./pages/${name}.mjs`);
