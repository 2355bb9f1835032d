"""The one workflow that other repositories call: every job of ours as it is, when it is due, for a few copied lines."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from forge.actionlint import findings
from forge.budget_repository import PERSON
from forge.test_forge_workflows import tool
from forge.workflow_shell import WORKFLOWS, load
from ruamel.yaml import YAML

ROOT = WORKFLOWS.parent.parent
PARTS = ("plan", "approval", "apply", "resume", "fund", "drift", "comment", "refresh")
OURS = load("budgets.yml")
CALLER: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github" / "budgets.example.yml")
ACTION = re.compile(r"uses: (\S+/kt-budgets)/\.github/actions/kt-budgets@([0-9a-f]{40}) # (v\S+)")


def test_it_is_what_its_maker_makes_of_the_workflows_beside_it() -> None:
    text = (WORKFLOWS / "budgets.yml").read_text(encoding="utf-8")
    (named,) = set(ACTION.findall(text))
    command = [sys.executable, ROOT / ".ci" / "one_workflow.py", *named]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == text, "run `make workflow`"


@pytest.mark.parametrize("part", PARTS)
def test_each_job_runs_the_scripts_of_ours_with_the_same_rights_when_it_is_due(part: str) -> None:
    for name, own in load(f"{part}.yml")["jobs"].items():
        job = OURS["jobs"][name]
        assert job["needs"] == "look"
        assert job["if"].startswith(f"contains(needs.look.outputs.due, ' {part} ')")
        for key in ("permissions", "timeout-minutes", "environment", "runs-on", "outputs"):
            assert job.get(key) == own.get(key)
        assert [step.get("run") for step in job["steps"]] == [step.get("run") for step in own["steps"]]
        for step, ours in zip(job["steps"], own["steps"], strict=True):
            given = {
                key: str(value).replace("github.event.inputs.", "inputs.") for key, value in step.get("env", {}).items()
            }
            assert given == ours.get("env", {})


def test_no_two_jobs_have_one_queue() -> None:
    groups = [job["concurrency"]["group"] for name, job in OURS["jobs"].items() if name != "look"]
    assert len(set(groups)) == len(groups)


def test_what_is_copied_grants_what_the_jobs_ask_for_and_no_more() -> None:
    asked: set[tuple[str, str]] = {item for job in OURS["jobs"].values() for item in job["permissions"].items()}
    needed = {key: "write" if (key, "write") in asked else "read" for key, _ in asked}
    assert CALLER["jobs"]["budgets"]["permissions"] == needed
    assert CALLER["permissions"] == {}
    passed = CALLER["jobs"]["budgets"]["secrets"]
    assert passed.keys() == OURS["on"]["workflow_call"]["secrets"].keys() - {"KEEPTRUSTS_BILLING_TOKEN"}
    assert CALLER["jobs"]["budgets"]["with"].keys() <= OURS["on"]["workflow_call"]["inputs"].keys()


def test_what_is_copied_starts_by_everything_that_starts_ours() -> None:
    for part in PARTS:
        for event, how in load(f"{part}.yml")["on"].items():
            types = set((how or {}).get("types", ())) if isinstance(how, Mapping) else set()
            assert event in CALLER["on"]
            assert types <= set((CALLER["on"][event] or {}).get("types", types)) if event != "schedule" else True


def test_by_hand_it_asks_for_what_ours_ask_for() -> None:
    offered: dict[str, Any] = {}
    for part in PARTS:
        offered |= (load(f"{part}.yml")["on"].get("workflow_dispatch") or {}).get("inputs", {})
    asked = dict(CALLER["on"]["workflow_dispatch"]["inputs"])
    assert set(asked.pop("do")["options"]) == set(PARTS) - {"comment"}
    assert {name: item["type"] for name, item in asked.items()} == {
        name: each["type"] for name, each in offered.items()
    }
    assert all(item.get("default", "") == offered[name].get("default", "") for name, item in asked.items())


def test_nothing_is_to_be_said_against_either(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    shutil.copy(WORKFLOWS / "budgets.yml", folder)
    shutil.copy(ROOT / ".github" / "zizmor.yml", folder.parent)
    text = (ROOT / ".github" / "budgets.example.yml").read_text(encoding="utf-8")
    (folder / "caller.yml").write_text(text.replace("@v1", f"@{'0' * 40} # v1.0.0"), encoding="utf-8")
    command = [tool("zizmor"), "--offline", "--no-progress", "--persona", "auditor", str(folder.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert findings(sorted(folder.iterdir())) == []


def looked(place: Path, event: str, *, do: str = "", changes: str = "", at: str = "2026-06-18 09") -> list[str]:
    """Return what is due: on a merge that changes a file, or at an hour."""
    repository, tools = place / "repository", place / "bin"
    for folder in (repository / "finance" / "ai", tools):
        folder.mkdir(parents=True)
    (tools / "date").write_text(f'#!/bin/sh\nexec {shutil.which("date")} --date "{at}:17 UTC" "$@"\n', encoding="utf-8")
    (tools / "date").chmod(0o755)
    variables = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(place), **PERSON}

    def run(*command: str, **more: str) -> None:
        subprocess.run(command, cwd=repository, env={**variables, **more}, check=True, capture_output=True)

    run("git", "init", "--quiet")
    run("git", "commit", "--quiet", "--allow-empty", "-m", "Begin")
    (repository / (changes or "other.txt")).write_text("changed", encoding="utf-8")
    run("git", "add", ".")
    run("git", "commit", "--quiet", "-m", "Change")
    (step,) = [step for step in OURS["jobs"]["look"]["steps"] if "run" in step]
    output = place / "output"
    run("bash", "-e", "-c", step["run"], EVENT=event, DO=do, BUDGETS="finance/ai", GITHUB_OUTPUT=str(output))
    name, _, due = output.read_text(encoding="utf-8").partition("=")
    assert name == "due"
    assert due.startswith(" ")
    assert due.endswith(" \n")
    return due.split()


@pytest.mark.parametrize(
    ("event", "given", "due"),
    [
        ("pull_request", {"changes": "finance/ai/org.yaml"}, ["approval", "plan"]),
        ("pull_request", {"changes": "README.md"}, ["approval"]),
        ("pull_request_review", {}, ["approval"]),
        ("merge_group", {}, ["approval"]),
        ("push", {}, ["apply"]),
        ("issue_comment", {}, ["comment"]),
        ("workflow_dispatch", {"do": "resume"}, ["resume"]),
        ("schedule", {"at": "2026-06-18 10"}, ["approval", "apply", "drift"]),
        ("schedule", {"at": "2026-06-18 06"}, ["approval", "apply", "drift", "fund", "refresh"]),
        ("schedule", {"at": "2026-07-01 01"}, ["approval", "apply", "drift", "fund"]),
        ("schedule", {"at": "2026-07-09 09"}, ["approval", "apply", "drift", "refresh"]),
    ],
)
def test_what_is_due_follows_from_what_happened(
    tmp_path: Path, event: str, given: dict[str, str], due: list[str]
) -> None:
    assert looked(tmp_path, event, **given) == due
