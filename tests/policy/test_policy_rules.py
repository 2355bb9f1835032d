"""An organization's own rules stand beside the guards: what they ask for is among the facts of a saved plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from report.report_plans import AS_OF, ASSUMPTIONS, BY_HAND, DEV, JUNE, Wallet, plan
from worlds import ORGANIZATION, billing_budget, desired

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.guards import GuardSettings
from reconciler.model.plan import read_plan, sealed
from reconciler.model.policy_input import PolicyInput
from reconciler.model.wallet_ref import WalletRef
from reconciler.policy.facts import Told, declared_objects, facts_of, judged
from reconciler.policy.guards import guard_rules
from reconciler.policy.rule import BuiltIn, GuardRule, Verdict, results

MAY = JUNE.plus(-1)
Judge = Callable[[PolicyInput], Iterator[Verdict]]


def moves(facts: PolicyInput) -> Iterator[tuple[int, Allocate | Reclaim]]:
    return ((i, one) for i, one in enumerate(facts.changes) if isinstance(one, Allocate | Reclaim))


def below_p90(facts: PolicyInput) -> Iterator[Verdict]:
    for about, move in moves(facts):
        high = facts.wallets[move.wallet].month_end["0.9"]
        if move.environment == "prod" and move.target < high:
            yield Verdict("below-p90", value=high, limit=move.target, team=move.team, about=about)


def above_a_fifth(facts: PolicyInput) -> Iterator[Verdict]:
    for about, move in moves(facts):
        if isinstance(move, Allocate) and move.amount * 5 > move.funded_before:
            yield Verdict("above-a-fifth", team=move.team, about=about)


def may_run_out(facts: PolicyInput) -> Iterator[Verdict]:
    for wallet in facts.wallets.values():
        if wallet.after and wallet.after.runs_out is not None and wallet.after.runs_out > Decimal("0.02"):
            yield Verdict("may-run-out", team=wallet.team)


def unwatched_limit(facts: PolicyInput) -> Iterator[Verdict]:
    for one in facts.objects or ():
        if one.value.get("hard_limit") and 80 not in one.value["alert_percentages"]:
            yield Verdict("unwatched-limit", one.key, team=one.team)


def end_of_quarter(facts: PolicyInput) -> Iterator[Verdict]:
    assert facts.fiscal_year is not None
    left = 3 - facts.period.months_since(facts.fiscal_year) % 3
    if facts.changes and facts.as_of >= facts.period.plus(left).first - timedelta(days=3):
        yield Verdict("end-of-quarter")


def missed_promise(facts: PolicyInput) -> Iterator[Verdict]:
    behind = {one.team: [row.name for row in one.assumptions if row.verdict == "behind"] for one in facts.assumptions}
    for about, move in moves(facts):
        if isinstance(move, Allocate) and behind.get(move.team):
            yield Verdict("missed-promise", ", ".join(behind[move.team]), team=move.team, about=about)


def by_hand(facts: PolicyInput) -> Iterator[Verdict]:
    yield from (Verdict("by-hand", team=item.team) for item in facts.drift if item.category == "changed")


def doubled(facts: PolicyInput) -> Iterator[Verdict]:
    for about, move in moves(facts):
        last = facts.history.get(move.wallet, {}).get(facts.period.plus(-1))
        if last is not None and move.target > 2 * last:
            yield Verdict("doubled", value=move.target, limit=2 * last, team=move.team, about=about)


RULES: tuple[Judge, ...] = (
    below_p90,
    above_a_fifth,
    may_run_out,
    unwatched_limit,
    end_of_quarter,
    missed_promise,
    by_hand,
    doubled,
)


def rule(judge: Judge) -> GuardRule:
    return BuiltIn(judge.__name__.replace("_", "-"), "deny", judge)


def saved(*, as_of: date = AS_OF, limit: bool = True, may: str = "6000", target: str = "11500") -> PolicyInput:
    """Return the facts of a plan that raises support from 9,000, read from the text of its file."""
    support = Wallet(funded="9000", target=target)
    budget = billing_budget("x", "80", alert_percentages=(90, 100), hard_limit=limit)
    told = Told(
        fiscal_year=JUNE,
        objects=tuple(declared_objects(desired(budgets=[("support", budget)]), None)),
        history={WalletRef.team(support.key): {MAY: Decimal(may)}},
    )
    facts: dict[str, Any] = {"assumptions": (ASSUMPTIONS,), "drift": (BY_HAND,), "as_of": as_of}
    made = plan(support.change(), impact=(support.forecast(), DEV.forecast()), **facts)
    return facts_of(read_plan(sealed(judged(made, ORGANIZATION, told)).text()))


def said(facts: PolicyInput, *judges: Judge) -> set[str]:
    return {one.guard for one in results(map(rule, judges), facts, None, as_of=facts.as_of)}


def test_a_rule_reaches_forecast_probability_history_assumptions_drift_alerts_and_the_calendar() -> None:
    assert said(saved(), *RULES) == {
        "below-p90",
        "above-a-fifth",
        "may-run-out",
        "unwatched-limit",
        "missed-promise",
        "by-hand",
    }


@pytest.mark.parametrize(
    ("judge", "changes"),
    [
        (below_p90, {"target": "11980"}),
        (above_a_fifth, {"target": "10800"}),
        (unwatched_limit, {"limit": False}),
    ],
    ids=["P90", "a fifth", "hard limit"],
)
def test_a_rule_says_nothing_once_what_it_asks_for_is_met(judge: Judge, changes: dict[str, Any]) -> None:
    assert said(saved(), judge)
    assert not said(saved(**changes), judge)


@pytest.mark.parametrize(("may", "is_said"), [("5750.00", False), ("5749.99", True)])
def test_what_a_wallet_spent_in_earlier_months_is_compared_to_the_cent(may: str, is_said: bool) -> None:
    assert bool(said(saved(may=may), doubled)) == is_said


@pytest.mark.parametrize(("period", "day", "is_said"), [(0, 29, False), (2, 28, False), (2, 29, True)])
def test_the_last_days_of_a_quarter_of_the_fiscal_year_are_known(period: int, day: int, is_said: bool) -> None:
    month = JUNE.plus(period)
    facts = saved().model_copy(update={"period": month, "as_of": date(month.year, month.month, day)})
    assert bool(said(facts, end_of_quarter)) == is_said


def test_own_rules_and_guards_are_said_together_change_by_change() -> None:
    guards = guard_rules(GuardSettings(largest_change=Decimal(1)))
    found = results([rule(by_hand), rule(below_p90), *guards], saved(), (), as_of=AS_OF)
    assert [one.guard for one in found] == ["by-hand", "below-p90", "largest-change"]
