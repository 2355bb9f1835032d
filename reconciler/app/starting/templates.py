"""What CI runs, for each forge: copied from what this version ships, with the folder and the version filled in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from reconciler.app.starting.installed import Installed, known_by
from reconciler.findings import UsageError

FORGES = ("github", "gitlab", "none")


@dataclass(frozen=True, slots=True)
class _Template:
    """A file that is shipped, where it goes in a repository, and what names the folder there."""

    shipped: str
    path: str
    folders: tuple[str, ...]


_RELEASED = known_by(None)
_TEMPLATES = {
    "github": _Template(
        "budgets.example.yml",
        ".github/workflows/budgets.yml",
        ("with: {budgets: budgets}", "\n          budgets: budgets"),
    ),
    "gitlab": _Template(
        "gitlab-ci.example.yml", ".gitlab-ci.yml", ("KT_BUDGETS_FOLDER: budgets", "changes: [budgets/**/*]")
    ),
}


def workflow(forge: str, *, folder: str, runs: Installed) -> dict[str, bytes]:
    """Return the file that CI of a forge runs by its path in the repository; none for `none`.

    `folder` is where the budgets are, seen from the top; `runs` is the kt-budgets that it is to run. Raises UsageError
    where the template is not beside this installation.
    """
    template = _TEMPLATES.get(forge)
    if template is None:
        return {}
    text = _shipped(template.shipped)
    for line in template.folders:
        text = _filled(text, line, folder)
    text = text.replace(_RELEASED.repository, runs.repository)
    if runs.is_commit:
        release = re.escape(_RELEASED.reference)
        text = re.sub(rf"@{release}$", f"@{runs.reference} # {_RELEASED.reference}", text, flags=re.MULTILINE)
        text = re.sub(rf"(SOURCE_COMMIT: ){release}$", rf'\g<1>"{runs.reference}"', text, flags=re.MULTILINE)
    return {template.path: text.encode()}


def _filled(text: str, line: str, folder: str) -> str:
    """Fill a folder in where `line` names `budgets`, and what stands behind it there is a path below it."""
    before, _, below = line.rpartition("budgets")
    below, end = below.removesuffix("]").removesuffix("}"), below[len(below.rstrip("]}")) :]
    value = f"{folder}{below}"
    plain = value if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./*-]*", value) else json.dumps(value)
    return text.replace(line, f"{before}{plain}{end}")


def _shipped(name: str) -> str:
    package = Path(__file__).resolve().parent.parent.parent
    for candidate in (package / "templates" / name, package.parent / ".github" / name):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    raise UsageError(
        f"{name} is not beside this installation", hint="install kt-budgets again from a clone, or use `--forge none`"
    )
