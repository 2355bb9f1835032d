#!/usr/bin/env bash
# Copy the workflows into the repository of your budgets, with one action there that says which kt-budgets all of them
# run: the commit of this clone, which must be where your runners can fetch it. Run it again after `git pull` to move on.
#
# Usage: .github/adopt.sh [--force] REPOSITORY [FOLDER]     FOLDER: where its budgets are, if not in budgets
# A file of that repository which is not one of these is kept, and nothing is copied, unless you say --force.
set -euo pipefail

refuse() {
  echo "adopt: $1" >&2
  exit 2
}

# $1: a clone. Prints the host and OWNER/NAME of its origin.
origin_of() {
  local url path='[A-Za-z0-9._-]+/[A-Za-z0-9._-]+'
  url="$(git -C "$1" remote get-url origin)" || return 1
  if [[ "$url" =~ ^[a-z+]+://([^/@]*@)?([^/:]+)(:[0-9]+)?/($path)$ || "$url" =~ ^([^/@]*@)?([^/:]+)(:)($path)$ ]]; then
    echo "${BASH_REMATCH[2]} ${BASH_REMATCH[4]%.git}"
  else
    return 1
  fi
}

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
force=""
if [ "${1-}" = --force ]; then force=1; shift; fi
[ $# -ge 1 ] && [ $# -le 2 ] || refuse "name the repository of your budgets: .github/adopt.sh ../ai-budgets"
target="$1" folder="${2-budgets}"
[[ "$folder" =~ ^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$ && ! "/$folder/" =~ /\.\.?/ ]] \
  || refuse "$folder is no plain path below the top of that repository"
git -C "$target" rev-parse --git-dir > /dev/null 2>&1 || refuse "$target is no git repository"
[ -z "$(git -C "$target" rev-parse --show-prefix)" ] \
  || refuse "$target is a folder inside of a repository, and GitHub reads only .github at the top; name $(git -C "$target" rev-parse --show-toplevel)"
own="$(origin_of "$here" 2> /dev/null)" || refuse "the origin of this clone is no OWNER/NAME on a server; clone kt-budgets from where your runners fetch it"
name="${own#* }"
changed="$(cd "$here/.." && {
  git diff --name-only HEAD -- .github reconciler schemas pyproject.toml constraints.txt
  git ls-files --others --exclude-standard -- .github/workflows schemas
} | paste -s -d ' ' -)"
[ -z "$changed" ] || refuse "this clone has changes that are in no commit: $changed; commit them, or git restore them"
commit="$(git -C "$here" rev-parse HEAD)"
[ -n "$(git -C "$here" branch --remotes --contains "$commit")" ] || refuse "$commit is not on origin; push it, or check out a commit that is"
version="$(sed -nE 's/^__version__ = "(.*)"$/\1/p' "$here/../reconciler/version.py")"
server="$(origin_of "$target" 2> /dev/null)" || server="github.com -"

schemas="$(dirname "$folder")/schemas" foreign=""
for file in "$here"/workflows/*.yml "$here/actions/kt-budgets/action.yml" "$here"/../schemas/*.schema.json; do
  marks=(-e .github/adopt.sh -e "uses: ./.github/actions/kt-budgets")
  case "$file" in
    */ci.yml | */release.yml | */budgets.yml) continue ;;
    *.json) copy="$schemas/${file##*/}" marks=(-e "$(grep -m 1 '^  "title"' "$file")") ;;
    *) copy=".github/${file#"$here"/}" ;;
  esac
  [ ! -e "$target/$copy" ] || grep -qF "${marks[@]}" "$target/$copy" || foreign="$foreign ${copy#./}"
done
[ -z "$foreign" ] || [ -n "$force" ] || refuse "these files of $target are not from here:$foreign; rename them, or overwrite them with --force"

caller="$(grep -lsE "^ *uses: .*/\.github/workflows/budgets\.yml@" "$target"/.github/workflows/*.y*ml | head -n 1)" || true
[ -z "$caller" ] || refuse "$caller calls the one workflow, which beside copies would do everything a second time; remove one of both"

mkdir -p "$target/.github/workflows" "$target/.github/actions/kt-budgets"
for workflow in "$here"/workflows/*.yml; do
  case "${workflow##*/}" in ci.yml | release.yml | budgets.yml) continue ;; esac
  copy="$target/.github/workflows/${workflow##*/}"
  sed -E "s|^(    paths: \[\")budgets/|\1$folder/|" "$workflow" > "$copy"
  case "${server% *}" in
    github.com | *.ghe.com) ;;
    *) # GitHub Enterprise Server takes artefacts of version 3 alone.
      sed -E "s|(actions/upload-artifact)@.*|\1@c24449f33cd45d4826c6702db7e49f7cdb9b551d # v3.2.1|" "$copy" > "$copy.new"
      mv "$copy.new" "$copy"
      ;;
  esac
done
cat > "$target/.github/actions/kt-budgets/action.yml" << END
# The one place that says which kt-budgets this repository runs; written by .github/adopt.sh of $name.
name: Set up kt-budgets
description: Install the kt-budgets that every workflow of this repository runs.
inputs:
  light:
    description: Whether to leave out what reads exports and forecasts.
    default: "false"
runs:
  using: composite
  steps:
    - uses: $name/.github/actions/kt-budgets@$commit # $version
      with:
        light: \${{ inputs.light }}
        budgets: $folder
        python-version: "3.12" # "" for the machine's own
END
mkdir -p "$target/$schemas"
cp "$here"/../schemas/*.schema.json "$target/$schemas/"
for ignored in /plan.json /report.html /cures.json .kt-budgets/; do
  grep -qxF -- "$ignored" "$target/.gitignore" 2> /dev/null && continue
  # A last line without an end is ended first.
  [ ! -s "$target/.gitignore" ] || [ -z "$(tail -c 1 "$target/.gitignore")" ] || echo >> "$target/.gitignore"
  echo "$ignored" >> "$target/.gitignore"
done
echo "The workflows of $target run kt-budgets $version of $name at ${commit:0:7}. Look at its git diff, and commit it."
