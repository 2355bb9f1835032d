"""The GitLab component: with its inputs filled in, it is the pipeline that is copied, and nothing for other jobs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forge.gitlab_shell import EXAMPLE, example
from forge.test_forge_workflows import tool
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
COMPONENT = ROOT / "templates" / "budgets" / "template.yml"
HEADER, BODY = COMPONENT.read_text(encoding="utf-8").split("\n---\n")
INPUTS: dict[str, Any] = YAML(typ="safe").load(HEADER)["spec"]["inputs"]
GLOBAL = {"stages", "workflow", "default", "variables"}
OTHERS = {
    "budgets": "finance/ai",
    "source": "https://gitlab.acme.test/platform/kt-budgets.git",
    "version": "c" * 40,
    "journal": "git:upstream",
    "image": "registry.acme.test/python:3.13",
}
OF = {
    "KT_BUDGETS_FOLDER: budgets": "KT_BUDGETS_FOLDER: finance/ai",
    "[budgets/**/*]": "[finance/ai/**/*]",
    "https://github.com/keeptrusts/kt-budgets.git": OTHERS["source"],
    "SOURCE_COMMIT: v0.1.0": f"SOURCE_COMMIT: {OTHERS['version']}",
    "git:origin": OTHERS["journal"],
    "python:3.12-slim": OTHERS["image"],
}


def filled(**given: str) -> dict[str, Any]:
    """Return the pipeline that GitLab makes of the component: each `$[[ inputs.NAME ]]` is replaced before all else."""
    values = {**{name: item["default"] for name, item in INPUTS.items()}, **given}
    text = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda found: values[found[1]], BODY)
    assert "$[[" not in text
    document: dict[str, Any] = YAML(typ="safe").load(text)
    return document


def job_by_job(document: dict[str, Any]) -> dict[str, Any]:
    """Return each job with all that holds for it, and what is said of the pipeline itself."""
    jobs = {name: {**document.get("default", {}), **job} for name, job in document.items() if name not in GLOBAL}
    for job in jobs.values():
        job["variables"] = {**document.get("variables", {}), **job.get("variables", {})}
    return {**jobs, "stages": document["stages"], "workflow": document["workflow"]}


def test_it_is_what_its_maker_makes_of_the_pipeline_that_is_copied() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "component.py")]
    made = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert made == COMPONENT.read_text(encoding="utf-8"), "run `make workflow`"


def test_with_nothing_given_it_is_the_pipeline_that_the_stories_run() -> None:
    assert job_by_job(filled()) == job_by_job(example())


def test_with_its_inputs_given_it_is_that_pipeline_with_them_filled_in_by_hand() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    for before, after in OF.items():
        text = text.replace(before, after)
    assert job_by_job(filled(**OTHERS)) == job_by_job(YAML(typ="safe").load(text))


def test_it_says_nothing_of_the_jobs_of_a_project_that_are_not_its_own() -> None:
    assert GLOBAL & filled().keys() == {"stages", "workflow"}


def test_every_input_says_what_it_is_for_is_used_and_told_and_may_be_left_out() -> None:
    page = (ROOT / "docs" / "how-to" / "gitlab.md").read_text(encoding="utf-8")
    for name, item in INPUTS.items():
        assert item["description"]
        assert item["default"]
        assert f"$[[ inputs.{name} ]]" in BODY
        assert f"`{name}`" in page


@pytest.mark.slow
def test_what_it_gives_is_valid_by_gitlab_s_schema(tmp_path: Path) -> None:
    with (tmp_path / "pipeline.yml").open("w", encoding="utf-8") as file:
        YAML().dump(filled(**OTHERS), file)
    command = [tool("check-jsonschema"), "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, str(tmp_path / "pipeline.yml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
