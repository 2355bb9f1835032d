#!/usr/bin/env bash
# Put GitHub's own OpenAPI description where the tests look for it. Needs npm; does nothing when it is there.
set -euo pipefail

version=23.0.2
digest=829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a
target="$(cd "$(dirname "$0")/../.." && pwd)/.venv/github-openapi"
file=api.github.com.json

matches() { echo "$digest  $1" | sha256sum --check --status; }

if [ -f "$target/$file" ] && matches "$target/$file"; then
  exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "@octokit/openapi@$version" >/dev/null)
tar -xzf "$work"/*.tgz -C "$work" "package/generated/$file"
matches "$work/package/generated/$file" || { echo "$file is not the one that is expected" >&2; exit 1; }
mkdir -p "$target"
mv "$work/package/generated/$file" "$target/$file"
