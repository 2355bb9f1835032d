"""The demo: its folder, a copy of the example organization's budgets, and what it shows step by step."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from shlex import quote

from reconciler.findings import UsageError

AS_OF = date(2026, 6, 18)


def example_budgets() -> Path:
    """Return the folder of the example organization: in the package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent.parent
    for candidate in (package / "example" / "budgets", package.parent / "budgets"):
        if (candidate / "org.yaml").is_file():
            return candidate
    raise UsageError(
        "the example budgets are not beside this installation",
        hint="install kt-budgets again from a clone, or run it there",
    )


def prepare(folder: Path) -> None:
    """Fill `folder` with the example; UsageError where it holds something that is not the demo's."""
    marker = folder / ".kt-budgets-demo"
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise UsageError(
            f"{folder} is not empty and was not made by the demo", hint="name another folder with `--folder`"
        )
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(example_budgets(), folder / "budgets")
    marker.touch()


def story(folder: Path) -> Sequence[tuple[str, Sequence[str]]]:
    """Return the commands of the demo, each below what it shows."""
    budgets = ("--budgets", str(folder / "budgets"))
    network = (*budgets, "--as-of", str(AS_OF))
    journal = ("--journal", f"file:{folder / 'journal'}")
    saved, comment, report = (str(folder / name) for name in ("plan.json", "comment.md", "report.html"))
    return (
        ("Every finding of every file", ("validate", *budgets)),
        ("What would change, and what it does", ("plan", *network, *journal, "--first-apply", "--output", saved)),
        ("The comment that a reviewer reads", ("show", saved, "--format", "markdown")),
        ("The same, kept beside the full report", ("show", saved, "--format", "markdown", "--output", comment)),
        ("", ("show", saved, "--format", "html", "--output", report)),
        ("Merged: apply exactly what was reviewed", ("apply", *network, *journal, "--first-apply", "--plan", saved)),
        (
            "And nothing is left to do",
            ("plan", *network, *journal, "--output", str(folder / "after.json"), "--detailed-exit-code"),
        ),
    )


def closing(folder: Path) -> str:
    place = quote(str(folder))
    return f"""
The files are in {folder}/: budgets/ (edit them), plan.json, comment.md, report.html (open it in a browser), journal.
Try next:
  kt-budgets sandbox serve --db {place}/keeptrusts.db --as-of {AS_OF}
  (then in another terminal, with the lines it prints)
  $EDITOR {place}/budgets/teams/support.yaml
  kt-budgets plan --budgets {place}/budgets --as-of {AS_OF} --journal file:{place}/journal"""
