"""Whether the last day is there in full."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from reconciler.forecast.windows import trailing_window
from reconciler.usage.coverage import last_complete_day

START = date(2026, 3, 2)
HOURS = "23:50"


def verdict(
    counts: list[int], ends: list[str], *, end: date | None = None, days: list[int] | None = None
) -> date | None:
    when = [START + timedelta(days=offset) for offset in (days or range(len(counts)))]
    latest = np.array([f"{day}T{at}:00" for day, at in zip(when, ends, strict=True)], "datetime64[us]")
    return last_complete_day(
        np.array(when, "datetime64[D]"), latest, np.array(counts), end=end or when[-1] + timedelta(days=1)
    )


def day(offset: int) -> date:
    return START + timedelta(days=offset)


@pytest.mark.parametrize(
    ("last_count", "last_end", "expected"),
    [(40, "09:00", 19), (40, HOURS, 20), (90, "09:00", 20), (79, "23:49", 19), (80, "09:00", 20)],
    ids=["early and few", "few but late", "early but many", "just below", "exactly at the bound"],
)
def test_a_day_is_cut_off_when_it_stops_early_and_has_clearly_fewer_events(
    last_count: int, last_end: str, expected: int
) -> None:
    assert verdict([100] * 20 + [last_count], [HOURS] * 20 + [last_end]) == day(expected)


def test_a_quiet_weekday_is_compared_with_its_own_kind() -> None:
    week = [100, 100, 100, 100, 100, 10, 10]
    ends = ["23:50"] * 5 + ["12:00"] * 2
    assert verdict((week * 4)[:27], [*(ends * 4)[:26], "11:00"]) == day(26)
    assert verdict([*(week * 4)[:26], 3], [*(ends * 4)[:26], "11:00"]) == day(25)


def test_dates_without_a_time_of_day_are_never_cut_off() -> None:
    assert verdict([100] * 20 + [1], ["00:00"] * 21) == day(20)


def test_a_later_event_proves_the_day_before() -> None:
    assert verdict([100] * 20 + [40, 1], [HOURS] * 20 + ["09:00", "00:01"], end=day(21)) == day(20)


def test_below_three_days_nothing_is_said_to_be_cut_off() -> None:
    assert verdict([100, 100, 1], [HOURS, HOURS, "01:00"]) == day(2)
    assert verdict([100, 100, 100, 1], [HOURS, HOURS, HOURS, "01:00"]) == day(2)


def test_days_long_ago_do_not_count() -> None:
    offsets = [0, 1, 2, 3, 60]
    assert verdict([100, 100, 100, 100, 1], [HOURS] * 4 + ["01:00"], days=offsets) == day(60)


def test_a_cut_off_day_may_be_told_in_several_entries() -> None:
    assert verdict(
        [50, 50] * 9 + [5, 5], [HOURS, "11:00"] * 9 + ["08:00", "07:00"], days=[n // 2 for n in range(20)]
    ) == day(8)


def test_without_a_day_before_the_end_there_is_none() -> None:
    assert verdict([1], [HOURS], end=START) is None


def test_the_trailing_window_ends_before_the_day_that_is_not_known_in_full() -> None:
    assert trailing_window(date(2026, 6, 18)) == (date(2025, 5, 14), date(2026, 6, 18))
