import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { euros, page } from "../src/page.js";
import { webServer } from "../src/server.js";

async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${server.address().port}`;
}

async function asked(api, path) {
  const server = webServer(api);
  const response = await fetch(`${await listening(server)}${path}`);
  const text = await response.text();
  server.close();
  return [response.status, text];
}

test("cents are shown as euros", () => {
  assert.equal(euros(1475), "€14.75");
});

test("what others say is shown as text", () => {
  assert.match(page("<script>"), /&#60;script&#62;/);
});

test("the page shows what the API says", async () => {
  const api = createServer((request, response) =>
    response.end('{"cents": 590}'),
  );
  const [status, text] = await asked(
    await listening(api),
    "/?grams=800&to=inland",
  );
  api.close();
  assert.equal(status, 200);
  assert.match(text, /€5\.90/);
});

test("the page says so where the API is not there", async () => {
  const [, text] = await asked("http://127.0.0.1:9", "/?grams=800");
  assert.match(text, /cannot be reached/);
});

test("it is healthy by itself, and elsewhere is nothing", async () => {
  assert.deepEqual(await asked("http://127.0.0.1:9", "/health"), [
    200,
    '{"status":"up"}',
  ]);
  assert.deepEqual(await asked("http://127.0.0.1:9", "/else"), [404, ""]);
});
