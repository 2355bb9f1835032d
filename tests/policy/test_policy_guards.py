"""Guards refuse with numbers and the exact waiver; a waiver is scoped, capped and expires."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from ruamel.yaml import YAML
from worlds import JUNE, billing_budget, object_change

from reconciler.model.change import (
    Allocate,
    Change,
    Reclaim,
)
from reconciler.model.guards import Guard, GuardSettings, Waiver
from reconciler.model.money import Funds
from reconciler.model.plan import GuardResult
from reconciler.model.policy_input import Currencies, PolicyInput, WalletFacts
from reconciler.policy import rule
from reconciler.policy.guards import ALWAYS, guard_rules

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
    wallets = {
        key: WalletFacts(team="support", environment="prod", spent=spent)
        for key, spent in (facts or {}).get("spent", {}).items()
    }
    wallets |= {
        key: WalletFacts(team="support", environment="prod", confidence="normal", month_end={"0.5": middle})
        for key, middle in (facts or {}).get("expected", {}).items()
    }
    given = input_of(*changes, wallets=wallets)
    return rule.results(guard_rules(GuardSettings.model_validate(settings)), given, waivers, as_of=AS_OF)


def input_of(*changes: Change, pool: str | None = None, **other: Any) -> PolicyInput:
    available = None if pool is None else Decimal(pool)
    return PolicyInput(
        organization="org_acme",
        currency="USD",
        period=JUNE,
        as_of=AS_OF,
        funds=Funds(available=available, after=None, allocated=Decimal(0), reclaimed=Decimal(0)),
        changes=changes,
        **{"wallets": {}, **other},
    )


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


@pytest.mark.parametrize("limit", ["total_moved", "largest_change", "net_increase", "largest_change_percent"])
def test_a_limit_of_nothing_is_a_limit(limit: str) -> None:
    (refused,) = results({limit: "0%" if limit.endswith("percent") else "0.00"}, move(Allocate, "0.01"))
    assert (refused.guard, refused.limit) == (limit.replace("_", "-"), "0.00")


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


def always(facts: PolicyInput) -> list[tuple[str, str]]:
    return [(result.guard, result.status) for result in rule.results(ALWAYS, facts, None, as_of=AS_OF)]


def test_a_pool_that_cannot_pay_is_refused_with_what_is_missing() -> None:
    facts = input_of(move(Allocate, "500"), move(Reclaim, "20", wallet="team_sales"), pool="100.50")
    (refused,) = rule.results(ALWAYS, facts, None, as_of=AS_OF)
    assert (refused.status, refused.value, refused.limit) == ("refused", "500.00", "120.50")
    assert "USD 379.50 are missing" in refused.message
    assert "USD 379.50" in refused.hint
    assert "waivers" not in refused.hint


def test_a_pool_that_can_pay_is_said_and_one_that_cannot_be_seen_is_not() -> None:
    assert always(input_of(move(Allocate, "500"), pool="500")) == [("pool-exhaustion", "passed")]
    assert always(input_of(pool="-3")) == [("pool-exhaustion", "passed")]
    assert always(input_of(move(Allocate, "500"))) == []


@pytest.mark.parametrize("of_pool", [True, False], ids=["pool", "teams"])
def test_a_currency_that_the_organization_has_no_money_of_is_refused(of_pool: bool) -> None:
    found = Currencies(held=("EUR", "GBP"), of_pool=of_pool)
    (refused,) = rule.results(ALWAYS, input_of(currencies=found), None, as_of=AS_OF)
    assert (refused.guard, refused.status) == ("currency", "refused")
    assert ("organization wallets are in EUR and GBP" in refused.message) == of_pool
    assert "`currency: EUR`" in refused.hint
    assert always(input_of(currencies=Currencies(held=("EUR", "USD"), of_pool=of_pool))) == []
    assert always(input_of(currencies=Currencies(held=(), of_pool=of_pool))) == []


def test_verdicts_come_in_the_order_of_the_changes_after_those_on_the_run() -> None:
    settings = {"total_moved": "1", "net_increase": "1", "largest_change": "1", "largest_change_percent": "1%"}
    said = results(settings, move(Allocate, "500"), move(Allocate, "300", wallet="team_sales"))
    assert [(result.guard, result.value) for result in said] == [
        ("total-moved", "800.00"),
        ("net-increase", "800.00"),
        ("largest-change", "500.00"),
        ("largest-change-percent", "50.00"),
        ("largest-change", "300.00"),
        ("largest-change-percent", "30.00"),
    ]


def test_every_guard_has_a_rule() -> None:
    switches: dict[str, Any] = {"total_moved": "1", "largest_change": "1", "net_increase": "1"}
    switches |= {"largest_change_percent": "1%", "target_below_spend": True, "target_below_forecast": True}
    settings = GuardSettings.model_validate({**switches, "hard_limit_on": True, "alert_removed": True})
    assert all(settings.model_dump().values())
    rules = (*guard_rules(settings), *ALWAYS)
    assert {item.name for item in rules} == {*Guard, "currency"}
    assert {item.level for item in rules} == {"deny"}


def test_a_share_just_beyond_its_limit_is_refused_however_little_it_is_beyond() -> None:
    settings = {"largest_change_percent": "33.3333%"}
    assert results(settings, move(Allocate, "333333.00", before="1000000")) == ()
    (refused,) = results(settings, move(Allocate, "333333.01", before="1000000"))
    assert refused.guard == "largest-change-percent"
