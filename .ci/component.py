"""Write the GitLab component from the pipeline that is copied: .github/gitlab-ci.example.yml with inputs.

Usage: python .ci/component.py > templates/budgets/template.yml

A component stands beside other jobs of a project, so what the pipeline says of all jobs is said of each of ours here.
"""

from __future__ import annotations

import copy
import io
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EXAMPLE = Path(__file__).resolve().parent.parent / ".github" / "gitlab-ci.example.yml"
HEAD = "# Made by .ci/component.py from .github/gitlab-ci.example.yml, whose head says what to set; not to be edited.\n"
OF_ALL_JOBS = ("default", "variables")
NO_JOBS = {"stages", "workflow", *OF_ALL_JOBS}
INPUTS = {
    "budgets": ("The folder with org.yaml and teams/", "KT_BUDGETS_FOLDER"),
    "source": ("Where runners fetch kt-budgets", "KT_BUDGETS_SOURCE"),
    "version": ("A release of it or, better, a full commit, which nobody can move", "KT_BUDGETS_SOURCE_COMMIT"),
    "journal": ("Where runs are recorded", "KT_BUDGETS_JOURNAL"),
}
IMAGE = ("image", "What the jobs run in: Debian with Python 3.11 or newer")


def given(name: str) -> str:
    return f"$[[ inputs.{name} ]]"


def pipeline(document: dict[str, Any]) -> dict[str, Any]:
    """Return the pipeline with inputs in it, and nothing said of jobs that are not its own."""
    variables = {**document["variables"], **{of: given(name) for name, (_, of) in INPUTS.items()}}
    usual = {**document["default"], "image": given(IMAGE[0])}
    folder = document["variables"]["KT_BUDGETS_FOLDER"]
    made: dict[str, Any] = {name: part for name, part in document.items() if name not in OF_ALL_JOBS}
    for name in made.keys() - NO_JOBS:
        job = made[name] = copy.deepcopy({**usual, **made[name]})
        job["variables"] = {**variables, **job.get("variables", {})}
        for rule in job["rules"]:
            if "changes" in rule:
                rule["changes"] = [path.replace(f"{folder}/", f"{given('budgets')}/") for path in rule["changes"]]
    return made


def header(document: dict[str, Any]) -> dict[str, Any]:
    """Return the inputs, each with what the pipeline says where nothing is given."""
    inputs = {
        name: {"description": words, "default": document["variables"][of]} for name, (words, of) in INPUTS.items()
    }
    inputs[IMAGE[0]] = {"description": IMAGE[1], "default": document["default"]["image"]}
    return {"spec": {"inputs": inputs}}


def component() -> str:
    """Return the text of the component."""
    document = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))
    yaml = YAML()
    yaml.width = 10_000
    yaml.representer.ignore_aliases = lambda *_: True
    text = io.StringIO(HEAD)
    text.seek(0, io.SEEK_END)
    yaml.dump(header(document), text)
    text.write("---\n")
    yaml.dump(pipeline(document), text)
    return text.getvalue()


if __name__ == "__main__":
    sys.stdout.write(component())
