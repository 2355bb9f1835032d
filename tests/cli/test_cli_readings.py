"""What a command needs of a file it reads once: between two readings the file may change, and two truths be told."""

from __future__ import annotations

import json

from cli.conftest import Run
from cli.journal_desk import AS_OF, Desk
from cli.readings import readings

ONCE = {"teams/alpha.yaml": 1, "budgets/org.yaml": 2}
"""Of org.yaml one line is believed before all else, also where the rest is wrong: where the journal is."""


def test_a_plan_reads_a_team_once_though_it_names_places_in_it_and_compares_it_with_a_commit(desk: Desk) -> None:
    desk.write("600")
    desk.chdir(desk.clone)
    with readings() as opened:
        planned = desk.kt("plan", *AS_OF, "--usage", desk.remote.parent / "usage.csv", "--since", "HEAD~1")
    assert planned.code == 0, planned.err
    (change,) = json.loads((desk.clone / "plan.json").read_text())["changes"]
    assert change["position"] == "budgets/teams/alpha.yaml:4:9"
    assert {path: opened[path] for path in ONCE} == ONCE


def test_apply_reads_plan_json_once_and_the_journal_once_before_the_lock_and_once_under_it(desk: Desk) -> None:
    assert desk.applied().code == 0
    desk.write("600")
    assert desk.plan().code == 0
    with readings() as opened:
        assert desk.kt("apply", *AS_OF, "--plan", "plan.json", "--settle", "0").code == 0
    wanted = ONCE | {"clone/plan.json": 1, ".kt-budgets/journal": 2}
    assert {path: opened[path] for path in wanted} == wanted


def test_a_month_that_opens_reads_the_journal_once_before_the_lock_and_once_under_it(desk: Desk, kt: Run) -> None:
    assert desk.applied().code == 0
    with readings() as opened:
        month = kt("apply", "--as-of", "2026-07-02", "--period", "2026-07", "--once", "--settle", "0")
    assert month.code == 0, month.err
    wanted = ONCE | {".kt-budgets/journal": 2}
    assert {path: opened[path] for path in wanted} == wanted
