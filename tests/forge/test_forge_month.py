"""Random months, in the sample a week of eight teams: what was approved is applied once, and nothing else ever is."""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
from forge.foreign_words import refuse_foreign_words
from forge.github_standin import GitHub
from forge.gitlab_server import GitLab
from forge.month_clock import BEGIN, DatedGitLab, DatedState, MovedClock, everybody_s
from forge.month_git import answering
from forge.month_gitlab import GitLabOffice
from forge.month_laws import lived
from forge.month_ledgers import MonthLedgers
from forge.month_machines import Machines
from forge.month_office import Office
from forge.month_people import People
from forge.month_repository import ForgeRepository
from forge.month_story import ORG, ORGANIZATION, PULLS, TEAM, TEAMS, Story, file_of
from thorough import THOROUGH, drawn

from reconciler.model.operation import find_operation
from reconciler.sandbox.faults import Drop, Faults
from reconciler.sandbox.server import running

SEEDS = range(
    int(os.environ.get("KT_BUDGETS_MONTHS_FROM", 0)), int(os.environ.get("KT_BUDGETS_MONTHS", drawn(200, sample=1)))
)
_LOST = 0.03
"""How many answers to a move of money never come: half of the moves are booked all the same."""


def lost_answers(seed: int) -> Faults:
    """Return a Keeptrusts that now and then closes the connection, before or after it booked."""
    return Faults(
        faults=tuple(
            Drop(when=when, method="POST", route=f"/v1/wallets/{kind}", probability=_LOST / 2, seed=seed)
            for kind in ("allocate", "reclaim")
            for when in ("after", "before")
        )
    )


@contextmanager
def told(seed: int) -> Iterator[dict[str, Office]]:
    """Write a line about a month into the file that KT_BUDGETS_MONTHS_LOG names, however it ends."""
    about: dict[str, Office] = {}
    began, outcome = time.process_time() + children(), "failed"
    try:
        yield about
        outcome = "passed"
    finally:
        if (place := os.environ.get("KT_BUDGETS_MONTHS_LOG")) and (office := about.get("office")):
            seconds = time.process_time() + children() - began
            facts = {
                "seed": seed,
                "cpu_seconds": round(seconds, 1),
                "commands": len(office.log),
                "moves": len(office.sandbox.store.moves()),
                "git_asked": office.repository.answers.asked,
                "git_started": office.repository.answers.started.total(),
                "outcome": outcome,
            }
            with Path(place).open("a", encoding="utf-8") as lines:
                lines.write(f"{json.dumps(facts)}\n")


def children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def month(
    seed: int,
    place: Path,
    served: tuple[GitHub, str] | tuple[GitLab, str],
    capsys: pytest.CaptureFixture[str],
    *,
    is_plain: bool = False,
    is_hourly: bool = False,
) -> dict[str, Any]:
    """Let a month pass, and return what it left: every entry of the ledger, and all that anybody reads."""
    server, url = served
    clock, random = MovedClock(), Random(seed)
    github: DatedState
    if isinstance(server, GitLab):
        github = server.state = DatedGitLab(clock=clock)
    else:
        github = server.state = DatedState(clock=clock)
    at = GitLabOffice if isinstance(server, GitLab) else Office
    github.members = {(f"acme/{team}-leads", f"lead-{team}") for team in TEAMS} | {("acme/finance", "bob")}
    github.assignable = {"bob"}
    targets = {team: f"{random.randint(100, 400)}.00" for team in TEAMS}
    files = {file_of(team): TEAM % {"team": team, "monthly": targets[team]} for team in TEAMS}
    files |= {file_of(ORG): ORGANIZATION}
    repository = ForgeRepository.create(place, clock, files, seed=seed, is_plain=is_plain)
    keeptrusts = running(scenario="empty", as_of=BEGIN.date(), faults=lost_answers(seed))
    with (
        told(seed) as about,
        everybody_s(clock),
        answering(repository.answers),
        keeptrusts as sandbox,
        MonthLedgers(sandbox.store, sandbox.url, seed=seed, is_plain=is_plain).remembered(),
        at(place, clock, repository, sandbox, github, url, capsys) as office,
    ):
        about["office"] = office
        for team in TEAMS:
            office.keeptrusts("POST", "/v1/teams", name=team)
        office.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        office.begins()
        story = Story(office, random)
        story.allowed = {team: [(value, BEGIN)] for team, value in targets.items()}
        machines = Machines(story, is_hourly=is_hourly)
        lived(story, People(story, machines), machines, PULLS)
        assert github.complaints == []
        refuse_foreign_words(github)
        return left(office)


