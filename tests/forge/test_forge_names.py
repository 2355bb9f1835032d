"""A forge is named where it is spoken to, and where its name is what people type or read; nowhere else."""

from __future__ import annotations

import re
from pathlib import Path

PACKAGE = Path(__file__).parent.parent.parent / "reconciler"
NAMED = re.compile(r"(?i:git(?:hub|lab))|\bCI_[A-Z]")
ALLOWED = {
    "app/doctor/access.py": "the files of pipelines that are looked at",
    "app/doctor/journal.py": "the files of pipelines that are looked at",
    "app/doctor/subject.py": "which server an origin is of, before any session",
    "app/forge_here.py": "the remote and the files that tell it, before any session",
    "app/starting/init.py": "`--forge` of `init`, which starts without any session",
    "app/starting/installed.py": "where kt-budgets itself is published",
    "app/starting/repository.py": "`--forge` of `init`, and the files that tell it",
    "app/starting/templates.py": "`--forge` of `init`, and the files that it writes",
    "cli/init.py": "`--forge` of `init`",
    "model/initial.py": "`--forge` of `init`",
    "settings.py": "variables of the environment",
    "app/validate.py": "the format of findings that is called `github`",
    "cli/drift.py": "help",
    "cli/pr.py": "help",
    "cli/options.py": "help",
    "cli/validate.py": "the format of findings that is called `github`",
    "forge/registry.py": "the one place that picks",
    "redaction.py": "what tokens look like",
    "report/escape.py": "the dialect of Markdown",
    "report/findings_ci.py": "the formats of findings",
    "report/renderers.py": "the format of findings",
}


def test_no_module_names_a_forge_but_its_package_and_what_people_see() -> None:
    sources = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
    naming = {
        place
        for place, path in sources.items()
        if not place.startswith(("forge/github/", "forge/gitlab/")) and NAMED.search(path.read_text(encoding="utf-8"))
    }
    assert sorted(naming - ALLOWED.keys()) == []
    assert sorted(ALLOWED.keys() - naming) == [], "allowed, and not needed"
