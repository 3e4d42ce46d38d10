// action-validator, compiled to WebAssembly.
import { validateWorkflow } from "@action-validator/core";
import { checkEach } from "./lines.mjs";

await checkEach((text) =>
  validateWorkflow(text).errors.map(({ code, title, path, detail }) => ({
    rule: code ?? "invalid",
    message: [title, path, detail].filter(Boolean).join(" "),
  })),
);
