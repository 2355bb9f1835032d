#!/usr/bin/env bash
# Install kt-budgets from the source around this file, into a virtual environment of its own: what it needs as it is
# pinned by hash, and kt-budgets itself from its folder. No index is ever asked for a package of that name.
#
# --key          write the folder of the packages and what they are cached under to $GITHUB_OUTPUT, and stop
# LIGHT=true     leave out what reads exports and forecasts; enough for drift, resume, audit, validate and show
# BUDGETS=DIR    the folder of the budgets for later steps, where it is not budgets/
# VERSION=REF    another version: a release such as v0.2.0 or a full commit, fetched from KT_BUDGETS_SOURCE (default: kt-budgets
#                on $GITHUB_SERVER_URL) and installed by its own script
# KT_BUDGETS_HOME   where to install; default $RUNNER_TEMP/kt-budgets
set -euo pipefail

action="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
source="${action%/.github/actions/kt-budgets}"
home="${KT_BUDGETS_HOME:-${RUNNER_TEMP:?name a folder in KT_BUDGETS_HOME}/kt-budgets}"
wheels="$home/wheels"
heavy="atpublic|duckdb|ibis-framework|numpy|pandas|parsy|pyarrow|pyarrow-hotfix|python-dateutil|six|sqlglot|toolz|tzdata"

refuse() {
  echo "::error::$1"
  exit 2
}

# Prints the first Python that is new enough.
python_of_machine() {
  local found
  for found in python3 python3.13 python3.12 python3.11; do
    if "$found" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      command -v "$found"
      return
    fi
  done
  return 1
}

# Makes the virtual environment. The machine's own pip installs into it where it can: a second one takes seconds to set up.
make_venv() {
  if "$python" -I -c 'import pip; raise SystemExit([*map(int, pip.__version__.split(".")[:2])] < [22, 3])' 2> /dev/null; then
    pip=("$python" -I -m pip --python "$home/venv/bin/python")
    "$python" -I -m venv --clear --without-pip "$home/venv"
  else
    pip=("$home/venv/bin/python" -I -m pip)
    "$python" -I -m venv --clear "$home/venv"
  fi
}

pip() {
  env -u PYTHONHOME -u PYTHONPATH PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "${pip[@]}" "$@"
}

install_pinned() {
  pip install --quiet --no-compile --no-deps --no-index --find-links "$wheels" --only-binary :all: --require-hashes --requirement "$home/pins.txt"
}

export_to_later_steps() {
  if [ -n "${BUDGETS:-}" ]; then echo "KT_BUDGETS_FOLDER=$BUDGETS" >> "$GITHUB_ENV"; fi
  # git asks for the token of the step (or one that is for git alone), at this server alone; helpers of the machine neither answer nor learn it.
  rm -f "$home/gitconfig"
  git config --file "$home/gitconfig" "credential.$GITHUB_SERVER_URL.helper" ""
  # shellcheck disable=SC2016 # git expands it, when it asks
  git config --file "$home/gitconfig" --add "credential.$GITHUB_SERVER_URL.helper" \
    '!f() { echo username=x-access-token; echo "password=${KT_BUDGETS_GIT_TOKEN:-$GITHUB_TOKEN}"; }; f'
  local count="${GIT_CONFIG_COUNT:-0}"
  printf '%s\n' "GIT_CONFIG_KEY_$count=include.path" "GIT_CONFIG_VALUE_$count=$home/gitconfig" \
    "GIT_CONFIG_COUNT=$((count + 1))" >> "$GITHUB_ENV"
  echo "$home/bin" >> "$GITHUB_PATH"
}

# $1: a release or a commit. Prints the folder that it was fetched into; a commit is what its name says, or git refuses it.
fetched() {
  local folder="$home/$1" from="${KT_BUDGETS_SOURCE:-${GITHUB_SERVER_URL:-https://github.com}/keeptrusts/kt-budgets}"
  if [ ! -e "$folder/pyproject.toml" ]; then
    rm -rf "$folder"
    git init --quiet "$folder"
    GIT_TERMINAL_PROMPT=0 git -C "$folder" fetch --quiet --depth 1 "$from" "${2:-}$1" 1>&2 || return 1
    git -C "$folder" -c advice.detachedHead=false checkout --quiet FETCH_HEAD
  fi
  echo "$folder"
}

if [ -n "${VERSION:-}" ]; then
  case "$VERSION" in
    v[0-9]*.[0-9]*.[0-9]*) tags=refs/tags/ ;;
    *) tags="" ;;
  esac
  [[ "$VERSION" =~ ^(v[0-9]+\.[0-9]+\.[0-9]+|[0-9a-f]{40})$ ]] \
    || refuse "version is '$VERSION', and may be a release such as v0.2.0 or a full commit; leave it out for the version of the action itself"
  other="$(fetched "$VERSION" "$tags")" || refuse "kt-budgets $VERSION is not to be had: is it among its releases?"
  VERSION="" exec bash "$other/.github/actions/kt-budgets/install.sh" "$@"
fi

grep -qs '^name = "keeptrusts-budgets"$' "$source/pyproject.toml" \
  || refuse "the source of kt-budgets is not around this action, and kt-budgets is on no index: use the action as OWNER/kt-budgets/.github/actions/kt-budgets@COMMIT; .github/adopt.sh in a clone of kt-budgets writes that for you"
[[ "${BUDGETS:-}" =~ ^[[:print:]]*$ ]] || refuse "the folder of the budgets has a character that cannot be shown"
python="$(python_of_machine)" || refuse "kt-budgets needs Python 3.11 or newer: name one in the input python-version"

mkdir -p "$home/bin"
pattern="^(-)=="
if [ "${LIGHT:-false}" = true ]; then pattern="^($heavy)=="; fi
# What judges an organization's own rules has no wheel for musl; there an organization that has rules is refused.
if compgen -G "/lib/ld-musl-*" > /dev/null; then pattern="$pattern|^cel-expr-python=="; fi
awk -v left_out="$pattern" '/^[A-Za-z0-9]/ { kept = $0 !~ left_out } kept' "$source/constraints.txt" > "$home/pins.txt"

if [ "${1:-}" = --key ]; then
  digest="$("$python" -I -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$home/pins.txt")"
  platform="$("$python" -I -c 'import sys, sysconfig; print(sys.implementation.cache_tag, sysconfig.get_platform(), sep="-")')"
  printf '%s\n' "wheels=$wheels" "key=kt-budgets-$platform-$digest" >> "$GITHUB_OUTPUT"
  exit 0
fi

make_venv \
  || refuse "$python has no module venv: install it (on Debian and Ubuntu: python3-venv), or name a version in the input python-version"
# Packages from a cache are judged by their hashes like any other; what does not pass is fetched again.
if ! install_pinned 2> /dev/null; then
  if [ -e "$wheels" ]; then echo "::warning::what was cached is not what is pinned; it is fetched again"; fi
  rm -rf "$wheels"
  pip download --quiet --no-deps --only-binary :all: --require-hashes --dest "$wheels" --requirement "$home/pins.txt"
  install_pinned
fi
pip install --quiet --no-compile --no-deps --no-index --no-build-isolation "$source"
ln -sf "$home/venv/bin/kt-budgets" "$home/bin/kt-budgets"
if [ -n "${GITHUB_ENV:-}" ]; then export_to_later_steps; fi
"$home/bin/kt-budgets" --version
