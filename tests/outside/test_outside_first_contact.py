"""The first plan for an organization that others have funded: nothing is taken back or paid twice unasked."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from memory_over_http import World, over_http

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
DAY = ("--as-of", "2026-07-02")
PLAN = ("plan", *DAY, "--usage", "usage.csv")
APPLY = ("apply", *DAY, "--plan", "plan.json", "--format", "json")
TEAMS = ("t-alpha", "t-alpha-dev", "t-beta", "t-gamma")


def world() -> World:
    return World(teams={key: key for key in TEAMS})


def changes(folder: Path) -> dict[str, str]:
    plan = json.loads((folder / "plan.json").read_text())
    return {item["wallet"]: item["kind"] for item in plan["changes"] if "wallet" in item}


def findings(folder: Path, code: str) -> list[str]:
    plan = json.loads((folder / "plan.json").read_text())
    return [item["message"] + " " + item["hint"] for item in plan["findings"] if item["code"] == code]


def test_a_deliberate_top_up_stays_until_it_is_said_that_it_goes(kt: Run, folder: Path) -> None:
    state = world()
    state.enter("t-gamma", "allocate", Decimal(600), "July 2026 with a reserve", at="2026-07-01T00:00:00Z")
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        assert "t-gamma" not in changes(folder)
        (finding,) = findings(folder, "first-contact")
        assert "gamma/prod holds USD 150.00" in finding
        assert "--first-apply" in finding
        assert kt(url, *APPLY).returncode == 0
        assert state.balance("t-gamma") == 600
        assert kt(url, *PLAN, "--first-apply").returncode == 0
        refused = kt(url, *APPLY)
        assert refused.returncode == 5, refused.stdout
        assert "run `kt-budgets apply --first-apply`" in json.loads(refused.stdout)["outcomes"][0]["reason"]
        assert state.balance("t-gamma") == 600
        assert kt(url, *APPLY, "--first-apply").returncode == 0
    assert state.balance("t-gamma") == 450


def test_drift_names_the_option_that_takes_a_top_up_back(kt: Run, folder: Path) -> None:
    state = world()
    state.enter("t-gamma", "allocate", Decimal(600), "July 2026 with a reserve", at="2026-07-01T00:00:00Z")
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, *APPLY).returncode == 0
        told = kt(url, "drift", *DAY)
        assert "with `--first-apply`" in told.stdout
        accepted = kt(url, "drift", *DAY, "--accept")
        assert accepted.returncode == 0, accepted.stderr
        assert "Next:" not in accepted.stdout
        assert "--first-apply" not in kt(url, "drift", *DAY).stdout


def test_an_option_that_the_plan_was_made_without_is_named_where_apply_has_it(kt: Run, folder: Path) -> None:
    state = world()
    state.enter("t-alpha-dev", "allocate", Decimal(9000), "July 2026 with a reserve", at="2026-07-01T00:00:00Z")
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        refused = kt(url, *APPLY, "--first-apply")
        reasons = {item.get("reason", "") for item in json.loads(refused.stdout)["outcomes"]}
        assert any("apply it without" in reason for reason in reasons), reasons
        assert state.balance("t-alpha-dev") == 9000
        assert kt(url, *APPLY).returncode == 0


def test_a_plan_that_leaves_a_wallet_as_it_was_found_does_not_say_that_all_is_as_in_git(kt: Run) -> None:
    state = world()
    for key, amount in {"t-alpha": "1000", "t-alpha-dev": "300", "t-beta": "0.07", "t-gamma": "600"}.items():
        state.enter(key, "allocate", Decimal(amount), "July 2026", at="2026-07-01T00:00:00Z")
    with over_http(state) as url:
        kt(url, *PLAN)
        assert kt(url, *APPLY).returncode == 0
        planned = kt(url, *PLAN)
        shown = kt(url, "show", "plan.json", "--format", "markdown")
    assert "No change is planned, and 1 wallet is left as found: see the warnings." in planned.stdout
    assert "Nothing to change" not in planned.stdout
    assert "matches git" not in shown.stdout


@pytest.mark.parametrize(
    ("at", "words"),
    [("2026-06-29T09:00:00Z", ""), ("2026-06-12T09:00:00Z", "July budget"), ("2026-07-01T09:00:00Z", "2026-06")],
)
def test_a_wallet_whose_money_may_be_another_month_s_is_asked_about_and_left_alone(
    kt: Run, folder: Path, at: str, words: str
) -> None:
    state = world()
    given = state.enter("t-gamma", "allocate", Decimal("450"), words, at=at)
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        assert "t-gamma" not in changes(folder)
        (finding,) = findings(folder, "whose-month")
        assert given.id in finding
        assert f"2026-07: {{amount: {900 if at > '2026-07' else 0}.00, demand: usual}}" in finding
        assert kt(url, *APPLY).returncode == 0
        assert state.balance("t-gamma") == 450
        team = folder / "budgets" / "teams" / "gamma.yaml"
        team.write_text(team.read_text().replace("monthly: 450", "monthly: 450, overrides: {2026-07: 450.00}"))
        assert kt(url, *PLAN).returncode == 0
        assert findings(folder, "whose-month") == []


def test_money_of_the_month_before_that_says_so_is_no_question(kt: Run, folder: Path) -> None:
    state = world()
    state.enter("t-gamma", "allocate", Decimal("450"), "June 2026 extra", at="2026-06-29T09:00:00Z")
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
    assert findings(folder, "whose-month") == []
    assert changes(folder)["t-gamma"] == "allocate"


def test_after_the_first_apply_an_excess_is_taken_back_as_ever(kt: Run, folder: Path) -> None:
    state = world()
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, *APPLY).returncode == 0
        state.enter("t-gamma", "allocate", Decimal(50), at="2026-07-02T09:00:00Z")
        assert kt(url, *PLAN).returncode == 0
        assert changes(folder) == {"t-gamma": "reclaim"}


def rightly_funded() -> World:
    state = world()
    for key, amount in {"t-alpha": "1000", "t-alpha-dev": "300", "t-beta": "0.07", "t-gamma": "450"}.items():
        state.enter(key, "allocate", Decimal(amount), "July 2026", at="2026-07-01T00:00:00Z")
    return state


def lower_gamma(folder: Path, amount: str) -> None:
    team = folder / "budgets" / "teams" / "gamma.yaml"
    team.write_text(team.read_text().replace("monthly: 450", f"monthly: {amount}"))


def test_a_wallet_that_was_right_at_an_apply_is_met_again_when_its_target_is_lowered(kt: Run, folder: Path) -> None:
    state = rightly_funded()
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, *APPLY).returncode == 0
        lower_gamma(folder, "400")
        assert kt(url, *PLAN).returncode == 0
        assert changes(folder) == {"t-gamma": "reclaim"}
        assert kt(url, *APPLY).returncode == 0
        assert kt(url, *PLAN, "--detailed-exit-code").returncode == 0
    assert state.balance("t-gamma") == 400


@pytest.mark.parametrize("at", ["2026-07-02T09:00:00Z", "2026-06-29T09:00:00Z"])
def test_what_others_gave_since_makes_it_a_first_contact_again(kt: Run, folder: Path, at: str) -> None:
    state = rightly_funded()
    with over_http(state) as url:
        assert kt(url, *PLAN).returncode == 0
        assert kt(url, *APPLY).returncode == 0
        state.enter("t-gamma", "allocate", Decimal(75), "", at=at)
        lower_gamma(folder, "400")
        assert kt(url, *PLAN).returncode == 0
        assert changes(folder) == {}
        assert kt(url, *APPLY).returncode == 0
    assert state.balance("t-gamma") == 525


def test_a_wallet_that_held_more_at_the_first_apply_stays_as_it_was_found(kt: Run, folder: Path) -> None:
    state = rightly_funded()
    state.enter("t-gamma", "allocate", Decimal(150), "July 2026 reserve", at="2026-07-01T10:00:00Z")
    with over_http(state) as url:
        for amount in ("450", "400", "420"):
            lower_gamma(folder, amount)
            assert kt(url, *PLAN).returncode == 0
            assert changes(folder) == {}
            assert kt(url, *APPLY).returncode == 0
    assert state.balance("t-gamma") == 600


def test_apply_names_what_was_left_out_with_its_money_and_the_command(kt: Run, folder: Path) -> None:
    state = rightly_funded()
    state.enter("t-gamma", "allocate", Decimal(150), "July 2026 reserve", at="2026-07-01T10:00:00Z")
    with over_http(state) as url:
        kt(url, *PLAN)
        kt(url, *APPLY)
        kt(url, *PLAN)
        told = kt(url, *APPLY[:-2])
        document = json.loads(kt(url, *APPLY).stdout)
    assert told.returncode == 0
    assert "left out: t-gamma (USD 150.00)" in told.stdout
    assert "apply --first-apply" in told.stdout
    assert "Nothing to do but for 1 wallet that the plan left out" in told.stdout
    (left,) = document["left_out"]
    assert (left["wallet"], left["amount"], left["currency"]) == ("t-gamma", "150.00", "USD")
