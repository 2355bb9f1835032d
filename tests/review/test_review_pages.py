"""What a review prints, in every format: golden files, to be read like the pages that people get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder
from review.review_question import reviewed
from review.review_worlds import WALLET, World, world

from reconciler.app.review import Reviewed
from reconciler.model.team import AnnualPlan
from reconciler.report.review_words import totals

Golden = Callable[[str, str], None]


@pytest.mark.parametrize("form", ["text", "markdown", "csv"])
def test_a_quarter_against_the_plan(golden: Golden, form: str) -> None:
    page = Reviewed(reviewed(world(3, "cache", size=0.12, days=130), "2026-Q3"))

    golden(f"review/a_quarter_against_the_plan.{form}", page.rendered(form))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_month_against_the_month_before(golden: Golden, form: str) -> None:
    page = Reviewed(reviewed(world(3, "unit_price", size=0.3, days=100, begins=61), "2026-08", against="2026-07"))

    golden(f"review/a_month_against_the_month_before.{form}", page.rendered(form))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_a_digest_of_a_week(golden: Golden, form: str) -> None:
    page = Reviewed(reviewed(world(3, "demand", size=0.9, days=110, begins=90), "2026-W37"), is_digest=True)

    golden(f"review/a_digest_of_a_week.{form}", page.rendered(form))


@pytest.mark.parametrize("form", ["text", "markdown", "csv"])
def test_a_quarter_whose_exports_do_not_tell_what_the_cache_answered(golden: Golden, form: str) -> None:
    year = world(3, "demand", size=0.3, days=130)
    usage = replace(year.usage, source=replace(year.usage.source, absent=frozenset({"cache_hit"})))
    (team,) = (facts := reviewed(replace(year, usage=usage), "2026-Q3")).teams

    assert team.effects[0].together_with == ("cache",)
    assert "If it is demand (requests): " in team.response
    assert "If it is cache: find out why the cache is not used" in team.response
    golden(f"review/a_quarter_without_cache_hit.{form}", Reviewed(facts).rendered(form))


@pytest.mark.parametrize(("days", "told"), [(4, "the first 4 days of July 2026"), (1, "the first day of July 2026")])
def test_a_period_that_is_not_over_is_held_against_as_many_days_and_says_so(days: int, told: str) -> None:
    usage, first = UsageBuilder(), date(2026, 4, 6)
    usage.series(WALLET, first, np.full((date(2026, 8, 1) - first).days + days, 100.0), requests=10, workload="chat")
    plan = AnnualPlan.model_validate({"baseline_monthly": "3000.00"})

    found = reviewed(World(None, plan, usage.build()), "2026-08", against="2026-07")
    assert f"exactly {told}, which cost USD {days}00.00" in found.teams[0].sentence
    assert f"exactly {told.replace('July 2026', '2026-07')}, which cost {days}00.00" in totals(found)

    planned = reviewed(World(None, plan, usage.build()), "2026-08")
    part = f"its plan for the first {f'{days} days' if days > 1 else 'day'}, "
    assert f" {part}USD {planned.plan:,.2f}" in planned.teams[0].sentence
    assert f" {part}{planned.plan:,.2f}." in totals(planned)

    over = reviewed(World(None, plan, usage.build()), "2026-07", against="2026-06")
    assert "above June 2026, which cost USD 3,000.00" in over.teams[0].sentence
