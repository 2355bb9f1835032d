"""An earlier state of the YAML under the names of a later one: what is known by an earlier name, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from worlds import desired, wallet

from reconciler.model.desired import Desired
from reconciler.model.team import TeamBudget
from reconciler.plan.renames import as_called


def state(*teams: dict[str, Any]) -> Desired:
    read = {team["team"]: TeamBudget.model_validate({"version": 1, **team}) for team in teams}
    wallets = [wallet(name, "prod", "5") for name in read]
    return replace(desired(wallets), teams=read)


def team(name: str, wallets: dict[str, str], alerts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a team; of each environment `wallets` says what it was called, an empty text for nothing."""
    found = {
        key: {"team_id": f"t-{number}", "monthly": number, **({"previously": was} if was else {})}
        for number, (key, was) in enumerate(wallets.items(), start=1)
    }
    return {"team": name, "wallets": found, "billing_budgets": [{"amount": 7, **alert} for alert in alerts], **more}


def told(team: TeamBudget) -> Any:
    alerts = [(alert.name, alert.environment, str(alert.amount)) for alert in team.billing_budgets]
    return team.team, {key: str(wallet.monthly) for key, wallet in team.wallets.items()}, alerts


def test_a_team_its_wallets_and_its_alerts_are_told_by_their_later_names() -> None:
    before = state(
        team(
            "support",
            {"prod": "", "dev": "", "lab": ""},
            [{"name": "soft", "environment": "dev"}, {"name": "rest"}, {"name": "kept", "environment": "lab"}],
        ),
        team("ads", {"prod": ""}, []),
    )
    after = state(
        team(
            "care",
            {"live": "prod", "test": "dev", "lab": ""},
            [
                {"name": "hard", "previously": "soft", "environment": "test"},
                {"name": "rest"},
                {"name": "kept", "environment": "lab"},
            ],
            previously="support",
        ),
        team("ads", {"prod": ""}, []),
    )
    called = as_called(before, after)
    assert list(called.teams) == ["ads", "care"]
    assert told(called.teams["care"]) == (
        "care",
        {"live": "1.00", "test": "2.00", "lab": "3.00"},
        [("hard", "test", "7.00"), ("rest", None, "7.00"), ("kept", "lab", "7.00")],
    )
    assert called.teams["ads"] == before.teams["ads"]
    assert {key: found.team for key, found in called.wallets.items()} == {"team_ads": "ads", "team_support": "care"}
    assert called.objects == before.objects


def test_an_earlier_name_counts_only_where_it_is_gone_and_the_later_one_is_new() -> None:
    before = state(team("support", {"prod": "", "dev": ""}, [{"name": "soft"}]), team("ads", {"prod": ""}, []))
    both = state(
        team("support", {"prod": "", "dev": "prod"}, [{"name": "soft"}, {"name": "hard", "previously": "soft"}]),
        team("care", {"prod": ""}, [], previously="support"),
        team("ads", {"prod": ""}, [], previously="support"),
    )
    assert as_called(before, both) == before
    unknown = state(team("care", {"live": "test"}, [{"name": "hard", "previously": "loud"}], previously="nobody"))
    assert as_called(before, unknown) == before
    there = state(team("ads", {"prod": ""}, [], previously="support"))
    assert as_called(before, there) == before


def test_a_team_that_is_gone_keeps_its_names() -> None:
    before = state(team("support", {"prod": ""}, [{"name": "soft", "environment": "prod"}]))
    assert as_called(before, state()) == before
