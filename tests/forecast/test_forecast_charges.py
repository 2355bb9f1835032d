"""Charges of one day of each month: told apart from the level, and expected on their day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest
from forecast.forecast_world import AS_OF, UsageBuilder, ask, question, steady
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.forecast.calendar import day_before
from reconciler.forecast.draws import draw
from reconciler.forecast.fit import fit
from reconciler.forecast.happenings.calendar_charges import MonthlyCharge, find_charges
from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.happenings.month_days import SLOTS, ages_of, days_ahead
from reconciler.forecast.panel import Floats, make_panel
from reconciler.forecast.paths import simulate
from reconciler.forecast.repricing import PriceIndex

PATHS = 200
OnDay = Callable[[date], bool]
few = settings(max_examples=25)


def on(day: int) -> OnDay:
    return lambda one: one.day == day


def from_end(day: int) -> OnDay:
    return lambda one: (one + timedelta(days=day)).day == 1


def charged(spent: Floats, *days: OnDay, amount: float = 2000.0, as_of: date = AS_OF) -> Floats:
    """Return `spent`, which ends the day before `as_of`, with `amount` more on some days of the month."""
    dates = [as_of - timedelta(days=len(spent) - step) for step in range(len(spent))]
    hits: Floats = np.array([sum(is_hit(day) for is_hit in days) for day in dates], dtype=np.float64)
    return spent + amount * hits


def found(spent: Floats, *, as_of: date = AS_OF) -> tuple[MonthlyCharge, ...]:
    return find_charges(make_panel([spent], np.array([day_before(as_of)])))[0].found[0]


def paths(spent: Floats, *mechanisms: Mechanism, days: int = 30) -> Floats:
    panel = make_panel([spent], np.array([day_before(AS_OF)]))
    draws = draw([5], shared_seed=1, paths=PATHS, weeks=-(-days // 7))
    return np.asarray(simulate(fit(panel, mechanisms=mechanisms), draws, days=days)[0])


@pytest.mark.parametrize("slot", SLOTS)
def test_a_charge_is_found_on_whatever_day_of_the_month_it_comes(slot: int) -> None:
    spent = charged(steady(190), on(slot) if slot > 0 else from_end(-slot))
    (charge,) = found(spent)
    assert charge.slot == slot
    assert charge.amount == pytest.approx(2000, rel=0.05)
    assert charge.missed == 0
    assert charge.times in (6, 7)


@few
@given(st.lists(st.one_of(st.just(0.0), st.floats(50, 90)), min_size=1, max_size=200), st.integers(0, 30))
def test_where_nothing_is_charged_all_stays_as_it_was(values: list[float], quiet: int) -> None:
    spent = np.array(values)
    spent[: min(quiet, len(spent))] = np.nan
    if not found(spent):
        assert np.array_equal(paths(spent, Mechanism.CHARGES), paths(spent), equal_nan=True)


def test_a_charge_is_taken_out_of_the_history_and_put_on_its_days() -> None:
    plain, spent = steady(190), charged(steady(190), on(28))
    before, after = paths(plain), paths(spent, Mechanism.CHARGES)
    day = (date(2026, 6, 28) - AS_OF).days
    added = np.median(after - before, axis=0)
    assert added[day] == pytest.approx(2000, rel=0.05)
    assert np.abs(np.delete(added, [day])).max() < 10


def test_a_charge_may_end_and_each_month_is_likelier_to_be_without_it() -> None:
    spent = charged(steady(190), on(3), amount=20_000.0)
    days = days_ahead(day_before(AS_OF), 3, 400)
    without = (paths(spent, Mechanism.CHARGES, days=400)[:, days] < 5_000).mean(axis=0)
    assert len(days) == 13
    assert (np.diff(without) >= 0).all()
    assert 0.0 <= without[0] < 0.06
    assert 0.1 < without[-1] < 0.4


def test_a_charge_that_left_out_a_month_may_do_so_again() -> None:
    spent = charged(steady(190), on(5))
    spent[-(AS_OF - date(2026, 4, 5)).days] = 100.0
    (charge,) = found(spent)
    assert charge.missed == pytest.approx(0.2)
    assert (paths(spent, Mechanism.CHARGES)[:, (date(2026, 7, 5) - AS_OF).days] < 1000).mean() == pytest.approx(
        0.2, abs=0.1
    )


@pytest.mark.parametrize(
    "missing",
    [[date(2026, 6, 5)], [date(2026, 5, 5)], [date(2026, 4, 5), date(2026, 3, 5)]],
    ids=["the last month", "the month before", "two of four"],
)
def test_what_came_now_and_then_is_no_charge(missing: list[date]) -> None:
    spent = charged(steady(190), on(5))
    for day in missing:
        spent[-(AS_OF - day).days] = 100.0
    assert found(spent) == ()


def test_of_two_known_months_both_must_have_it() -> None:
    two, one = charged(steady(60), on(5)), charged(steady(40), on(5))
    assert [charge.times for charge in found(two)] == [2]
    assert found(one) == ()


def test_two_charges_a_month_are_two_and_one_may_be_the_last_day() -> None:
    spent = charged(charged(steady(190), on(5)), from_end(1), amount=900.0)
    amounts = {charge.slot: round(charge.amount, -2) for charge in found(spent)}
    assert amounts == {5: 2000.0, -1: 900.0}


def test_a_dear_month_end_is_the_month_end_and_no_charge() -> None:
    assert found(charged(steady(190), from_end(1), from_end(2))) == ()
    assert found(charged(charged(steady(190), from_end(1)), from_end(2), amount=400.0)) == ()


def test_a_charge_on_the_last_day_may_have_a_dear_day_before_it() -> None:
    (charge,) = found(charged(charged(steady(190), from_end(1)), from_end(2), amount=80.0))
    assert charge.slot == -1


def test_batches_at_random_and_runaway_days_are_no_charges() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        assert found(np.where(random.random(200) < 0.3, steady(200), 0.0)) == ()
        assert found(steady(200) * np.where(random.random(200) < 0.1, 8.0, 1.0)) == ()


def test_a_wallet_may_have_nothing_but_its_charge() -> None:
    spent = charged(np.zeros(190), on(28))
    (charge,) = found(spent)
    assert charge.amount == pytest.approx(2000)
    ahead = paths(spent, Mechanism.CHARGES)
    day = (date(2026, 6, 28) - AS_OF).days
    assert np.median(ahead[:, day]) == pytest.approx(2000, rel=0.02)
    assert not np.delete(ahead, day, axis=1).any()


def test_a_charge_on_rest_days_is_found_among_working_days() -> None:
    spent = steady(190)
    spent[np.arange(190) % 7 >= 5] = 0.0
    assert [charge.slot for charge in found(charged(spent, on(7)))] == [7]


def test_unknown_days_are_no_missed_months() -> None:
    spent = charged(steady(190), on(5))
    spent[-(AS_OF - date(2026, 5, 5)).days] = np.nan
    (charge,) = found(spent)
    assert charge.missed == 0
    assert found(np.full(190, np.nan)) == ()
    assert found(np.zeros(0)) == ()


@pytest.mark.parametrize("factor", [2.0**-10, 2.0**20], ids=["thousandth", "million"])
def test_charges_know_no_unit_of_money(factor: float) -> None:
    spent = charged(steady(190), on(28))
    assert np.allclose(paths(spent * factor, Mechanism.CHARGES), paths(spent, Mechanism.CHARGES) * factor)


def test_a_longer_horizon_keeps_the_charges_before() -> None:
    spent = charged(charged(steady(190), on(5)), on(28))
    short, long = (paths(spent, Mechanism.CHARGES, days=days) for days in (30, 300))
    assert np.array_equal(short, long[:, :30])


def test_a_series_does_not_depend_on_those_beside_it() -> None:
    ends = np.array([day_before(AS_OF), day_before(date(2026, 3, 1)), day_before(AS_OF)])
    series = [
        charged(steady(190, noise=0.02), on(28)),
        charged(steady(150, noise=0.02), from_end(1), as_of=date(2026, 3, 1)),
        steady(190),
    ]
    together = fit(make_panel(series, ends), mechanisms=[Mechanism.CHARGES]).happenings[0]
    told = [[notice.message for notice in together.notices(row)] for row in range(3)]
    assert told == [
        ["is charged about 2,000.00 on the 28th of each month, 6 times so far; the forecast has it"],
        ["is charged about 2,000.00 on the last day of each month, 5 times so far; the forecast has it"],
        [],
    ]
    assert [notice.message for notice in together.part(slice(1, 2)).notices(0)] == told[1]


def test_the_days_of_a_month_are_told_from_both_ends() -> None:
    end = day_before(date(2024, 3, 2))
    ages = ages_of(np.array([end]), 63)[0]
    assert ages[SLOTS.index(1)].tolist()[:2] == [0, 29]
    assert ages[SLOTS.index(-1)].tolist()[:2] == [1, 30]
    assert ages[SLOTS.index(28), 0] == 2
    assert days_ahead(end, -3, 60) == [27, 57]
    assert days_ahead(end, 1, 60) == [30]


@pytest.mark.parametrize(
    ("day", "words"),
    [(1, "the 1st"), (12, "the 12th"), (22, "the 22nd"), (23, "the 23rd"), (-3, "the last day but two")],
)
def test_days_are_told_in_words(day: int, words: str) -> None:
    spent = charged(steady(190), on(day) if day > 0 else from_end(-day))
    happening = fit(make_panel([spent], np.array([day_before(AS_OF)]))).happenings
    (message,) = [notice.message for each in happening for notice in each.notices(0)]
    assert f" on {words} of each month" in message


def test_a_wallet_runs_out_on_the_day_its_subscription_is_charged() -> None:
    spent = charged(steady(190, noise=0.05), on(28))
    usage = UsageBuilder().series("team_support", AS_OF - timedelta(days=190), spent).build()
    forecast = ask(usage, question(live=4000, left_desired=2300)).wallets[0]
    assert forecast.desired.exhaustion.date["0.5"] == date(2026, 6, 28)
    (notice,) = forecast.notices
    assert (notice.code, notice.since) == ("calendar-charge", date(2025, 12, 28))


def test_subscriptions_and_credits_are_what_they_were_where_tokens_became_cheaper() -> None:
    days = np.arange(190)
    spent = charged(np.where(days < 170, 200.0, 100.0) * np.tile([1.02, 0.98], 95), on(5))
    credits = np.where(days == 165, 30.0, 0.0)
    cheaper = PriceIndex(np.append(np.ones(20), 0.5), ())
    panel = make_panel([spent], np.array([day_before(AS_OF)]), credits=[credits], indices=[cheaper])
    told = [notice.message for happening in fit(panel).happenings for notice in happening.notices(0)]
    assert [message.split(" on ")[0] for message in told] == ["got 30.00 back as credits", "is charged about 2,000.00"]
