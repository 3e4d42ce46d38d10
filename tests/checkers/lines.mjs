// What the three checkers share: file names come in on standard input, one a line; one JSON object a finding goes out.
// The last line says how many files were read, so that a checker that died is not taken for one that found nothing.
import fs from "node:fs";

export async function checkEach(check) {
  const files = fs.readFileSync(0, "utf8").split("\n").filter(Boolean);
  for (const file of files) {
    const say = (finding) => console.log(JSON.stringify({ file, ...finding }));
    try {
      for (const finding of await check(fs.readFileSync(file, "utf8"), file)) say(finding);
    } catch (error) {
      say({ rule: "crashed", message: String(error?.message ?? error).slice(0, 300) });
    }
  }
  console.log(JSON.stringify({ checked: files.length }));
}
