"""Random months, in the sample a week of eight teams: what was approved is applied once, and nothing else ever is."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest
from forge.github_standin import GitHub
from forge.month_clock import BEGIN, DatedState, MovedClock, everybody_s
from forge.month_git import answering
from forge.month_laws import lived
from forge.month_machines import Machines
from forge.month_office import Office
from forge.month_people import People
from forge.month_repository import ForgeRepository
from forge.month_story import ORG, ORGANIZATION, PULLS, TEAM, TEAMS, Story, file_of
from thorough import drawn

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


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_month_of_forty_teams_ends_with_what_was_approved_and_everybody_was_told(
    seed: int, tmp_path: Path, github_server: tuple[GitHub, str], capsys: pytest.CaptureFixture[str]
) -> None:
    server, url = github_server
    clock, random = MovedClock(), Random(seed)
    github = server.state = DatedState(clock=clock)
    github.members = {(f"acme/{team}-leads", f"lead-{team}") for team in TEAMS} | {("acme/finance", "bob")}
    github.assignable = {"bob"}
    targets = {team: f"{random.randint(100, 400)}.00" for team in TEAMS}
    files = {file_of(team): TEAM % {"team": team, "monthly": targets[team]} for team in TEAMS}
    repository = ForgeRepository.create(tmp_path, clock, {file_of(ORG): ORGANIZATION, **files}, seed=seed)
    keeptrusts = running(scenario="empty", as_of=BEGIN.date(), faults=lost_answers(seed))
    with (
        told(seed) as about,
        everybody_s(clock),
        answering(repository.answers),
        keeptrusts as sandbox,
        Office(tmp_path, clock, repository, sandbox, github, url, capsys) as office,
    ):
        about["office"] = office
        for team in TEAMS:
            office.keeptrusts("POST", "/v1/teams", name=team)
        office.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        office.begins()
        story = Story(office, random)
        story.allowed = {team: [(value, BEGIN)] for team, value in targets.items()}
        machines = Machines(story)
        lived(story, People(story, machines), machines, PULLS)
        assert github.complaints == []
