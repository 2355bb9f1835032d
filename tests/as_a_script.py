"""Imported first by what commands are forked from: DuckDB draws a progress bar where the main module has no file."""

from __future__ import annotations

import sys

sys.modules["__main__"].__file__ = "kt-budgets"
