"""What other repositories use: every job of ours as it is, when it is due, for a few copied lines."""

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
from forge.workflow_shell import WORKFLOWS, load, outputs
from ruamel.yaml import YAML

from reconciler.version import __version__

ROOT = WORKFLOWS.parent.parent
READING = ("plan", "approval", "drift", "comment", "refresh", "digest", "notify")
MONEY = ("fund", "apply", "resume")
PARTS = (*READING, *MONEY)
OURS = load("budgets.yml")
MADE = {"reading": WORKFLOWS / "budgets.yml", "money": ROOT / ".github" / "actions" / "money" / "action.yml"}
ACTION: dict[str, Any] = YAML(typ="safe").load(MADE["money"])
EXAMPLE = ROOT / ".github" / "budgets.example.yml"
CALLER: dict[str, Any] = YAML(typ="safe").load(EXAMPLE)
INSTALLED = re.compile(r"uses: (\S+/kt-budgets)/\.github/actions/kt-budgets@([0-9a-f]{40}) # (v\S+)")


@pytest.mark.parametrize("what", MADE)
def test_it_is_what_its_maker_makes_of_the_workflows_beside_it(what: str) -> None:
    text = MADE[what].read_text(encoding="utf-8")
    (named,) = {found for path in MADE.values() for found in INSTALLED.findall(path.read_text(encoding="utf-8"))}
    command = [sys.executable, ROOT / ".ci" / "one_workflow.py", what, *named]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == text, "run `make workflow`"


@pytest.mark.parametrize("part", READING)
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
                key: str(value).replace("needs.look.outputs.", "inputs.") for key, value in step.get("env", {}).items()
            }
            assert given == ours.get("env", {})


@pytest.mark.parametrize("part", MONEY)
def test_what_moves_money_runs_the_scripts_of_ours_in_their_order_when_they_are_due(part: str) -> None:
    (own,) = load(f"{part}.yml")["jobs"].values()
    due = f"contains(steps.look.outputs.due, ' {part} ')"
    steps = [step for step in ACTION["runs"]["steps"] if due in step.get("if", "")]
    assert [step["run"] for step in steps if "run" in step] == [step["run"] for step in own["steps"] if "run" in step]
    assert all(step["if"].startswith("!cancelled() && ") for step in steps), "a part that fails stops no other"
    known = {**own["env"], "KT_BUDGETS_WORKFLOW": "${{ github.workflow_ref }}"}
    put = {
        "inputs.token": "secrets.KEEPTRUSTS_BILLING_TOKEN",
        "inputs.api-url": "vars.KEEPTRUSTS_API_URL",
        "inputs.members-token": "secrets.BUDGETS_MEMBERS_TOKEN",
        "steps.look.outputs.": "inputs.",
    }
    ours = iter(step for step in own["steps"] if "run" in step)
    for step in (step for step in steps if "run" in step):
        given = dict(step["env"])
        for name, value in given.items():
            for ours_here, theirs in put.items():
                given[name] = given[name].replace(ours_here, theirs)
            assert value.startswith("${{ ")
        assert given == {**known, **next(ours)["env"]}


def test_what_moves_money_looks_at_the_branch_as_it_is_now_and_does_nothing_where_the_command_is_not_installed() -> (
    None
):
    checkout, installed, look, *others = ACTION["runs"]["steps"]
    assert checkout["with"] == {"ref": "${{ github.ref_name }}", "fetch-depth": 0, "persist-credentials": False}
    assert "/.github/actions/kt-budgets@" in installed["uses"]
    assert look["id"] == "look"
    assert not {"if", "continue-on-error"} & {*checkout, *installed, *look}
    assert all("contains(steps.look.outputs.due, ' " in step["if"] for step in others)


def test_nothing_that_is_called_needs_the_secret_of_an_environment_which_github_hands_to_no_other_repository() -> None:
    assert all("environment" not in job for job in OURS["jobs"].values())
    assert "BILLING" not in MADE["reading"].read_text(encoding="utf-8")
    money = CALLER["jobs"]["money"]
    assert money["environment"] == "budgets"
    assert "secrets.KEEPTRUSTS_BILLING_TOKEN" not in str(CALLER["jobs"]["budgets"])
    assert all("secrets." not in str(step) and "vars." not in str(step) for step in ACTION["runs"]["steps"])


def test_what_is_copied_names_the_release_of_this_version_in_both_jobs() -> None:
    used = (CALLER["jobs"]["budgets"]["uses"], CALLER["jobs"]["money"]["steps"][0]["uses"])
    assert {name.partition("@")[2] for name in used} == {f"v{__version__}"}


