import { createServer } from "node:http";

import { euros, page } from "./page.js";

/** A server for the page, which asks the API at `api` for prices. */
export function webServer(api) {
  return createServer(async (request, response) => {
    const asked = new URL(request.url, "http://localhost");
    if (asked.pathname === "/health") {
      response
        .setHeader("content-type", "application/json")
        .end('{"status":"up"}');
    } else if (asked.pathname === "/") {
      const answer = asked.searchParams.has("grams")
        ? await answerOf(api, asked.searchParams)
        : "";
      response
        .setHeader("content-type", "text/html; charset=utf-8")
        .end(page(answer));
    } else {
      response.writeHead(404).end();
    }
  });
}

async function answerOf(api, asked) {
  try {
    const answer = await (await fetch(`${api}/price?${asked}`)).json();
    return answer.error ?? euros(answer.cents);
  } catch {
    return "The prices cannot be reached. Try again in a moment.";
  }
}
