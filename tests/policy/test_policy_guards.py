"""Guards refuse with numbers and the exact waiver; a waiver is scoped, capped and expires."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ruamel.yaml import YAML
from worlds import billing_budget, object_change

from reconciler.model.change import (
    Allocate,
    Change,
    Reclaim,
)
from reconciler.model.funds import Funds
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.plan import GuardResult
from reconciler.policy.guards import Facts, guard_results

AS_OF = date(2026, 6, 18)


def move(
    kind: type[Allocate] | type[Reclaim], amount: str, *, before: str = "1000", wallet: str = "team_support"
) -> Change:
    signed = Decimal(amount) if kind is Allocate else -Decimal(amount)
    after = Decimal(before) + signed
    fields: dict[str, Any] = {
        "team": "support",
        "environment": "prod",
        "wallet": wallet,
        "amount": amount,
        "currency": "USD",
        "target": after,
        "funded_before": before,
        "funded_after": after,
        "op": "2026-06-00000000000000000000",
        "position": "budgets/teams/support.yaml:16:9",
    }
    return Allocate(**fields) if kind is Allocate else Reclaim(**fields, unreclaimable=Decimal(0))


def alert(
    amount: str = "100.00", percentages: tuple[int, ...] = (80, 100), *, hard_limit: bool = False
) -> dict[str, Any]:
    budget = billing_budget("x", amount, alert_percentages=percentages, hard_limit=hard_limit)
    return budget.model_dump(mode="json")


def update(before: dict[str, Any], after: dict[str, Any]) -> Change:
    return object_change(
        "update_billing_budget",
        team="support",
        environment="prod",
        key="team/team_support/x",
        before=before,
        after=after,
    )


def results(
    settings: dict[str, Any],
    *changes: Change,
    waivers: tuple[Waiver, ...] = (),
    facts: dict[str, dict[str, Decimal]] | None = None,
) -> tuple[GuardResult, ...]:
    funds = Funds(
        available=None,
        after=None,
        allocated=sum((c.amount for c in changes if isinstance(c, Allocate)), Decimal(0)),
        reclaimed=sum((c.amount for c in changes if isinstance(c, Reclaim)), Decimal(0)),
    )
    given = Facts(changes, funds, "USD", (facts or {}).get("spent", {}), (facts or {}).get("expected", {}))
    return guard_results(GuardSettings.model_validate(settings), waivers, given, as_of=AS_OF)


CASES: list[tuple[str, dict[str, Any], Change, dict[str, dict[str, Decimal]]]] = [
    ("total-moved", {"total_moved": "499.99"}, move(Reclaim, "500"), {}),
    ("net-increase", {"net_increase": "499.99"}, move(Allocate, "500"), {}),
    ("largest-change", {"largest_change": "499.99"}, move(Allocate, "500"), {}),
    ("largest-change-percent", {"largest_change_percent": "49%"}, move(Allocate, "500"), {}),
    (
        "target-below-spend",
        {"target_below_spend": True},
        move(Reclaim, "500"),
        {"spent": {"team_support": Decimal("500.01")}},
    ),
    (
        "target-below-forecast",
        {"target_below_forecast": True},
        move(Reclaim, "500"),
        {"expected": {"team_support": Decimal("500.01")}},
    ),
    ("hard-limit-on", {"hard_limit_on": True}, update(alert(), alert(hard_limit=True)), {}),
    ("alert-removed", {"alert_removed": True}, update(alert(), alert(percentages=(100,))), {}),
]


@pytest.mark.parametrize(("guard", "settings", "change", "facts"), CASES, ids=[case[0] for case in CASES])
def test_each_guard_refuses_with_numbers_and_names_the_waiver_that_lets_it_pass(
    guard: str, settings: dict[str, Any], change: Change, facts: dict[str, dict[str, Decimal]]
) -> None:
    (refused,) = results(settings, change, facts=facts)
    assert (refused.guard, refused.status) == (guard, "refused")
    assert re.search(r"\d", refused.message)
    snippet = re.search(r"`(- \{.*\})`", refused.hint)
    assert snippet is not None
    (document,) = YAML(typ="safe", pure=True).load(snippet[1])
    waiver = Waiver.model_validate({**document, "max": str(document["max"])})
    (waived,) = results(settings, change, waivers=(waiver,), facts=facts)
    assert waived.status == "waived"


@pytest.mark.parametrize(("guard", "settings", "change", "facts"), CASES, ids=[case[0] for case in CASES])
def test_a_guard_that_is_not_set_says_nothing(
    guard: str, settings: dict[str, Any], change: Change, facts: dict[str, dict[str, Decimal]]
) -> None:
    assert results({}, change, facts=facts) == ()


def test_a_limit_that_is_just_met_is_not_exceeded() -> None:
    settings = {"total_moved": "500", "net_increase": "500", "largest_change": "500", "largest_change_percent": "50%"}
    assert results(settings, move(Allocate, "500")) == ()


def test_reclaims_count_against_the_net_increase() -> None:
    assert results({"net_increase": "100"}, move(Allocate, "500"), move(Reclaim, "400", wallet="team_sales")) == ()


def test_a_deleted_billing_budget_is_a_removed_alert_and_a_new_one_is_none() -> None:
    deleted = object_change(
        "delete_billing_budget", team="support", environment=None, key="team/team_support/x", before=alert()
    )
    created = object_change(
        "create_billing_budget",
        team="support",
        environment=None,
        key="team/team_support/y",
        after=alert(hard_limit=True),
    )
    settings = {"alert_removed": True, "hard_limit_on": True}
    assert [result.guard for result in results(settings, created, deleted)] == ["alert-removed"]


@pytest.mark.parametrize(
    "changes",
    [{"until": "2026-06-17"}, {"max": "499.99"}, {"team": "sales"}, {"guard": "total-moved"}],
    ids=["expired", "too small", "another team", "another guard"],
)
def test_a_waiver_covers_only_what_it_says(changes: dict[str, str]) -> None:
    fields = {
        "guard": "largest-change",
        "team": "support",
        "max": "500",
        "until": "2026-06-18",
        "reason": "r",
        "approved_by": "a",
    }
    covering = Waiver.model_validate(fields)
    other = Waiver.model_validate({**fields, **changes})
    settings = {"largest_change": "100"}
    assert [r.status for r in results(settings, move(Allocate, "500"), waivers=(covering,))] == ["waived"]
    assert [r.status for r in results(settings, move(Allocate, "500"), waivers=(other,))] == ["refused"]