def test_what_shows_is_fifteen_lines_and_what_moves_money_are_sixteen_more_that_can_be_left_out() -> None:
    lines = [line for line in EXAMPLE.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    (begins,) = [number for number, line in enumerate(lines) if line.startswith("  money:")]
    shows, moves = lines[:begins], lines[begins:]
    assert (len(shows), len(moves)) == (15, 16)
    assert YAML(typ="safe").load("\n".join(shows))["jobs"].keys() == {"budgets"}


def test_no_two_jobs_have_one_queue() -> None:
    groups = [job["concurrency"]["group"] for name, job in OURS["jobs"].items() if name != "look"]
    assert len(set(groups)) == len(groups)


def test_what_is_copied_grants_what_the_jobs_ask_for_and_no_more() -> None:
    money = {name: load(f"{name}.yml")["jobs"][name] for name in MONEY}
    for job, asking in (("budgets", OURS["jobs"].values()), ("money", money.values())):
        asked: set[tuple[str, str]] = {item for one in asking for item in one["permissions"].items()}
        needed = {key: "write" if (key, "write") in asked else "read" for key, _ in asked}
        assert CALLER["jobs"][job]["permissions"] == needed
    assert CALLER["jobs"]["budgets"]["secrets"].keys() == OURS["on"]["workflow_call"]["secrets"].keys()
    assert CALLER["jobs"]["budgets"]["with"].keys() <= OURS["on"]["workflow_call"]["inputs"].keys()
    required = {name for name, about in ACTION["inputs"].items() if about.get("required")}
    assert required <= CALLER["jobs"]["money"]["steps"][0]["with"].keys() <= ACTION["inputs"].keys()


def test_what_is_copied_starts_by_everything_that_starts_ours() -> None:
    for part in PARTS:
        for event, how in load(f"{part}.yml")["on"].items():
            types = set((how or {}).get("types", ())) if isinstance(how, Mapping) else set()
            assert event in CALLER["on"]
            assert types <= set((CALLER["on"][event] or {}).get("types", types)) if event != "schedule" else True


def test_by_hand_it_offers_each_of_ours_and_tells_what_each_takes() -> None:
    asked = CALLER["on"]["workflow_dispatch"]["inputs"]
    assert set(asked["do"]["options"]) == set(PARTS) - {"comment"}
    assert asked.keys() == {"do", "options"}
    head = EXAMPLE.read_text(encoding="utf-8").split("\nname: ")[0]
    for part in PARTS:
        for name in (load(f"{part}.yml")["on"].get("workflow_dispatch") or {}).get("inputs", {}):
            assert re.search(rf"\b{name}\b", head), f"{name} of {part} is not told"


def test_nothing_is_to_be_said_against_either(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    shutil.copy(WORKFLOWS / "budgets.yml", folder)
    shutil.copy(ROOT / ".github" / "zizmor.yml", folder.parent)
    shutil.copytree(ROOT / ".github" / "actions", folder.parent / "actions")
    text = EXAMPLE.read_text(encoding="utf-8")
    (folder / "caller.yml").write_text(text.replace("@v", f"@{'0' * 40} # v"), encoding="utf-8")
    command = [tool("zizmor"), "--offline", "--no-progress", "--persona", "auditor", str(folder.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert findings(sorted(folder.glob("*.yml"))) == []


def looked(
    place: Path,
    what: str,
    event: str,
    *,
    do: str = "",
    options: str = "",
    changes: str = "",
    line: str = "",
    at: str = "2026-06-18 09:17",
) -> dict[str, str]:
    """Return what is due, and what was given: on a merge that changes a file, or by a line of the schedule."""
    repository, tools = place / "repository", place / "bin"
    for folder in (repository / "finance" / "ai", tools):
        folder.mkdir(parents=True)
    (tools / "date").write_text(f'#!/bin/sh\nexec {shutil.which("date")} --date "{at} UTC" "$@"\n', encoding="utf-8")
    (tools / "date").chmod(0o755)
    variables = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(place), **PERSON}

    def run(*command: str, **more: str) -> None:
        subprocess.run(command, cwd=repository, env={**variables, **more}, check=True, capture_output=True, text=True)

    run("git", "init", "--quiet")
    run("git", "commit", "--quiet", "--allow-empty", "-m", "Begin")
    (repository / (changes or "other.txt")).write_text("changed", encoding="utf-8")
    run("git", "add", ".")
    run("git", "commit", "--quiet", "-m", "Change")
    steps = OURS["jobs"]["look"]["steps"] if what == "reading" else ACTION["runs"]["steps"]
    (step,) = [step for step in steps if step.get("id") == "look"]
    output = place / "output"
    given = {"EVENT": event, "SCHEDULE": line, "DO": do, "OPTIONS": options, "BUDGETS": "finance/ai"}
    given |= {"GITHUB_OUTPUT": str(output), "BRANCH": "trunk", "GITHUB_REF": "refs/heads/trunk"}
    run("bash", "-e", "-o", "pipefail", "-c", step["run"], **given)
    return outputs(output.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("event", "given", "reading", "money"),
    [
        ("pull_request", {"changes": "finance/ai/org.yaml"}, "approval plan", ""),
        ("pull_request", {"changes": "README.md"}, "approval", ""),
        ("pull_request_review", {}, "approval", ""),
        ("merge_group", {}, "approval", ""),
        ("push", {}, "", "apply"),
        ("issue_comment", {}, "comment", ""),
        ("workflow_dispatch", {"do": "resume"}, "resume", "resume"),
        ("workflow_dispatch", {"do": "digest"}, "digest", "digest"),
    ],
)
def test_what_is_due_follows_from_what_happened(
    tmp_path: Path, event: str, given: dict[str, str], reading: str, money: str
) -> None:
    for what, due in (("reading", reading), ("money", money)):
        assert looked(tmp_path / what, what, event, **given)["due"] == f" {due} "


HOURLY, OFTEN, DAILY, WEEKLY = (each["cron"] for each in CALLER["on"]["schedule"])


@pytest.mark.parametrize(
    "late", ["2026-06-22 06:17", "2026-06-22 06:41", "2026-06-23 00:05", "2026-06-30 23:59", "2026-06-18 05:58"]
)
@pytest.mark.parametrize(
    ("line", "reading", "money"),
    [
        (HOURLY, "approval drift", "apply"),
        ("*/30 * * * *", "approval drift", "apply"),
        (OFTEN, "approval drift refresh", "apply fund"),
        ("5 1-23/2 * * *", "approval drift refresh", "apply fund"),
        (DAILY, "notify", "apply"),
        ("50 22 * * *", "notify", "apply"),
        ("41 6 * * 1-5", "notify", "apply"),
        (WEEKLY, "digest", "apply"),
        ("23 22 * * SUN", "digest", "apply"),
    ],
)
def test_a_line_of_the_schedule_does_the_same_however_late_it_is_started(
    tmp_path: Path, line: str, reading: str, money: str, late: str
) -> None:
    for what, due in (("reading", reading), ("money", money)):
        assert looked(tmp_path / what, what, "schedule", line=line, at=late)["due"] == f" {due} "


def test_each_day_and_each_week_has_one_line_that_is_told_once() -> None:
    fields = [line.split() for line in (HOURLY, OFTEN, DAILY, WEEKLY)]
    assert [each[1:] for each in fields] == [
        ["*", "*", "*", "*"],
        ["*/3", "*", "*", "*"],
        ["6", "*", "*", "*"],
        ["6", "*", "*", "1"],
    ]


@pytest.mark.parametrize("line", [HOURLY, OFTEN, DAILY, WEEKLY])
def test_on_the_first_every_run_funds_the_month(tmp_path: Path, line: str) -> None:
    assert looked(tmp_path, "money", "schedule", line=line, at="2026-07-01 00:17")["due"] == " apply fund "


def test_what_is_given_by_hand_is_taken_apart_and_git_s_values_are_put_back_unless_that_is_said(tmp_path: Path) -> None:
    text = "break_lock=Jane Doe ;accept=op-1 op-2=txn_7;  reason=a runner died: https://a.test/?b=c&d; put_back=false;"
    given = looked(tmp_path / "all", "money", "workflow_dispatch", do="resume", options=text)
    assert given == {
        "break_lock": "Jane Doe",
        "accept": "op-1 op-2=txn_7",
        "reason": "a runner died: https://a.test/?b=c&d",
        "put_back": "false",
        "due": " resume ",
    }
    assert looked(tmp_path / "none", "money", "workflow_dispatch", do="apply")["put_back"] == "true"
    assert "put_back" not in looked(tmp_path / "push", "money", "push")
    assert (
        looked(tmp_path / "plan", "reading", "workflow_dispatch", do="plan", options="pull_request=7")["pull_request"]
        == "7"
    )


@pytest.mark.parametrize("text", ["pull_requests=7", "128", "reason", "GITHUB_TOKEN=x", "pull_request=7;due= fund "])
def test_what_is_given_and_nobody_knows_stops_it_with_what_there_is(tmp_path: Path, text: str) -> None:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        looked(tmp_path, "money", "workflow_dispatch", do="apply", options=text)
    assert "they may be: pull_request, commit, put_back, first_apply, reason" in refused.value.stdout
    assert "due=" not in (tmp_path / "output").read_text(encoding="utf-8")
