import { fileURLToPath } from "node:url";

import { clockServer } from "./server.js";

const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? "127.0.0.1";
const server = await clockServer(
  fileURLToPath(new URL("../dist", import.meta.url)),
);
server.listen(port, host, () =>
  console.log(`listening on http://${host}:${port}`),
);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => server.close(() => process.exit(0)));
}
