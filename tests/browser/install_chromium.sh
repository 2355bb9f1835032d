#!/usr/bin/env bash
# Make sure that a Chromium is there for the tests: uses what is found, else installs Debian's. $1 is a Python that can
# import the tests' libraries, and looks for one; without it, what is on the path is taken for one.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${1:-}" ]; then
  "$1" -m browser.chromium 2>/dev/null && exit
else
  for name in chromium chromium-browser google-chrome google-chrome-stable chrome; do
    command -v "$name" && exit
  done
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium fonts-liberation fonts-noto-color-emoji
fi
[ -z "${1:-}" ] || exec "$1" -m browser.chromium
