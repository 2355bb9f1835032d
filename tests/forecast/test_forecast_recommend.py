"""Recommendations keep their promise: the same paths that chose a target show its probability."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, JUNE, ask, budget, history, organization, question

from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.recommend import AlertRecommendation, Recommendations, recommend, smallest_enough
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage


def advice(asked: WalletQuestion, usage: DailyUsage | None = None, **more: Any) -> Recommendations:
    more.setdefault("as_of", AS_OF)
    return recommend(usage or history(noise=0.3), [asked], organization=organization(), period=JUNE, teams={}, **more)


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.97])
def test_a_forecast_with_the_recommended_target_shows_the_promised_probability(probability: float) -> None:
    asked = question(live=2500, left_desired=800)
    (target,) = advice(asked, probability=probability).targets
    assert target.promised >= probability
    funded = replace(asked, money_left_desired=asked.money_left_desired + target.target - target.current)
    lasts = 1 - ask(history(noise=0.3), funded).wallets[0].desired.exhaustion.probability
    assert lasts >= probability - 0.001
    assert target.now < 0.01
    assert "P50" in target.reason


def test_the_target_is_the_smallest_at_three_digits() -> None:
    (target,) = advice(question(live=2500, left_desired=800)).targets
    assert target.target.amount % 10 == 0
    assert smallest_enough(np.array([1.004, 2.0, 3.0, 4.0]), 0.25) == Decimal("1.01")
    assert smallest_enough(np.array([1.0, 2.0, 3.0, 4.0]), 0.75) == 3


def test_months_to_come_have_targets_of_their_own() -> None:
    (target,) = advice(question(live=2500, targets={"2026-06": 1, "2026-07": 1, "2026-08": 1})).targets
    assert list(target.months) == [Period(2026, 7), Period(2026, 8)]
    assert all(3000 < amount.amount < 5000 for amount in target.months.values())


def test_a_wallet_with_more_than_enough_can_do_with_less() -> None:
    (target,) = advice(question(live=9000)).targets
    assert target.now > 0.99
    assert target.target.amount < 9000


def test_nothing_is_needed_when_the_month_is_over() -> None:
    usage = history(end=Period(2026, 7).first)
    (target,) = advice(question(live=2000), usage, as_of=Period(2026, 7).first).targets
    assert target.target.amount == 0


def test_an_alert_amount_leaves_the_chosen_days() -> None:
    asked = question(
        live=2500, left_desired=700, alerts_desired=(budget(amount=Decimal(2500), alert_percentages=(80,)),)
    )
    found = advice(asked, probability=0.2, reaction_days=4)
    (alert,) = found.alerts
    (target,) = found.targets
    moved = replace(
        asked,
        money_left_desired=asked.money_left_desired + target.target - target.current,
        alerts_desired=(budget(amount=alert.amount.amount, alert_percentages=(80,)),),
    )
    outlook = ask(history(noise=0.3), moved).wallets[0].alerts[0].desired
    assert outlook is not None
    assert outlook.reaction_days["0.1"] is not None
    assert outlook.reaction_days["0.1"] >= 3
    assert "4 days before" in alert.reason


def test_an_alert_that_is_as_good_as_the_best_one_stays() -> None:
    def advised(current: Decimal) -> AlertRecommendation:
        (alert,) = advice(question(alerts_desired=(budget(amount=current, alert_percentages=(80,)),))).alerts
        return alert

    best = advised(Decimal(2)).amount.amount
    near, far = (advised((best * factor).quantize(Decimal(1))) for factor in (Decimal("1.015"), Decimal("1.03")))
    assert near.amount == near.current
    assert f"80% of USD {near.current.amount:,.0f} fires there" in near.reason
    assert far.amount.amount == best


def test_weekly_alerts_are_left_alone_and_a_lasting_wallet_is_warned_before_month_end() -> None:
    weekly = budget(name="w", period="weekly")
    asked = question(live=9000, alerts_desired=(weekly, budget(alert_percentages=(100,))))
    (alert,) = advice(asked, probability=0.99, reaction_days=5).alerts
    assert alert.name == "monthly"
    assert 2000 < alert.amount.amount < 3200
