import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const TOP = fileURLToPath(new URL("..", import.meta.url));

/**
 * Copies `from` into `to`, each file under a name that tells its content. Pages keep their names, and every file that
 * names another is told the new one; what is named comes first.
 * @param {string} from
 * @param {string} to
 */
export async function build(from, to) {
  const texts = new Map();
  for (const name of (await readdir(from)).sort()) {
    texts.set(name, await readFile(join(from, name), "utf8"));
  }
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  /** @type {Map<string, string>} */
  const renamed = new Map();
  while (renamed.size < texts.size) {
    const waiting = [...texts.keys()].filter((name) => !renamed.has(name));
    const ready = waiting.filter(
      (name) => names(texts.get(name), waiting, name).length === 0,
    );
    if (ready.length === 0)
      throw new Error(`these name each other: ${waiting.join(", ")}`);
    for (const name of ready) {
      const text = withNewNames(texts.get(name), renamed);
      const digest = createHash("sha256")
        .update(text)
        .digest("hex")
        .slice(0, 12);
      const extension = extname(name);
      const target =
        extension === ".html"
          ? name
          : `${name.slice(0, -extension.length)}.${digest}${extension}`;
      await writeFile(join(to, target), text);
      renamed.set(name, target);
    }
  }
  return renamed;
}

/**
 * @param {string} text
 * @param {string[]} others
 * @param {string} itself
 */
function names(text, others, itself) {
  return others.filter(
    (other) => other !== itself && new RegExp(quoted(other)).test(text),
  );
}

/**
 * @param {string} text
 * @param {Map<string, string>} renamed
 */
function withNewNames(text, renamed) {
  let result = text;
  for (const [name, target] of renamed) {
    result = result.replace(new RegExp(quoted(name), "g"), `$1${target}"`);
  }
  return result;
}

/** @param {string} name */
function quoted(name) {
  return `("(?:\\./)?)${name.replace(/\./g, "\\.")}"`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const renamed = await build(join(TOP, "public"), join(TOP, "dist"));
  for (const [name, target] of renamed)
    console.log(`${name} -> dist/${target}`);
}
