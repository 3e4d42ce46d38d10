import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
};

/**
 * A server for the files of one folder, which are read once, and for `/health`.
 * @param {string} folder
 */
export async function clockServer(folder) {
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  for (const name of await readdir(folder)) {
    files.set(`/${name}`, await readFile(join(folder, name)));
  }
  return createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/health") {
      response
        .setHeader("content-type", "application/json")
        .end('{"status":"up"}');
      return;
    }
    const name = path === "/" ? "/index.html" : path;
    const content = files.get(name);
    if (!content) {
      response
        .writeHead(404, { "content-type": "text/plain" })
        .end("nothing is here\n");
      return;
    }
    const forGood =
      extname(name) === ".html"
        ? "no-cache"
        : "public, max-age=31536000, immutable";
    response
      .setHeader(
        "content-type",
        TYPES[extname(name)] ?? "application/octet-stream",
      )
      .setHeader("cache-control", forGood)
      .end(content);
  });
}
