"""What CI runs, for each forge: copied from what this version ships, with the folder and the branch filled in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from reconciler.findings import UsageError

FORGES = ("github", "gitlab", "none")


@dataclass(frozen=True, slots=True)
class _Template:
    """A file that is shipped, where it goes in a repository, and the lines of it that are filled in."""

    shipped: str
    path: str
    folder: str
    branch: str = ""


_TEMPLATES = {
    "github": _Template(
        "budgets.example.yml", ".github/workflows/budgets.yml", "with: {budgets: budgets}", "branches: [main]"
    ),
    "gitlab": _Template("gitlab-ci.example.yml", ".gitlab-ci.yml", "KT_BUDGETS_FOLDER: budgets"),
}


def workflow(forge: str, *, folder: str, branch: str) -> dict[str, bytes]:
    """Return the file that CI of a forge runs by its path in the repository; none for `none`.

    `folder` is where the budgets are, seen from the top, `branch` the one that is merged to. Raises UsageError where
    the template is not beside this installation.
    """
    template = _TEMPLATES.get(forge)
    if template is None:
        return {}
    text = _shipped(template.shipped)
    text = _filled(text, template.folder, "budgets", folder)
    if template.branch:
        text = _filled(text, template.branch, "main", branch)
    return {template.path: text.encode()}


def _filled(text: str, line: str, usual: str, value: str) -> str:
    if value == usual or line not in text:
        return text
    plain = value if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*", value) else json.dumps(value)
    before, _, after = line.rpartition(usual)
    return text.replace(line, f"{before}{plain}{after}")


def _shipped(name: str) -> str:
    package = Path(__file__).resolve().parent.parent.parent
    for candidate in (package / "templates" / name, package.parent / ".github" / name):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    raise UsageError(
        f"{name} is not beside this installation", hint="install keeptrusts-budgets again, or use `--forge none`"
    )
