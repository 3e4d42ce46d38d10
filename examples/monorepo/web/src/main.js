import { webServer } from "./server.js";

const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? "127.0.0.1";
const server = webServer(process.env.API_URL ?? "http://127.0.0.1:8080");
server.listen(port, host, () =>
  console.log(`listening on http://${host}:${port}`),
);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => server.close(() => process.exit(0)));
}