BOTH_WAYS = pytest.mark.skipif(
    not (THOROUGH or os.environ.get("KT_BUDGETS_MONTHS_BOTH_WAYS")), reason="takes minutes: a part of `make thorough`"
)


def left(office: Office) -> dict[str, Any]:
    kept = ("type", "amount", "description", "created_at")
    return {
        "main": office.repository.main,
        "ledger": {team: [[entry[key] for key in kept] for entry in office.entries(team)] for team in TEAMS},
        "comments": [[item["number"], item["user"]["login"], item["body"]] for item in office.github.comments],
        "issues": [[item["title"], item["state"], item["body"]] for item in office.github.issues],
        "checks": [[item["name"], item["head_sha"], item.get("conclusion")] for item in office.github.checks],
        "commands": office.codes,
    }


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_of_forty_teams_ends_with_what_was_approved_and_everybody_was_told(
    seed: int, tmp_path: Path, github_server: tuple[GitHub, str], capsys: pytest.CaptureFixture[str]
) -> None:
    month(seed, tmp_path, github_server, capsys)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_ends_so_on_gitlab_too(
    seed: int, tmp_path: Path, gitlab_server: tuple[GitLab, str], capsys: pytest.CaptureFixture[str]
) -> None:
    month(seed, tmp_path, gitlab_server, capsys)


@pytest.mark.slow
@BOTH_WAYS
def test_a_month_leaves_the_same_whether_git_is_asked_again_or_remembered(
    tmp_path: Path, github_server: tuple[GitHub, str], capsys: pytest.CaptureFixture[str]
) -> None:
    remembered = month(0, tmp_path / "month", github_server, capsys)
    shutil.rmtree(tmp_path / "month")
    plain = month(0, tmp_path / "month", github_server, capsys, is_plain=True)
    assert but_for_a_death(plain) == but_for_a_death(remembered)


def but_for_a_death(what: dict[str, Any]) -> dict[str, Any]:
    """Leave out what tells when a killed run died: in a folder that an earlier run knew, git is asked less often."""
    ledger = {team: [entry[:3] for entry in entries] for team, entries in what["ledger"].items()}
    return {**{key: what[key] for key in ("main", "issues", "checks", "commands")}, "ledger": ledger}


@pytest.mark.slow
@BOTH_WAYS
def test_a_month_ends_alike_whether_runs_that_say_nothing_new_are_run_or_not(
    tmp_path: Path, github_server: tuple[GitHub, str], capsys: pytest.CaptureFixture[str]
) -> None:
    some = month(1, tmp_path / "some", github_server, capsys)
    every = month(1, tmp_path / "every", github_server, capsys, is_hourly=True)
    assert len(every["commands"]) > 2 * len(some["commands"])
    assert [(item["main"], held(item["ledger"])) for item in (some, every)] == [
        (every["main"], held(every["ledger"]))
    ] * 2


def held(ledger: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return what each wallet was given for each month in the end, in cents."""
    found: dict[str, Counter[str]] = {team: Counter() for team in ledger}
    for team, entries in ledger.items():
        for kind, amount, description, _ in entries:
            found[team][str(find_operation(description))[:7]] += round(100 * amount) * (1 if kind == "allocate" else -1)
    return {team: dict(months) for team, months in found.items()}
