#!/usr/bin/env bash
# Put the YAML language server that editors use where the tests look for it, at the versions and digests of the lock file.
set -euo pipefail

here="$(cd "$(dirname "$0")" && pwd)"
target="$here/../../.venv/language-server"

if [ -d "$target/node_modules" ] && cmp --silent "$here/package-lock.json" "$target/package-lock.json"; then
  exit 0
fi
mkdir -p "$target"
cp "$here/package.json" "$target/"
cp "$here/package-lock.json" "$target/package-lock.json"
(cd "$target" && npm ci --silent --ignore-scripts --no-audit --no-fund) || { rm -rf "$target"; exit 1; }
