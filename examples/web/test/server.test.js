import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "../src/build.js";
import { clockServer } from "../src/server.js";

/** @type {string} */
let folder;
/** @type {import("node:http").Server} */
let server;
/** @type {string} */
let address;
/** @type {Map<string, string>} */
let renamed;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "clock-"));
  renamed = await build(
    fileURLToPath(new URL("../public", import.meta.url)),
    folder,
  );
  server = await clockServer(folder);
  await new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(undefined)),
  );
  const bound = server.address();
  assert(bound && typeof bound === "object");
  address = `http://127.0.0.1:${bound.port}`;
});

after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

test("the page names its files as they were built, and they are there", async () => {
  const page = await (await fetch(`${address}/`)).text();
  for (const name of ["style.css", "clock.js"]) {
    const target = renamed.get(name);
    assert.match(page, new RegExp(`"${target}"`));
    const file = await fetch(`${address}/${target}`);
    assert.equal(file.status, 200);
    assert.match(file.headers.get("cache-control") ?? "", /immutable/);
  }
});

test("a script names the module that it imports", async () => {
  const script = await (
    await fetch(`${address}/${renamed.get("clock.js")}`)
  ).text();
  assert.match(script, new RegExp(`"./${renamed.get("time.js")}"`));
});

test("it is healthy", async () => {
  assert.deepEqual(await (await fetch(`${address}/health`)).json(), {
    status: "up",
  });
});

test("elsewhere is nothing, and nothing outside its folder", async () => {
  for (const path of ["/else", "/../package.json", "/%2e%2e/package.json"]) {
    assert.equal((await fetch(`${address}${path}`)).status, 404);
  }
});
