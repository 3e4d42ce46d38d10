// Prettier without any configuration: a file that it would write differently is a finding.
import prettier from "prettier";
import { checkEach } from "./lines.mjs";

await checkEach(async (text) => {
  const tidy = await prettier.format(text, { parser: "yaml" });
  if (tidy === text) return [];
  const [before, after] = [text.split("\n"), tidy.split("\n")];
  const at = before.findIndex((line, number) => line !== after[number]);
  return [{ line: at + 1, rule: "format", message: `prettier would write: ${after[at]}` }];
});
