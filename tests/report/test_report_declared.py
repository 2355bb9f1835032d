"""What the YAML changes besides the money of now reads well in every format, and is never called no change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from report.declared_plans import ASKED, STORIES, changed, governance, later_months, state, team, thirty_teams
from report.report_plans import budget_update, nothing, one_wallet

from reconciler.report.markdown import markdown
from reconciler.report.site.html import html
from reconciler.report.spans import plain
from reconciler.report.summary import summarise
from reconciler.report.text import text


@pytest.mark.parametrize("story", STORIES)
def test_the_comment_and_the_terminal_read_as_in_their_golden_files(
    story: str, golden: Callable[[str, str], None]
) -> None:
    report = summarise(STORIES[story](), approvals=ASKED[story])
    golden(f"report/{story}.md", markdown(report))
    golden(f"report/{story}-80.txt", text(report, width=80, colour=False))


@pytest.mark.parametrize("story", STORIES)
def test_no_format_calls_it_no_change(story: str) -> None:
    plan = STORIES[story]()
    report = summarise(plan)
    for shown in (markdown(report), html(plan, report), text(report, width=200, colour=False)):
        assert "no changes" not in shown
        assert "no money moves in" not in shown
        assert "Merging applies nothing" not in shown
        assert "Nothing to change" not in shown


def test_the_verdict_says_what_it_is_about() -> None:
    assert plain(summarise(governance()).headline) == (
        "Budget plan: about USD 1,830 of unused money goes back to the organization wallet on 1 July, the owners,"
        " finance"
        " threshold, guard on one wallet's change and 1 more of the organization change, the owners of support change;"
        " June 2026 stays as it is"
    )
    assert plain(summarise(later_months()).headline) == (
        "Budget plan: support / prod goes from USD 12,500 to 92,000 in August 2026, support expects USD 600 a month"
        " more from October 2026; June 2026 stays as it is"
    )
    assert plain(summarise(thirty_teams()).headline).endswith(
        "; it also changes owners of 15 teams, later months of 30 wallets (USD 79,500 more in August 2026)"
    )


def test_an_alert_that_its_change_tells_is_not_told_twice() -> None:
    alert = {"name": "support-monthly", "amount": 10500}
    before = state({}, {"support": team(billing_budgets=[alert])})
    after = state({}, {"support": team(billing_budgets=[{**alert, "amount": 12500, "hard_limit": True}])})
    rules = [plain(rule) for rule in summarise(changed(one_wallet(), before, after)).rules]
    assert [rule.partition(":")[0] for rule in rules] == ["support, alert support-monthly, hard limit"]
    switched = one_wallet().model_copy(update={"changes": (budget_update(hard_limit=True),)})
    assert summarise(changed(switched, before, after)).rules == ()
    told = [plain(rule).partition(":")[0] for rule in summarise(changed(nothing(), before, after)).rules]
    assert told == ["support, alert support-monthly, amount", "support, alert support-monthly, hard limit"]


def test_a_target_of_a_month_that_is_over_is_told_too() -> None:
    before, after = (state({}, {"support": team(overrides=months)}) for months in ({}, {"2026-05": 1}))
    report = summarise(changed(nothing(), before, after))
    (rule,) = report.rules
    assert plain(rule).startswith("support, wallet prod, target of 2026-05: none → USD 1.00.")
    assert "for support, the target of 2026-05 (wallet prod) changes; June" in plain(report.headline)


def test_money_of_a_correction_is_told_with_its_month_and_its_demand_beside_it() -> None:
    def rules(first: Any, second: Any) -> list[str]:
        before, after = (state({}, {"support": team(overrides={"2026-08": value})}) for value in (first, second))
        return [plain(rule).partition(". ")[0] for rule in summarise(changed(nothing(), before, after)).rules]

    usual = {"amount": 9000, "demand": "usual"}
    assert rules(usual, {**usual, "amount": 8000}) == []
    (demand,) = rules(usual, {**usual, "demand": "+20%"})
    assert demand.startswith("support, wallet prod, target of 2026-08, demand: as usual → +20% of it")


def test_the_last_line_counts_what_moves_no_money_apart() -> None:
    before, after = (state({}, {"support": team(owners=owner)}) for owner in ("@a/b", "@c/d"))
    totals = summarise(changed(one_wallet(), before, after)).totals
    assert "out; 1 more that moves no money today (digest " in totals


def test_what_changes_alike_in_many_teams_is_said_once() -> None:
    names = [f"t{number}" for number in range(9)]
    before, after = (state({}, {name: team(key=name, owners=f"@{side}-{name}") for name in names}) for side in "ab")
    headline = plain(summarise(changed(nothing(), before, after)).headline)
    assert headline == "Budget plan: owners of 9 teams change; June 2026 stays as it is"
