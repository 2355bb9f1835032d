"""Random months, in the sample a week of eight teams: what was approved is applied once, and nothing else ever is."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random

import pytest
from forge.github_standin import GitHub
from forge.month_clock import BEGIN, DatedState, MovedClock, everybody_s
from forge.month_office import DatedRepository, Office
from forge.month_story import ORG, ORGANIZATION, TEAM, TEAMS, Story, file_of
from thorough import drawn

from reconciler.findings import ExitCode
from reconciler.model.operation import find_operation
from reconciler.sandbox.server import running

SEEDS = range(int(os.environ.get("KT_BUDGETS_MONTHS", drawn(200, sample=1))))


def ends(story: Story) -> None:
    """Do what the issue and the receipts ask for, until nothing is left."""
    office = story.office
    office.is_down, office.dies_at = False, 0
    office.github.faults.clear()
    for _ in range(15):
        story.office.clock.wait(3600)
        office.sandbox.store.clock.set(story.now)
        story.applies()
        code = office.drift("--format", "json")
        if code == ExitCode.DONE and not story.is_pending:
            return
        assert code in (ExitCode.DONE, ExitCode.DRIFT), office.log[-1]
        for item in json.loads(office.output)["waiting"]:
            pressed(story, item)
    pytest.fail("something is still left behind:\n" + "\n".join(office.log[-9:]))


def pressed(story: Story, item: dict[str, object]) -> None:
    """Do what one thing that was left behind asks for, and press its button."""
    office = story.office
    dispatch = item["dispatch"]
    assert isinstance(dispatch, dict)
    inputs = dispatch["inputs"]
    if dispatch["workflow"] == "fund.yml":
        assert office.fund("workflow_dispatch") == ExitCode.DONE, office.log[-1]
    elif dispatch["workflow"] == "resume.yml":
        story.heard(office.resume(inputs["reason"], break_lock=inputs.get("break_lock", "")))
    elif item["pull_request"]:
        number = item["pull_request"]
        assert isinstance(number, int)
        story.approves(number)
        story.applies("workflow_dispatch", **inputs)
    else:
        for team in next(landing.wants for landing in story.landings if landing.commit == item["commit"]):
            number = story.brings_back(team, f"{office.funded(team):.2f}")
            story.approves(number)
            story.merges(number)


def judged(story: Story) -> None:
    """Hold the ledger of every wallet against what was approved, entry by entry."""
    office = story.office
    for team in TEAMS:
        entries = office.entries(team)
        marks = [find_operation(entry["description"]) for entry in entries]
        assert None not in marks, (team, entries)
        assert len(set(marks)) == len(marks), (team, entries)
        held: Counter[str] = Counter()
        for entry, mark in zip(entries, marks, strict=True):
            month = str(mark)[:7]
            held[month] += round(100 * entry["amount"]) * (1 if entry["type"] == "allocate" else -1)
            at = datetime.fromisoformat(entry["created_at"])
            allowed = {value for value, since in story.allowed[team] if since <= at}
            assert f"{held[month] / 100:.2f}" in allowed, (team, entry, story.allowed[team])
        text = (office.repository.folder / file_of(team)).read_text(encoding="utf-8")
        said = text.partition("monthly: ")[2].partition("}")[0]
        assert f"{held['2026-07'] / 100:.2f}" == said, (team, entries, story.allowed[team])
        assert held.keys() == {"2026-06", "2026-07"}


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
    DatedRepository.clock = clock
    repository = DatedRepository.create(tmp_path, {file_of(ORG): ORGANIZATION, **files})
    with everybody_s(clock), running(scenario="empty", as_of=BEGIN.date()) as sandbox:
        office = Office(tmp_path, clock, repository, sandbox, github, url, capsys)
        for team in TEAMS:
            office.keeptrusts("POST", "/v1/teams", name=team)
        office.keeptrusts("POST", "/v1/wallets/credit", amount=100000.0, currency="USD", description="a year")
        office.begins()
        story = Story(office, random, now_on_main=dict(targets))
        story.allowed = {team: [(value, BEGIN)] for team, value in targets.items()}
        story.lives()
        ends(story)
        judged(story)
    assert github.complaints == []
