"""A plan file that was edited and sealed again, or that is of another month, moves nothing it should not."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_over_http import World, over_http

from reconciler.model.json_text import digest_of

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
TEAMS = ("t-alpha", "t-alpha-dev", "t-beta", "t-gamma")
APPLY = ("apply", "--plan", "plan.json", "--format", "json")


def planned(kt: Run, url: str) -> None:
    done = kt(url, "plan", "--as-of", "2026-06-18", "--usage", "usage.csv")
    assert done.returncode == 0, done.stderr


def edit(folder: Path, index: int, **values: Any) -> None:
    path = folder / "plan.json"
    plan = json.loads(path.read_text())
    plan["changes"][index].update(values)
    plan["digest"] = digest_of({key: value for key, value in plan.items() if key != "digest"})
    path.write_text(json.dumps(plan))


@pytest.mark.parametrize("values", [{"amount": "99000.00"}, {"wallet": "t-mallory"}, {"amount": "0.01"}])
def test_an_edited_and_sealed_plan_moves_nothing_for_its_team(kt: Run, folder: Path, values: dict[str, str]) -> None:
    state = World(teams={key: key for key in TEAMS})
    with over_http(state) as url:
        planned(kt, url)
        edit(folder, 0, **values)
        done = kt(url, *APPLY, "--as-of", "2026-06-18")
    assert done.returncode == 5, done.stdout
    assert "the plan is not what its YAML and the ledger give" in done.stdout
    assert {key: state.balance(key) for key in ("t-alpha", "t-beta", "t-gamma", "t-mallory")} == {
        "t-alpha": Decimal(0),
        "t-beta": Decimal("0.07"),
        "t-gamma": Decimal(450),
        "t-mallory": Decimal(0),
    }


def test_a_plan_of_a_month_that_is_over_is_not_paid_unless_a_rehearsal_was_asked_for(kt: Run) -> None:
    state = World(teams={key: key for key in TEAMS})
    with over_http(state) as url:
        planned(kt, url)
        late = kt(url, *APPLY)
        assert late.returncode == 4, late.stdout
        assert "2026-06 is over" in json.loads(late.stdout)["error"]
        assert state.writes == []
        assert kt(url, *APPLY, "--as-of", "2026-06-18").returncode == 0
    assert state.balance("t-alpha") == Decimal("1200.50")
