"""Recommendations keep their promise: the same paths that chose a target show its probability."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import (
    AS_OF,
    JUNE,
    UsageBuilder,
    ask,
    budget,
    chance_of,
    history,
    money,
    organization,
    plan,
    question,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.forecast.context import forecast_context
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.recommend import AlertRecommendation, Recommendations, recommend, smallest_enough
from reconciler.model.period import Period
from reconciler.model.purse import Purse
from reconciler.model.usage import DailyUsage


def advice(
    asked: WalletQuestion, usage: DailyUsage | None = None, *, as_of: date = AS_OF, **more: Any
) -> Recommendations:
    known = usage or history(noise=0.3)
    context = forecast_context(known, [asked], organization=organization(), period=JUNE, as_of=as_of, teams={})
    return recommend([asked], context, **more)


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.97])
def test_a_forecast_with_the_recommended_target_shows_the_promised_probability(probability: float) -> None:
    asked = question(live=2500, left_desired=800)
    (target,) = advice(asked, probability=probability).targets
    assert target.lasts >= probability
    funded = replace(asked, desired=asked.desired.plus(target.target - target.current))
    lasts = 1 - chance_of(ask(history(noise=0.3), funded).wallets[0].desired.exhaustion)
    assert lasts >= probability - 0.001
    assert target.lasts_now < 0.01
    assert "is expected to spend" in target.reason


def test_the_target_is_the_smallest_at_three_digits() -> None:
    (target,) = advice(question(live=2500, left_desired=800)).targets
    assert target.target % 10 == 0
    assert smallest_enough(np.array([1.004, 2.0, 3.0, 4.0]), 0.25) == Decimal("1.01")
    assert smallest_enough(np.array([1.0, 2.0, 3.0, 4.0]), 0.75) == 3


def test_of_a_wallet_that_nothing_tells_of_nothing_is_recommended_and_that_is_said() -> None:
    found = advice(question("team_new", environment="new", alerts_desired=(budget("team_new"),)))
    assert (found.targets, found.alerts) == ((), ())
    (notice,) = found.notices
    assert notice.code == "no-history"
    assert notice.message.startswith("support/new has no usage before 2026-06-18, and no annual plan says")
    assert advice(question("team_new", environment="new", settled=Decimal(36))).targets == ()
    planned = advice(question("team_new", environment="new", plan=plan(baseline_monthly="900.00")))
    assert planned.targets[0].target > 0


def test_money_that_was_carried_over_makes_a_target_one_for_this_month_alone() -> None:
    (more,) = advice(question(live=3300, desired_purse=Purse(Decimal(2600), Decimal(1700)))).targets
    (less,) = advice(question(live=3300, desired_purse=Purse(Decimal(600), Decimal(1700)))).targets
    assert more.alone == "the wallet holds more than what is left of this month's own funding"
    assert less.alone == "the wallet holds less than what is left of this month's own funding"


def test_a_target_holds_where_no_month_to_come_needs_more_and_one_needs_nearly_as_much() -> None:
    def alone(**growth: str) -> str:
        steps = [{"reason": "g", "rate": rate, "from": f"2026-{month[1:]}"} for month, rate in growth.items()]
        asked = question(live=3300, left_desired=1600, plan=plan(growth=steps), targets={"2026-07": 1, "2026-08": 1})
        return advice(asked).targets[0].alone

    assert alone(m07="-25%") == ""
    assert alone().startswith("July 2026 by itself needs USD ")
    assert alone(m07="-25%", m08="40%").startswith("August 2026 by itself needs USD ")
    assert alone(m07="-60%").startswith("no month to come needs more than USD ")


def test_a_wallet_without_money_that_nobody_uses_lasts_as_surely_in_the_forecast_as_in_the_advice() -> None:
    """100 a day until 55 days ago, a target of 0: it may begin again, and most likely nobody asks for a cent."""
    spent = np.concatenate([np.full(200, 100.0), np.zeros(55)])
    first = AS_OF - timedelta(days=255)
    built = UsageBuilder().series("team_support", first, spent).series("team_other", first, np.full(255, 10.0))
    usage = built.build()
    asked = question(live=0)
    (target,) = advice(asked, usage).targets
    forecast = ask(usage, asked)
    (found,) = forecast.wallets
    gone = chance_of(found.desired.exhaustion)
    assert 0 < gone < 0.2
    assert target.lasts == pytest.approx(1 - gone, abs=0.001)
    assert "runs-out" not in [warning.code for warning in forecast.warnings]
    assert found.desired.exhaustion.date["0.5"] is None
    assert chance_of(ask(history(), asked).wallets[0].desired.exhaustion) == 1, "one that is used is empty now"


def test_months_to_come_have_targets_of_their_own() -> None:
    (target,) = advice(question(live=2500, targets={"2026-06": 1, "2026-07": 1, "2026-08": 1})).targets
    assert list(target.months) == ["2026-07", "2026-08"]
    assert all(3000 < amount < 5000 for amount in target.months.values())


def test_a_wallet_with_more_than_enough_can_do_with_less() -> None:
    (target,) = advice(question(live=9000)).targets
    assert target.lasts_now > 0.99
    assert target.target < 9000


def test_nothing_is_needed_when_the_month_is_over() -> None:
    usage = history(end=Period(2026, 7).first)
    (target,) = advice(question(live=2000), usage, as_of=Period(2026, 7).first).targets
    assert target.target == 0


def test_an_alert_amount_leaves_the_chosen_days() -> None:
    asked = question(
        live=2500, left_desired=700, alerts_desired=(budget(amount=Decimal(2500), alert_percentages=(80,)),)
    )
    found = advice(asked, probability=0.2, reaction_days=4)
    (alert,) = found.alerts
    (target,) = found.targets
    moved = replace(
        asked,
        desired=asked.desired.plus(target.target - target.current),
        alerts_desired=(budget(amount=alert.amount, alert_percentages=(80,)),),
    )
    outlook = ask(history(noise=0.3), moved).wallets[0].alerts[0].desired
    assert outlook is not None
    assert outlook.reaction_days["0.1"] is not None
    assert outlook.reaction_days["0.1"] >= 3
    assert "4 days before" in alert.reason


def test_an_alert_that_is_as_good_as_the_best_one_stays() -> None:
    def advised(current: Decimal) -> AlertRecommendation:
        (alert,) = advice(
            question(left_desired=1300, alerts_desired=(budget(amount=current, alert_percentages=(80,)),))
        ).alerts
        return alert

    best = advised(Decimal(2)).amount
    near, far = (advised((best * factor).quantize(Decimal(1))) for factor in (Decimal("1.015"), Decimal("1.03")))
    assert near.amount == near.current
    assert f"80% of USD {near.current:,.0f} fires there" in near.reason
    assert far.amount == best


def test_an_alert_of_every_month_is_not_set_to_what_one_month_needs_beside_money_carried_over() -> None:
    """100 a day, 1,700 spent, 2,500 a month, and 2,500 carried over: 13 days need 1,300 more, so June needs 500."""
    asked = question(live=2500, desired_purse=Purse(Decimal(3300), Decimal(1700)))
    found = {
        percentage: advice(
            replace(asked, alerts_desired=(budget(amount=Decimal(2000), alert_percentages=(percentage,)),)), history()
        )
        for percentage in (100, 50)
    }
    assert 500 <= found[100].targets[0].target <= 650
    (alert,), (early,) = found[100].alerts, found[50].alerts
    assert 2300 <= alert.amount <= 2500, "by the 25th 2,500 are spent, and other months get no more"
    assert "is spent already" not in alert.reason
    assert early.amount == 2500
    assert early.reason.endswith(" is spent already, so that this month it fires at once"), "half of 2,500 is 1,250"


def test_weekly_alerts_are_left_alone_and_where_the_money_lasts_there_is_nothing_to_warn_of() -> None:
    weekly = budget(name="w", period="weekly")
    asked = question(live=9000, left_desired=7300, alerts_desired=(weekly, budget(alert_percentages=(100,))))
    (alert,) = advice(asked, probability=0.99, reaction_days=5).alerts
    assert (alert.name, alert.amount, alert.possible) == ("monthly", Decimal(3000), True)
    assert alert.reason == "the money lasts the month in 95% of the cases, so that there is nothing to warn of"
    carried = replace(asked, live=Purse(Decimal(7300), Decimal(1700)), desired=Purse(Decimal(7300), Decimal(1700)))
    (alert,) = advice(replace(carried, funded=Decimal(3000))).alerts
    assert "before the money is gone" not in alert.reason, "what is carried over lasts, whatever the target"


@given(
    st.integers(2500, 4000), st.integers(1000, 4500), st.sampled_from([(100,), (80,), (80, 100)]), st.integers(0, 10)
)
@settings(max_examples=25)
def test_an_alert_that_is_recommended_is_none_that_the_next_plan_finds_too_low(
    target: int, current: int, percentages: tuple[int, ...], days: int
) -> None:
    usage = history(noise=0.02)

    def asked(usual: Decimal | int, gets: Decimal | int, watched: Decimal | int) -> WalletQuestion:
        alert = budget(amount=Decimal(watched), alert_percentages=percentages)
        return question(live=float(usual), left_desired=float(gets) - 1700, alerts_desired=(alert,))

    def is_too_low(wallet: WalletQuestion) -> bool:
        return "alert-too-low" in [warning.code for warning in ask(usage, wallet).warnings]

    before = asked(target, target, current)
    found = advice(before, usage, reaction_days=days)
    gets = found.targets[0].target
    after = asked(target if found.targets[0].alone else gets, gets, found.alerts[0].amount)
    assert is_too_low(before) or not is_too_low(after)


def test_a_next_month_that_needs_more_than_it_gets_names_what_is_planned_for_it() -> None:
    pilot = {"reason": "pilot", "monthly": "900.00", "from": "2026-07"}
    late = {"reason": "late", "rate": "50%", "from": "2026-08"}
    wider = {"reason": "three regions", "rate": "20%", "from": "2026-07"}
    known = plan(baseline_monthly="3000.00", growth=[wider, late], planned_demand=[pilot])
    asked = question(live=3300, left_desired=1600, plan=known, targets={"2026-07": 3300, "2026-08": 1})
    short = advice(asked).targets[0].short_next

    assert short is not None
    assert (str(short.period), short.current) == ("2026-07", Decimal(3300))
    assert short.needed > 3300
    assert short.planned == (
        "+20% from 2026-07, USD 600 a month for the whole team (three regions)",
        "900.00 a month from 2026-07 (pilot)",
    )
    unplanned = advice(replace(asked, plan=plan(), targets={Period(2026, 7): money(1)})).targets[0].short_next
    assert unplanned is not None
    assert unplanned.planned == ()


def test_a_next_month_with_enough_money_or_of_which_nothing_is_known_is_not_short() -> None:
    enough = question(live=3300, left_desired=1600, targets={"2026-07": 90000})
    assert advice(enough).targets[0].short_next is None
    assert advice(question(live=3300, left_desired=1600)).targets[0].short_next is None


def test_usage_that_ends_early_is_told_and_the_days_since_are_part_of_what_is_told() -> None:
    """Seven days are not known: with the thirteen to come 20 are paid from what was held on the 11th."""
    known = history(noise=0.01, end=date(2026, 6, 11))
    stale = advice(question(live=3000, left_desired=2000, unpaid_since=date(2026, 6, 11)), known)
    (told,) = [one for one in stale.notices if one.code == "usage-ends-early"]
    assert told.message == "the usage is known until 2026-06-10; the 7 days to 2026-06-18 are estimated as well"
    (target,) = stale.targets
    assert target.reason.startswith("from 2026-06-11 to the end of June 2026 the wallet is expected to spend USD ")
    assert target.reason.endswith("; it held USD 2,000 then")
    (paid,) = advice(question(live=3000, left_desired=2000)).targets
    assert paid.reason.startswith("from 2026-06-18 to the end of June 2026 the wallet is expected to spend USD ")
    assert paid.reason.endswith("; it holds USD 2,000")
    assert "usage-ends-early" not in [one.code for one in advice(question()).notices]
