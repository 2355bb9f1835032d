"""Whose a warning is: the change's where it was not there before, or its figure got worse; else it stands anyway."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from reconciler.model.later import Later, LaterExpectation, LaterTarget
from reconciler.model.money import Funds
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.year_money import YearMoney
from reconciler.report.notices import running_out, standing, warnings

JUNE = Period(2026, 6)
ORGANIZATION = "budgets/org.yaml"


def found(code: str, path: str = ORGANIZATION, line: int = 6) -> PlanFinding:
    return PlanFinding(path=path, line=line, column=16, severity="warning", code=code, message="so it is", hint="")


def year(applied: str, not_applied: str | None, *, moved: str = "0") -> YearMoney:
    return YearMoney(
        name="FY2027",
        annual_target=Decimal(680_000),
        applied=Decimal(applied),
        not_applied=None if not_applied is None else Decimal(not_applied),
        moved=Decimal(moved),
    )


def said(key: str, position: str, *, team: str = "", kind: Any = "setting") -> dict[str, Any]:
    item = LaterExpectation(
        team=team, name=key, before="1", after="2", period=JUNE, kind=kind, key=key, position=position
    )
    return {
        "later": Later(since="9c1e", until=JUNE, **{"expectations" if kind == "expectation" else "settings": (item,)})
    }


def funds(before: str, after: str) -> dict[str, Any]:
    amounts = {"available": Decimal(before), "after": Decimal(after)}
    return {"funds": Funds(allocated=Decimal(0), reclaimed=Decimal(0), **amounts)}


def next_month(more: str) -> dict[str, Any]:
    item = LaterTarget(
        team="support",
        environment="prod",
        wallet=WalletRef.team("team_support"),
        period=JUNE.plus(1),
        before=Decimal(5000),
        after=5000 + Decimal(more),
    )
    return {"later": Later(since="9c1e", until=JUNE.plus(1), targets=(item,))}


def of_change(plan: Plan, code: str) -> bool:
    told = [notice.title for notice in warnings(plan)], [notice.title for notice in standing(plan)]
    assert sum(str(title) == code for titles in told for title in titles) == 1, "every warning is told once"
    return code in map(str, told[0])


@pytest.mark.parametrize(
    ("code", "facts", "caused"),
    [
        ("annual-target-exceeded", {"year_money": year("697700", "673700")}, True),
        ("annual-target-exceeded", {"year_money": year("699700", "697700")}, True),
        ("annual-target-exceeded", {"year_money": year("697700", "697700")}, False),
        ("annual-target-exceeded", {"year_money": year("690000", "697700")}, False),
        ("annual-target-exceeded", {"year_money": year("697700", None, moved="2000")}, True),
        ("annual-target-exceeded", {"year_money": year("697700", None)}, False),
        ("annual-target-exceeded", {}, False),
        (
            "annual-target-exceeded",
            {"year_money": year("697700", "697700"), **said("annual_target", "budgets/org.yaml:6:16")},
            True,
        ),
        ("soft-cap", funds("-100", "50"), True),
        ("soft-cap", funds("86200", "84200"), False),
        ("next-month-short", funds("86200", "84200"), True),
        ("next-month-short", funds("86200", "86200"), False),
        ("next-month-short", {**funds("86200", "86200"), **next_month("400")}, True),
        ("next-month-short", {**funds("86200", "86200"), **next_month("-400")}, False),
        ("next-month-short", {**funds("86200", "84200"), **next_month("-2000")}, False),
        ("year-rests-on-savings", said("plan.growth", "", team="support", kind="expectation"), True),
        ("year-rests-on-savings", said("owners", ""), False),
        ("usage-ends-early", said("usage", "budgets/org.yaml:6:3"), False),
        ("outside-fiscal-year", said("fiscal_year", "budgets/org.yaml:6:14"), True),
        ("outside-fiscal-year", said("currency", "budgets/org.yaml:4:11"), False),
        ("not-compared", {}, True),
    ],
)
def test_a_warning_about_the_organization_is_the_changes_where_it_was_not_or_was_less_before(
    plans: Any, code: str, facts: dict[str, Any], caused: bool
) -> None:
    assert of_change(plans.plan(findings=(found(code),), **facts), code) == caused


def test_a_warning_in_a_teams_file_is_the_changes_where_that_file_is_what_changes(plans: Any) -> None:
    path = "budgets/teams/support.yaml"
    warned = {"findings": (found("wallets-below-plan", path),)}
    only_plan = said("plan.growth", f"{path}:9:7", team="support", kind="expectation")
    elsewhere = said("plan.growth", "budgets/teams/legal.yaml:9:7", team="legal", kind="expectation")
    money = plans.Wallet().change(position=f"{path}:14:14")
    assert of_change(plans.plan(money, **warned), "wallets-below-plan")
    assert of_change(plans.plan(**warned, **only_plan), "wallets-below-plan")
    assert not of_change(plans.plan(**warned, **elsewhere), "wallets-below-plan")


def test_that_a_wallet_runs_out_is_a_standing_notice_only_where_the_plan_leaves_its_money_alone(plans: Any) -> None:
    path = "budgets/teams/support.yaml"
    here, beside = found("runs-out", path, 16), found("runs-out", path, 17)
    made = plans.plan(plans.Wallet().change(position=f"{path}:16:16"), findings=(here, beside))
    assert [notice.where for notice in running_out(made)] == [f"{path}:16:16"]
    assert [notice.where for notice in standing(made)] == [f"{path}:17:16"]
    assert not warnings(made)
