"""Which wallet an alert of the YAML watches, and how one is sent, kept and told where git cannot say it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from worlds import billing_budget

from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.team import TeamBudget

TEAM = TeamBudget.model_validate(
    {
        "version": 1,
        "team": "support",
        "wallets": {"prod": {"team_id": "team_p", "monthly": 5}, "dev": {"team_id": "team_d", "monthly": 5}},
        "billing_budgets": [
            {"name": "first", "amount": 5, "alert_percentages": [100, 80]},
            {"name": "dev", "amount": 5, "environment": "dev", "hard_limit": True, "period": "weekly"},
            {"name": "by-id", "amount": 5, "scope": {"type": "team", "id": "team_d"}},
            {"name": "theirs", "amount": 5, "scope": {"type": "team", "id": "team_x"}},
            {"name": "agents", "amount": 5, "scope": {"type": "agent", "id": "team_d"}},
            {"name": "none", "amount": 5, "environment": "stage"},
        ],
    }
)

D = Decimal


def test_an_alert_of_the_yaml_watches_what_it_says_else_the_first_wallet() -> None:
    found = [BILLING_BUDGETS.declared(one, TEAM, currency="USD") for one in TEAM.billing_budgets]
    assert [one and (one.environment, one.value.scope_type, one.value.scope_id) for one in found] == [
        ("prod", "team", "team_p"),
        ("dev", "team", "team_d"),
        ("dev", "team", "team_d"),
        (None, "team", "team_x"),
        (None, "agent", "team_d"),
        None,
    ]
    first, dev = (one.value for one in found[:2] if one)
    assert first == billing_budget("first", "5", scope_id="team_p", alert_percentages=(80, 100))
    assert dev == billing_budget("dev", "5", scope_id="team_d", hard_limit=True, period="weekly")
    bare = TEAM.model_copy(update={"wallets": {}})
    assert BILLING_BUDGETS.declared(TEAM.billing_budgets[0], bare, currency="USD") is None
    assert BILLING_BUDGETS.declared(TEAM.billing_budgets[0], None, currency="USD") is None
    assert BILLING_BUDGETS.declared("x", TEAM, currency="USD") is None


def stray(**fields: Any) -> str:
    return BILLING_BUDGETS.stray(billing_budget("x", "5", **fields), currency="USD").reason


def test_why_an_alert_cannot_be_declared_is_said_in_full() -> None:
    assert stray() == ""
    assert stray(currency="EUR", scope_type="planet", period="hourly", alert_percentages=(D("0.5"), 300)) == (
        "YAML cannot declare it is in EUR and its alert percentages 0.5%, 300% and its scope planet team_support"
        " and its period hourly"
    )
    found = BILLING_BUDGETS.stray(billing_budget("x", "5", currency="EUR"), currency="USD")
    assert (found.amount, found.currency) == (D(5), "EUR")


def test_an_alert_is_sent_as_it_was_read_with_what_git_wants_on_top() -> None:
    body = BILLING_BUDGETS.body(
        {"name": "x", "amount": "5.00", "scope_type": "team", "scope_id": "t", "scope": {"id": "old", "more": 1}}
    )
    assert body == {"name": "x", "amount": D(5), "scope": {"id": "t", "type": "team", "more": 1}}
    assert BILLING_BUDGETS.body({"amount": "5", "scope": {"id": "old"}}) == {"amount": D(5), "scope": {"id": "old"}}
    assert BILLING_BUDGETS.body({"amount": "5", "scope": "odd"}) == {"amount": D(5), "scope": {}}
    assert EXPORT_SCHEDULES.body({"name": "w", "s3": {"bucket": "b"}}) == {
        "name": "w",
        "s3_bucket": "b",
        "s3_prefix": "",
    }
    assert EXPORT_SCHEDULES.body({"name": "w", "s3": {"bucket": "b", "prefix": "p"}})["s3_prefix"] == "p"


def test_an_export_schedule_is_known_by_the_name_that_the_yaml_gives_it() -> None:
    asked = ExportSchedule.model_validate({"name": "w", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}})
    assert EXPORT_SCHEDULES.key(asked) == ("w",)
    assert EXPORT_SCHEDULES.body({"name": "w"}) == {"name": "w"}
    literals = BILLING_BUDGETS.literals(billing_budget("x", "5", hard_limit=True))
    assert literals == {"amount": "5.00", "alert_percentages": "[80, 100]", "hard_limit": "true", "period": "monthly"}
    assert EXPORT_SCHEDULES.literals(EXPORT_SCHEDULES.stored({"name": "w", "s3": {"bucket": "b"}})) == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"alert_percentages": (Decimal("82.5"), 100)},
        {"alert_percentages": (0, 100)},
        {"alert_percentages": (80, 1500)},
        {"period": "yearly"},
        {"amount": Decimal("-5.00")},
        {"amount": Decimal("1E+15")},
    ],
    ids=str,
)
def test_an_alert_that_yaml_cannot_say_has_nothing_to_set(odd: dict[str, Any]) -> None:
    assert BILLING_BUDGETS.literals(billing_budget("x", "5").model_copy(update=odd)) == {}
