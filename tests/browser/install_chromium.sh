#!/usr/bin/env bash
# Make sure that a Chromium is there for the tests: uses what is found, else installs Debian's. $1 is a Python that can
# import the tests' libraries.
set -euo pipefail
cd "$(dirname "$0")/.."

if "$1" -m browser.chromium 2>/dev/null; then
  exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq --yes --no-install-recommends chromium fonts-liberation fonts-noto-color-emoji
fi
exec "$1" -m browser.chromium
