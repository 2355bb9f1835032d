"""Sums of a review are rounded once: they are no sums of amounts that were rounded before."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from forecast.forecast_world import UsageBuilder

from reconciler.app.review import Reviewed
from reconciler.findings import Origin
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.organization import FiscalYearSetting, OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.review import ReviewDocument
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget
from reconciler.report.review_text import MOST
from reconciler.report.review_words import caption, totals, uncovered
from reconciler.review.organization import Question, review
from reconciler.review.span import span_of

MAY = date(2026, 5, 1)
JULY = date(2026, 7, 1)
TEAMS = ("alpha", "beta", "gamma")


def reviewed(usage: UsageBuilder, *, against: str | None = None, monthly: str = "1.00") -> ReviewDocument:
    """Return the review of June for three teams."""
    year = FiscalYearSetting(name="FY2027", starts=Period(2026, 6))
    organization = OrganizationBudget.model_validate(
        {"version": 1, "organization": "org", "currency": "USD", "fiscal_year": year, "environments": ["all"]}
    )
    plan = AnnualPlan.model_validate({"baseline_monthly": monthly})
    teams, wallets = {}, {}
    for name in TEAMS:
        setting = WalletTarget.model_validate({"team_id": f"team_{name}", "monthly": "100.00"})
        teams[name] = TeamBudget.model_validate({"version": 1, "team": name, "plan": plan, "wallets": {"all": setting}})
        key = WalletRef.team(setting.team_id)
        wallets[key] = DesiredWallet(name, "all", key, "USD", setting, Origin(f"budgets/teams/{name}.yaml"))
    other = span_of(against, year.value) if against else None
    span = span_of("2026-06", year.value)
    return review(Question(Desired(organization, teams, wallets), usage.build(), span, span, other, JULY, JULY))


def spent(*amounts: float, first: date = MAY, who: str = "team_{}") -> UsageBuilder:
    """Return usage in which each of three teams spends an amount on the first of May and of June."""
    usage = UsageBuilder()
    for name, amount in zip(TEAMS, amounts, strict=True):
        for day in {first, date(2026, 6, 1)}:
            usage.row(day, who.format(name), amount, requests=1, input_tokens=10, workload="chat", model="m")
    return usage.row(JULY - timedelta(days=1), "team_alpha", 0.0, requests=0)


def test_what_all_teams_spent_is_rounded_once() -> None:
    found = reviewed(spent(1.004, 1.004, 1.004))
    assert [team.actual for team in found.teams] == [Decimal("1.00")] * 3
    assert (found.actual, found.plan, found.difference) == (Decimal("3.01"), Decimal("3.00"), Decimal("0.01"))
    assert totals(found) == "3 teams spent 3.01, 0.01 (0.3%) above their plans of 3.00."


def test_what_all_teams_spent_against_another_period_is_rounded_once() -> None:
    found = reviewed(spent(1.004, 1.004, 1.004), against="2026-05")
    assert [team.difference for team in found.teams] == [0, 0, 0]
    assert (found.actual, found.plan, found.difference) == (Decimal("3.01"), Decimal("3.01"), Decimal(0))


def test_what_nobody_declares_is_rounded_once_also_where_a_saved_document_is_read_again() -> None:
    found = reviewed(spent(1.004, 1.004, 1.004, who="other_{}"))
    assert uncovered(found) == (
        "In no figure above: 3.01 of 3 teams that no YAML names, or names as absent: other_alpha, other_beta and"
        " other_gamma."
    )
    assert [(one.team_id, one.spent) for one in found.uncovered] == [
        ("other_alpha", Decimal("1.00")),
        ("other_beta", Decimal("1.00")),
        ("other_gamma", Decimal("1.00")),
    ]
    assert uncovered(ReviewDocument.model_validate_json(found.model_dump_json())) == uncovered(found)


def test_workloads_that_have_no_row_of_their_own_are_what_the_others_leave_of_their_team() -> None:
    """Nine of 1.004 are 9.04: four of the first six are told as 1.01, two as 1.00, and 3.00 is left."""
    usage = UsageBuilder()
    for day in (MAY, date(2026, 6, 1)):
        for number in range(MOST + 3):
            usage.row(day, "team_alpha", 1.004, requests=1, input_tokens=10, workload=f"w{number}", model="m")
    usage.row(JULY - timedelta(days=1), "team_alpha", 0.0, requests=0)
    text = Reviewed(reviewed(usage, against="2026-05")).rendered("text")
    row = next(line for line in text.splitlines() if "3 more workloads" in line)
    assert row.split() == ["3", "more", "workloads", "3.00", "3.00", "0.00"]
    assert text.count(" 1.01  1.01") == 4


def test_teams_of_less_than_half_a_cent_are_counted_and_in_the_sum_of_what_no_yaml_names() -> None:
    usage = spent(1.0, 1.0, 1.0).row(date(2026, 6, 1), "stranger", 1.0, requests=1)
    for number in range(300):
        usage.row(date(2026, 6, 1), f"small_{number}", 0.004, requests=1)
    usage.row(date(2026, 6, 1), "silent", 0.0, requests=1)
    found = reviewed(usage)
    assert (found.uncovered[0].team_id, len(found.uncovered)) == ("stranger", 301)
    assert uncovered(found).startswith(
        "In no figure above: 2.20 of 301 teams that no YAML names, or names as absent: stranger, "
    )


def test_workloads_and_models_add_up_to_their_team_to_the_cent() -> None:
    """Three of 1.004 are 3.01: one of them is told as 1.01, by workload and by model."""
    usage = UsageBuilder()
    for day in (MAY, date(2026, 6, 1)):
        for name in ("a", "b", "c"):
            usage.row(day, "team_alpha", 1.004, requests=1, input_tokens=10, workload=name, model=name, provider="p")
    usage.row(JULY - timedelta(days=1), "team_alpha", 0.0, requests=0)
    page = Reviewed(reviewed(usage, against="2026-05"))
    team = next(each for each in page.document().teams if each.team == "alpha")
    assert team.actual == Decimal("3.01")
    for rows in (team.workloads, team.models):
        assert sorted(row.actual for row in rows) == [Decimal("1.00"), Decimal("1.00"), Decimal("1.01")]
        assert sum(row.plan for row in rows) == team.plan
        assert all(row.difference == row.actual - row.plan for row in rows)
    assert "| p/a | 1.01 | 1.01 | 0.00 |" in page.rendered("markdown")


def test_days_of_a_month_that_is_over_are_all_that_is_known() -> None:
    found = reviewed(spent(1.0, 1.0, 1.0, first=date(2026, 6, 1)))
    began = found.model_copy(update={"is_partial": True, "first_day": date(2026, 6, 10)})
    assert "(2026-06-10 to 2026-06-30, so far)" in caption(began), "looked at on the day after its last"
    later = began.model_copy(update={"as_of": date(2026, 7, 15)})
    assert "(2026-06-10 to 2026-06-30, all that is known)" in caption(later)
