"""Logged forecasts against what came: which are judged, where months ended, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from forecast.forecast_world import UsageBuilder
from logged import AS_OF, logged

from reconciler.forecast.calibration import Judged, Met, by_team, calibration, judged, logged_record, pit
from reconciler.forecast.range_alarm import range_alarm
from reconciler.model.period import Period

APRIL, MAY = Period(2026, 4), Period(2026, 5)


def usage(first: date = date(2026, 2, 1), end: date = date(2026, 6, 18)) -> Any:
    """Return usage in which `team_support` spends 10 a day."""
    return UsageBuilder().series("team_support", first, [10.0] * (end - first).days).build()


def reasons(*entries: Any, **other: Any) -> dict[str, int]:
    found = judged(entries, other.get("usage", usage()), as_of=AS_OF, currency="USD")
    return {item.reason: item.count for item in found.not_judged()}


def met(*spent: int | str, **changes: Any) -> list[Met]:
    return [Met(logged(**changes), Decimal(amount)) for amount in spent]


def test_what_was_spent_of_several_forecasts_is_rounded_once() -> None:
    found = calibration(met("1.004", "1.004", "1.004"))
    assert found.spent == Decimal("3.01")
    assert found.bias == found.expected - found.spent


def test_a_whole_month_is_judged_by_what_the_usage_shows_of_it() -> None:
    found = judged([logged(period=MAY, as_of=date(2026, 5, 8))], usage(), as_of=AS_OF, currency="USD")
    assert [(one.forecast.period, one.spent) for one in found.met] == [(MAY, Decimal("310.00"))]
    assert (found.months, found.not_judged()) == ((MAY,), ())


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("not_over", {"period": Period(2026, 6), "as_of": date(2026, 6, 8)}),
        ("not_in_usage", {"period": Period(2026, 1), "as_of": date(2026, 1, 8)}),
        ("wallet_unknown", {"wallet": "team_other"}),
        ("known_already", {"period": APRIL, "as_of": date(2026, 5, 1)}),
        ("other_currency", {"currency": "EUR", "as_of": date(2026, 4, 9)}),
    ],
)
def test_what_cannot_be_judged_is_counted_with_its_reason(reason: str, changes: dict[str, Any]) -> None:
    assert reasons(logged(), logged(**changes)) == {reason: 1}


def test_a_month_that_the_usage_shows_in_part_is_not_judged() -> None:
    assert reasons(logged(period=MAY, as_of=date(2026, 5, 8)), usage=usage(end=date(2026, 5, 20))) == {
        "not_in_usage": 1
    }
    assert reasons(logged(), usage=None) == {"not_in_usage": 1}


def test_of_one_day_the_last_forecast_counts() -> None:
    first, second = logged(quantiles=range_of(1)), logged(quantiles=range_of(300))
    found = judged([first, second], usage(), as_of=AS_OF, currency="USD")
    assert [one.forecast for one in found.met] == [second]
    assert [(item.reason, item.count) for item in found.not_judged()] == [("said_again", 1)]


def range_of(middle: int) -> dict[str, str]:
    shape = {"0.025": -20, "0.1": -10, "0.5": 0, "0.9": 10, "0.975": 20}
    return {key: f"{middle + step}.00" for key, step in shape.items()}


@pytest.mark.parametrize(
    ("spent", "place"),
    [(70, 0), (85, 1), (95, 2), (105, 3), (115, 4), (130, 5), ("90.00", 2), ("100.00", 3), ("110.00", 3)],
)
def test_a_month_ends_between_two_figures_of_its_forecast(spent: int | str, place: int) -> None:
    (one,) = met(spent, quantiles=range_of(100))
    assert one.place == place
    assert [step.count for step in pit([one])] == [int(number == place) for number in range(6)]
    assert [step.expected for step in pit([one])] == pytest.approx([0.025, 0.075, 0.4, 0.4, 0.075, 0.025])


def test_a_forecast_of_one_figure_is_no_part_of_the_histogram() -> None:
    flat = dict.fromkeys(range_of(0), "0.00")
    assert sum(step.count for step in pit(met(0, quantiles=flat))) == 0
    assert calibration(met(0, quantiles=flat)).within == 1


def test_coverage_error_and_bias_are_those_of_the_middle_and_its_range() -> None:
    found = calibration(met(80, 100, 110, 125, quantiles=range_of(100)))
    assert (found.forecasts, found.month_ends, found.within, found.coverage) == (4, 1, 2, 0.5)
    assert (found.expected, found.spent, found.bias) == (Decimal(400), Decimal(415), Decimal(-15))
    assert found.median_error == pytest.approx((10 / 110 + 0.2) / 2)
    assert calibration([]).coverage is calibration(met(0)).median_error is None


def test_the_team_that_was_furthest_off_comes_first() -> None:
    ours, theirs = met(100, quantiles=range_of(100)), met(150, quantiles=range_of(100), team="alpha")
    assert [team.team for team in by_team([*ours, *theirs])] == ["alpha", "support"]


def record(months: Sequence[int], spent: str = "110") -> Any:
    entries = [
        logged(period=Period(2026, month), as_of=date(2026, month, 8), quantiles=range_of(100)) for month in months
    ]
    return logged_record(Judged(tuple(Met(entry, Decimal(spent)) for entry in entries), {}))


def test_three_months_make_a_track_record() -> None:
    assert record([2, 3]) is record([3, 3, 3]) is None
    found = record([2, 3, 4])
    assert (found.source, found.months, found.forecasts, found.within) == ("log", 3, 3, 3)
    assert (found.median_error, found.bias) == (0.090909, -0.090909)
    assert record([2, 3, 4], "0").bias is None


def over(wallets: int, held: int, *, spent: str = "500") -> Any:
    """Return how five months of so many wallets compare with what came, of which `held` are within their range."""
    found = [
        Met(
            logged(period=Period(2025, month), wallet=f"team_{number}", quantiles=range_of(100)),
            Decimal("100" if 5 * number + month - 1 < held else spent),
        )
        for number in range(wallets)
        for month in range(1, 6)
    ]
    return range_alarm(calibration(found))


def test_a_range_that_holds_too_few_months_or_too_many_is_told_with_what_to_do() -> None:
    narrow = over(4, 13)
    assert (narrow.code, narrow.month_ends, narrow.coverage) == ("range-too-narrow", 20, 0.65)
    assert narrow.message == (
        "the 80% range held 65% of the forecasts, over 20 month ends of wallets: it may be too narrow,"
        " and its middle too low"
    )
    assert "leave more room than it says" in narrow.hint
    assert "and its middle too high" in over(4, 13, spent="1").message
    assert "it is too narrow" in over(4, 12).message
    assert "it is wider" in over(40, 190).message
    assert over(4, 0, spent="0").message.endswith("too narrow")
    wide = over(5, 23)
    assert (wide.code, wide.month_ends, wide.coverage) == ("range-too-wide", 25, 0.92)
    assert wide.message.endswith("month ends of wallets: it may be wider than it has to be")
    assert "a lower `--probability`" in wide.hint


@pytest.mark.parametrize(("wallets", "held"), [(4, 14), (4, 18), (4, 16), (3, 3), (3, 15), (0, 0)])
def test_nothing_is_told_of_a_range_that_holds_or_of_fewer_than_twenty_month_ends(wallets: int, held: int) -> None:
    assert over(wallets, held) is None


def test_twenty_forecasts_of_one_month_are_one_month_end() -> None:
    assert range_alarm(calibration(met(*[500] * 40, quantiles=range_of(100)))) is None


def test_the_track_record_carries_the_alarm() -> None:
    entries = [
        logged(period=Period(2026, month), wallet=f"team_{number}", quantiles=range_of(100))
        for month in (2, 3, 4)
        for number in range(7)
    ]
    found = logged_record(Judged(tuple(Met(entry, Decimal(500)) for entry in entries), {}))
    assert found is not None
    assert found.alarm is not None
    assert (found.alarm.code, found.alarm.month_ends) == ("range-too-narrow", 21)
    assert record([2, 3, 4]).alarm is None
