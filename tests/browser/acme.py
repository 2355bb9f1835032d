"""The plan that the command makes of this repository's own budgets/, on the embedded Keeptrusts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import kept
from browser.chromium import ROOT
from installed import kt_budgets

from reconciler.model.plan import Plan, read_plan


def run(folder: Path, *arguments: str) -> str:
    """Run the command in `folder` and return what it prints."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("KEEPTRUSTS_")}
    done = kt_budgets(*arguments, folder=folder, environment=variables)
    done.check_returncode()
    return done.stdout


def acme_plan(folder: Path) -> Plan:
    """Return the plan, and leave its plan.json in `folder`; one of the processes of a run of the tests makes it."""
    file, made = folder / "plan.json", kept.place("the plan of budgets/")
    if made.exists():
        shutil.copyfile(made, file)
    else:
        shutil.copytree(ROOT / "budgets", folder / "budgets")
        run(folder, "plan", "--sandbox", "--as-of", "2026-06-18", "--output", file.name)
        kept.keep(made, file.read_bytes())
    return read_plan(file.read_text(encoding="utf-8"), name=file.name)
