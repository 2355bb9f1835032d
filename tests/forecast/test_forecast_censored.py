"""Days on which a wallet was dry, told by the shape of the past."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from forecast.forecast_world import AS_OF, UsageBuilder, ask, question, steady

from reconciler.forecast.censored import censored_days
from reconciler.forecast.history import Spend, spending

APRIL = date(2026, 4, 1)


def spend(**silences: tuple[int, int]) -> Spend:
    """A wallet since January that is silent from one day to another of a month, counted from 1 January."""
    costs = steady(168, noise=0.05)
    for start, end in silences.values():
        costs[start:end] = 0
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=168), costs)
    usage.series("team_other", AS_OF - timedelta(days=168), steady(168))
    return spending(usage.build(), as_of=AS_OF).of("team_support")


def test_a_silence_to_the_months_end_after_which_spend_is_back_shows_the_ceiling() -> None:
    found = censored_days(spend(april=(113, 120)), known_until=AS_OF, is_empty=False)
    assert found == {date(2026, 4, 23) + timedelta(days=step) for step in range(8)}


def test_an_outage_in_the_middle_or_a_quiet_weekend_does_not() -> None:
    assert not censored_days(spend(outage=(100, 105)), known_until=AS_OF, is_empty=False)
    assert not censored_days(spend(weekend=(118, 120)), known_until=AS_OF, is_empty=False)


def test_a_wallet_that_stays_away_was_switched_off() -> None:
    assert not censored_days(spend(off=(113, 140)), known_until=AS_OF, is_empty=False)


def test_a_silence_until_now_counts_if_the_wallet_is_empty() -> None:
    silent = spend(now=(162, 168))
    assert not censored_days(silent, known_until=AS_OF, is_empty=False)
    assert len(censored_days(silent, known_until=AS_OF, is_empty=True)) == 7


def test_a_wallet_that_ran_dry_last_month_and_got_nothing_since_is_no_silent_one() -> None:
    dry = spend(dry=(145, 168))
    assert len(censored_days(dry, known_until=AS_OF, is_empty=True)) == 24
    assert not censored_days(dry, known_until=AS_OF, is_empty=False)


def test_a_wallet_that_ran_dry_twice_in_a_row_shows_the_ceiling_from_its_first_days_on() -> None:
    found = censored_days(spend(may=(130, 151), june=(154, 168)), known_until=AS_OF, is_empty=True)
    assert {day.month for day in found} == {5, 6}
    assert min(day for day in found if day.month == 6) == date(2026, 6, 3)
    assert len(found) == 22 + 15


def test_an_empty_wallet_that_was_silent_for_months_is_silent() -> None:
    assert not censored_days(spend(long=(90, 168)), known_until=AS_OF, is_empty=True)


def test_intermittent_and_empty_wallets_are_left_alone() -> None:
    nothing = Spend(APRIL, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
    assert not censored_days(nothing, known_until=AS_OF, is_empty=True)
    weekly = np.tile([70.0, 0, 0, 0, 0, 0, 0], 20)
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=140), weekly)
    usage.series("team_other", AS_OF - timedelta(days=140), steady(140))
    batch = spending(usage.build(), as_of=AS_OF).of("team_support")
    assert not censored_days(batch, known_until=AS_OF, is_empty=True)


def test_an_exhausted_wallet_is_forecast_by_its_demand() -> None:
    costs = steady(168, noise=0.05)
    costs[-6:] = 0
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=168), costs)
    usage.series("team_other", AS_OF - timedelta(days=168), steady(168))
    forecast = ask(usage.build(), question(left_live=0, left_desired=5000))
    rest = forecast.wallets[0].month_end.quantiles["0.5"] - forecast.wallets[0].known_spend
    assert 1100 < rest < 1500
    assert "on 7 days" in next(w.message for w in forecast.warnings if w.code == "censored-days")
