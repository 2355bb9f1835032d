"""A real process killed at random moments, over loopback, with the journal in a real bare repository.

`KT_BUDGETS_KILLS=200` makes it two hundred kills; the default is enough for every run of the suite.
"""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from decimal import Decimal
from pathlib import Path
from threading import Event

import pytest
from apply.rehearsal import Rehearsal, rehearsing
from worlds import JUNE

from reconciler.findings import ExitCode

KILLS = int(os.environ.get("KT_BUDGETS_KILLS", "4"))
TEAMS = ("sales", "support")
APPENDS = 6
"""Pushes to the journal in a healthy run: it begins, two intents and two confirmations, it ends."""


@pytest.mark.slow
def test_a_process_killed_at_random_moments_neither_doubles_nor_loses_money(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = tmp_path / "remote.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(bare)], check=True)
    chance = random.Random(20261121)
    endings: Counter[str] = Counter()
    with rehearsing(tmp_path, teams=TEAMS, latency_ms=2, journal=f"git:{bare}") as rehearsal:
        for _ in range(KILLS):
            targets = {team: Decimal(chance.randrange(1, 5000)) for team in TEAMS}
            moment = (chance.randrange(APPENDS + 1), chance.uniform(0, 0.06))
            endings[_killed(rehearsal, targets, bare / "refs" / "kt-budgets", moment)] += 1
            assert rehearsal.funded(*TEAMS) == list(targets.values()), "money was lost"
            assert _doubles(rehearsal) == [], "money was doubled"
    with capsys.disabled():
        told = ", ".join(f"{count} {ending}" for ending, count in sorted(endings.items()))
        print(f"\n{KILLS} kills, 0 doubles, 0 lost ({told})")  # noqa: T201


def _killed(rehearsal: Rehearsal, targets: dict[str, Decimal], refs: Path, moment: tuple[int, float]) -> str:
    """Apply new targets, kill the process at a moment of its run, and bring the run to its end.

    The moment is so many seconds after so many pushes to the journal, so that it does not depend on the machine.
    """
    rehearsal.declare({team: str(amount) for team, amount in targets.items()})
    rehearsal.plan()
    pushes, seconds = moment
    pause = Event()
    process = rehearsal.start("apply")
    while not (refs / "lock").exists() and process.is_alive():
        pause.wait(0.001)
    seen = _content(refs / "journal")
    while pushes and process.is_alive():
        pause.wait(0.001)
        if (now := _content(refs / "journal")) != seen:
            seen, pushes = now, pushes - 1
    pause.wait(seconds)
    process.kill()
    process.join(60)
    if process.exitcode == ExitCode.DONE:
        return "finished before it was killed"
    said = rehearsal.kt("resume", "--settle", "1")
    if said.code == ExitCode.UNKNOWN:
        return _assumed_lost(rehearsal, said.json["outcomes"])
    assert said.code == ExitCode.DONE, said
    if said.json["outcomes"]:
        return "finished by resume"
    again = rehearsal.kt("apply", "--settle", "1")
    assert again.code == ExitCode.DONE, again
    done = {outcome["status"] for outcome in again.json["outcomes"]} == {"already_applied"}
    return "killed after the last record" if done else "killed before the first record"


def _assumed_lost(rehearsal: Rehearsal, outcomes: list[dict[str, str]]) -> str:
    """Say of each unknown operation that it is lost, which the sandbox's ledger shows to be true."""
    for outcome in outcomes:
        if outcome["status"] == "unknown":
            assert all(outcome["op"] not in entry.description for entry in rehearsal.store.ledger(outcome["wallet"]))
            said = rehearsal.kt("resume", "--settle", "1", "--assume-lost", outcome["op"], "--reason", "killed")
            assert said.code == ExitCode.DONE, said
    return "unknown, named, and not booked"


def _content(ref: Path) -> str:
    try:
        return ref.read_text(encoding="ascii")
    except FileNotFoundError:
        return ""


def _doubles(rehearsal: Rehearsal) -> list[str]:
    operations = Counter(
        entry.operation for team in TEAMS for entry in rehearsal.store.ledger(f"team_{team}") if entry.funds(JUNE)
    )
    return [str(operation) for operation, count in operations.items() if count > 1]
