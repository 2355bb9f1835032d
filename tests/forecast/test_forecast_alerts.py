"""Alerts: when they fire on spend that was served, and the days they leave before the money is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from forecast.forecast_world import AS_OF, UsageBuilder, ask, budget, history, question

from reconciler.model.forecast import AlertOutlook
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage


def level_usage(daily: float = 100.0) -> DailyUsage:
    """A wallet that costs the same each day: 1,700 by as_of, 3,000 by month end."""
    return UsageBuilder().series("team_support", AS_OF - timedelta(days=100), np.full(100, daily)).build()


def outlooks(*, live: float = 10**6, **settings: Any) -> tuple[AlertOutlook, ...]:
    answer = ask(level_usage(), question(live=live, alerts_live=(budget(**settings),))).wallets[0]
    assert all(alert.desired is None for alert in answer.alerts)
    return tuple(alert.live for alert in answer.alerts if alert.live is not None)


def test_an_alert_fires_when_the_month_reaches_its_percentage() -> None:
    (alert,) = outlooks(amount=Decimal(2500), alert_percentages=(80,))
    assert alert.probability > 0.99
    assert alert.date["0.5"] is not None
    assert abs((alert.date["0.5"] - date(2026, 6, 20)).days) <= 1
    assert alert.reaction_days == {"0.1": None, "0.5": None, "0.9": None}


def test_an_alert_that_has_fired_is_certain_and_keeps_its_date() -> None:
    (alert,) = outlooks(amount=Decimal(1000), alert_percentages=(80,), live=500)
    assert alert.probability == 1
    assert set(alert.date.values()) == {date(2026, 6, 8)}
    assert alert.no_warning_probability == 0 or alert.no_warning_probability < 0.001
    assert alert.reaction_days["0.5"] is not None
    assert alert.reaction_days["0.5"] >= 13


def test_an_alert_above_the_ceiling_never_fires_and_gives_no_warning() -> None:
    (alert,) = outlooks(amount=Decimal(2900), alert_percentages=(100,), live=500)
    assert alert.probability < 0.001
    assert alert.no_warning_probability > 0.999
    assert alert.date == {"0.1": None, "0.5": None, "0.9": None}


def test_reaction_time_is_counted_path_by_path() -> None:
    early, late = outlooks(amount=Decimal(2200), alert_percentages=(90, 100), live=800)
    assert early.reaction_days["0.5"] is not None
    assert late.reaction_days["0.5"] is not None
    assert early.reaction_days["0.5"] > late.reaction_days["0.5"] >= 1
    assert early.no_warning_probability < 0.01


def test_weekly_and_daily_budgets_watch_their_own_windows() -> None:
    (weekly,) = outlooks(period="weekly", amount=Decimal(370), alert_percentages=(100,))
    (daily,) = outlooks(period="daily", amount=Decimal(60), alert_percentages=(100,))
    (never,) = outlooks(period="daily", amount=Decimal(2000), alert_percentages=(100,))
    assert weekly.date["0.5"] == date(2026, 6, 18)  # Monday 15 to Wednesday 17 cost 300
    assert daily.date["0.5"] == AS_OF
    assert never.probability < 0.001
    shown = ask(level_usage(), question(live=10**6, alerts_live=(budget(period="weekly"), budget(name="month"))))
    assert {(alert.name, alert.period) for alert in shown.wallets[0].alerts} == {
        ("monthly", "weekly"),
        ("month", "monthly"),
    }


def test_a_weekly_window_that_is_already_over_its_threshold_has_fired() -> None:
    (weekly,) = outlooks(period="weekly", amount=Decimal(300), alert_percentages=(100,))
    assert weekly.probability == 1
    assert weekly.date["0.1"] == date(2026, 6, 17)


def test_live_and_desired_alerts_are_matched_by_name_and_percentage() -> None:
    asked = question(
        live=10**6,
        alerts_live=(budget(amount=Decimal(2000), alert_percentages=(80, 100)), budget(name="old")),
        alerts_desired=(budget(amount=Decimal(2500), alert_percentages=(80, 90)), budget(name="new")),
    )
    answer = ask(level_usage(), asked).wallets[0]
    shown = {(a.name, a.percentage): (a.amount, a.live is None, a.desired is None) for a in answer.alerts}
    assert shown["monthly", 80] == (Decimal(2500), False, False)
    assert shown["monthly", 90] == (Decimal(2500), True, False)
    assert shown["monthly", 100] == (Decimal(2000), False, True)
    assert shown["new", 80][1:] == (True, False)
    assert shown["old", 100][1:] == (False, True)


def test_an_alert_of_a_month_that_is_over_is_known() -> None:
    usage = history(end=date(2026, 7, 10), noise=0.01)
    asked = question(alerts_live=(budget(amount=Decimal(2000)), budget(name="high", amount=Decimal(9000))))
    answer = ask(usage, asked, as_of=date(2026, 7, 10)).wallets[0]
    fired = {(alert.name, alert.percentage): alert.live for alert in answer.alerts}
    assert fired["monthly", 100] is not None
    assert fired["monthly", 100].probability == 1
    assert fired["high", 100] is not None
    assert fired["high", 100].probability == 0
    weekly = question(alerts_live=(budget(period="weekly", amount=Decimal(100)),))
    assert ask(usage, weekly, as_of=date(2026, 7, 10)).wallets[0].alerts[0].live is not None


def test_alerts_of_a_period_that_has_not_begun_wait_for_it() -> None:
    asked = question(live=10**6, alerts_live=(budget(amount=Decimal(300), alert_percentages=(100,)),))
    answer = ask(level_usage(), asked, period=Period(2026, 7)).wallets[0]
    alert = answer.alerts[0].live
    assert alert is not None
    assert alert.date["0.5"] is not None
    assert date(2026, 7, 2) <= alert.date["0.5"] <= date(2026, 7, 4)
    daily = question(live=10**6, alerts_live=(budget(period="daily", amount=Decimal(50)),))
    first = ask(level_usage(), daily, period=Period(2026, 7)).wallets[0].alerts[0].live
    assert first is not None
    assert first.date["0.5"] == date(2026, 7, 1)


def test_a_window_that_we_do_not_know_is_watched_by_the_month() -> None:
    (quarterly,) = outlooks(period="quarterly", amount=Decimal(1000), alert_percentages=(80,))
    assert quarterly.date["0.5"] == date(2026, 6, 8)


def test_where_the_organization_pays_on_an_alert_above_the_wallets_money_fires_too() -> None:
    asked = question(
        live=1800,
        left_live=100,
        alerts_live=(budget(amount=Decimal(2500), alert_percentages=(100,)),),
    )
    alone, pool_pays = (
        ask(level_usage(), replace(asked, pool_pays=pool_pays)).wallets[0].alerts[0].live for pool_pays in (False, True)
    )
    assert alone is not None
    assert pool_pays is not None
    assert alone.probability < 0.01
    assert pool_pays.probability > 0.99
    assert pool_pays.no_warning_probability > 0.99
    assert pool_pays.date["0.5"] is not None
    assert abs((pool_pays.date["0.5"] - date(2026, 6, 25)).days) <= 1
    ends = [ask(level_usage(), replace(asked, pool_pays=pool_pays)).wallets[0].live for pool_pays in (False, True)]
    assert ends[0] == ends[1]
