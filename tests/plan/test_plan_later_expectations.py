"""What a plan expects otherwise than before is told with its money and its first month."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from worlds import JUNE, ORGANIZATION, desired

from reconciler.model.desired import Desired
from reconciler.model.later import LaterExpectation
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.plan.later import changed_expectations

MONTHS = [JUNE.plus(ahead) for ahead in range(12)]
GROWN: dict[str, Any] = {"baseline_monthly": 10000, "growth": [{"reason": "r", "rate": "10%", "from": "2026-06"}]}


def organization(plan: dict[str, Any], **settings: Any) -> Desired:
    team = TeamBudget.model_validate({"version": 1, "team": "support", "plan": plan})
    fields = {**ORGANIZATION.model_dump(mode="json", exclude_none=True), **settings}
    return replace(
        desired(teams=["support"]), teams={"support": team}, organization=type(ORGANIZATION).model_validate(fields)
    )


def changed(before: Desired, after: Desired, **other: Any) -> list[LaterExpectation]:
    facts = {"teams": {"support"}, "periods": MONTHS, **other}
    return [item for item, _ in changed_expectations(before, after, **facts)]


def demand(monthly: int, start: str, **other: str) -> dict[str, Any]:
    return {"planned_demand": [{"reason": "voice", "monthly": monthly, "from": start, **other}]}


@pytest.mark.parametrize(
    ("before", "after", "period", "until", "monthly", "total"),
    [
        ({}, demand(600, "2026-10"), "2026-10", "2027-05", 600, 4800),
        (demand(600, "2026-10"), {}, "2026-10", "2027-05", -600, -4800),
        (demand(600, "2026-10"), demand(700, "2026-12"), "2026-10", "2027-05", -600, -600),
        (demand(600, "2026-10"), demand(600, "2026-10", until="2026-12"), "2027-01", "2027-05", -600, -3000),
        ({"baseline_monthly": 900}, {"baseline_monthly": 1000}, "2026-06", "2027-05", 100, 1200),
        ({}, {"baseline_monthly": 1000}, "2026-06", "2027-05", 1000, 12000),
        (
            GROWN,
            {**GROWN, "growth": [*GROWN["growth"], {"reason": "s", "rate": "20%", "from": "2027-01"}]},
            "2027-01",
            "2027-05",
            2200,
            11000,
        ),
        (GROWN, {**GROWN, "baseline_monthly": 20000}, "2026-06", "2027-05", 11000, 132000),
    ],
)
def test_a_change_is_told_with_its_first_month_and_its_money(
    before: dict[str, Any], after: dict[str, Any], period: str, until: str, monthly: int, total: int
) -> None:
    (item,) = changed(organization(before), organization(after))
    assert (item.period, item.until) == (Period.parse(period), Period.parse(until))
    assert (item.monthly, item.total) == (Decimal(monthly), Decimal(total))


@pytest.mark.parametrize(
    ("before", "after", "name", "told"),
    [
        ({}, {"growth": GROWN["growth"]}, "growth", ("", "10% from 2026-06 (r)")),
        (
            {},
            {"cache_hit_rate": {"from": "14%", "to": "28%", "by": "2026-12", "since": "2026-07"}},
            "cache hit rate",
            ("", "14% to 28% since 2026-07 by 2026-12"),
        ),
        (
            {"provider_mix": [{"reason": "r", "from": "a/b", "to": "c/d", "share": "30%", "by": "2026-09"}]},
            {},
            "provider mix",
            ("30% of a/b to c/d by 2026-09 (r)", ""),
        ),
        ({}, {"fallback": {"share": "3%", "price_ratio": 1}}, "fallback", ("", "3% at 1 times the price")),
        (
            {},
            {"rate_limits": [{"reason": "r", "daily": 800, "from": "2026-07"}]},
            "rate limits",
            ("", "USD 800.00 a day from 2026-07 (r)"),
        ),
    ],
)
def test_what_the_plan_alone_cannot_put_into_money_has_none(
    before: dict[str, Any], after: dict[str, Any], name: str, told: tuple[str, str]
) -> None:
    (item,) = changed(organization(before), organization(after))
    assert (item.name, item.before, item.after, item.monthly) == (name, *told, None)


def test_a_change_of_months_that_are_over_changes_no_money() -> None:
    (item,) = changed(organization({}), organization(demand(5, "2026-01", until="2026-03")))
    assert (item.monthly, item.total) == (Decimal(0), None)


def test_another_reason_is_told_and_changes_no_money() -> None:
    after = organization({**GROWN, "growth": [{**GROWN["growth"][0], "reason": "x"}]})
    (item,) = changed(organization(GROWN), after)
    assert (item.before, item.after, item.monthly) == ("10% from 2026-06 (r)", "10% from 2026-06 (x)", Decimal(0))


def test_other_teams_are_left_out() -> None:
    assert changed(organization({}), organization(demand(5, "2026-10")), teams=set()) == []


def test_what_the_organization_changes_is_told_too() -> None:
    after = organization({}, unused="reclaim", annual_target="700000", forecast={"resilience_margin": "3%"})
    assert [(item.team, item.name, item.before, item.after) for item in changed(organization({}), after)] == [
        ("", "annual target", "", "USD 700,000.00"),
        ("", "unused money", "keep", "reclaim"),
        ("", "resilience margin", "0%", "3%"),
    ]


def test_growth_counts_with_the_cache_that_is_planned_and_a_cache_with_the_growth() -> None:
    """Growth of 10,000 by a tenth is 500 where half is cached; what is told of each adds up to what the plan needs."""
    cache = {"cache_hit_rate": {"from": "0%", "to": "50%", "since": "2026-04", "by": "2026-05"}}
    plain = {"baseline_monthly": 10000}
    (grown,) = changed(organization({**plain, **cache}), organization({**GROWN, **cache}))
    both = changed(organization(plain), organization({**GROWN, **cache}))

    assert (grown.monthly, grown.total) == (Decimal(500), Decimal(6000))
    assert [(item.name, item.monthly) for item in both] == [
        ("growth", Decimal(1000)),
        ("cache hit rate", Decimal(-5500)),
    ]
