"""What a review prints, in every format: golden files, to be read like the pages that people get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from review.review_question import reviewed
from review.review_worlds import world

from reconciler.app.review import Reviewed

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
