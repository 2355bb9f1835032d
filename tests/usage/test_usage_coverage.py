"""Days that two exports hold, days that one of them lacks, and days that no clock should tell."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from reconciler.forecast.history import spending
from reconciler.model.usage import DailyUsage

END = date(2026, 7, 1)


def lines(team: str, first: date, last: date, *, cost: str = "2", every: int = 1) -> str:
    days = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, every)]
    return "".join(f"{team}-{day},{day}T10:00:00Z,{team},{cost}\n" for day in days)


HEADER = "id,timestamp,team_id,cost\n"
JANUARY, MID_JUNE, JUNE_END = date(2026, 1, 1), date(2026, 6, 20), date(2026, 6, 30)


def codes(usage: DailyUsage) -> list[tuple[str, int, int, Decimal]]:
    return [(issue.code, issue.row, issue.count, issue.cost) for issue in usage.source.issues]


def test_a_team_whose_export_ends_before_the_others_is_named_with_its_last_day(exports: Any) -> None:
    exports.text("a.csv", HEADER + lines("team_a", JANUARY, MID_JUNE))
    exports.text("b.csv", HEADER + lines("team_b", JANUARY, JUNE_END))
    assert exports.read().source.stale == {"team_a": MID_JUNE}


def test_the_days_that_an_export_lacks_teach_no_silence(exports: Any) -> None:
    exports.text("a.csv", HEADER + lines("team_a", JANUARY, MID_JUNE))
    exports.text("b.csv", HEADER + lines("team_b", JANUARY, JUNE_END))
    history = spending(exports.read(), as_of=END).of("team_a").history(END)
    assert history[:-10].tolist() == [2.0] * ((MID_JUNE - JANUARY).days + 1)
    assert all(day != day for day in history[-10:])


def test_a_team_that_fell_silent_within_an_export_of_several_is_no_old_export(exports: Any) -> None:
    exports.text("all.csv", HEADER + lines("team_a", JANUARY, MID_JUNE) + lines("team_b", JANUARY, JUNE_END))
    exports.text("c.csv", HEADER + lines("team_c", JANUARY, JUNE_END))
    assert exports.read().source.stale == {}


def test_a_team_that_fell_silent_in_files_of_a_day_each_is_no_old_export(exports: Any) -> None:
    for number in range(20):
        day = date(2026, 6, 11) + timedelta(days=number)
        teams = ["team_b", "team_a"] if day < MID_JUNE else ["team_b"]
        exports.text(f"{day}.csv", HEADER + "".join(lines(team, day, day) for team in teams))
    assert exports.read().source.stale == {}


def test_a_team_of_few_events_is_no_old_export(exports: Any) -> None:
    exports.text("a.csv", HEADER + lines("team_a", JANUARY, date(2026, 5, 30), every=30))
    exports.text("b.csv", HEADER + lines("team_b", JANUARY, JUNE_END))
    assert exports.read().source.stale == {}


def test_rows_without_ids_that_two_files_hold_are_told_with_their_days_and_money(exports: Any) -> None:
    def without_id(first: int, last: int) -> str:
        days = [date(2026, 6, day) for day in range(first, last + 1) if day != 13]
        return "timestamp,team_id,cost\n" + "".join(
            f"{day}T{hour:02}:00:00Z,team_a,1.5\n" for day in days for hour in (9, 10, 10)
        )

    exports.text("w1.csv", without_id(1, 14))
    exports.text("w2.csv", without_id(11, 20))
    usage = exports.read()
    (issue,) = [issue for issue in usage.source.issues if issue.code == "overlap-without-id"]
    assert (issue.count, issue.cost, issue.month_cost, issue.counted) == (9, Decimal("13.5"), Decimal("13.5"), True)
    assert "w1.csv and w2.csv both hold them, on 2026-06-11 to 2026-06-12 and 2026-06-14" in issue.message


def test_files_of_one_team_each_without_ids_do_not_overlap(exports: Any) -> None:
    for team in ("team_a", "team_b"):
        exports.text(f"{team}.csv", f"timestamp,team_id,cost\n2026-06-01T00:00:00Z,{team},1\n")
    assert {code for code, *_ in codes(exports.read())} == {"no-id"}


def test_rows_of_a_wrong_clock_are_counted_named_and_told_with_their_money(exports: Any) -> None:
    content = HEADER + lines("team_a", JANUARY, JUNE_END)
    content += "x,2126-06-01T00:00:00Z,team_a,70\ny,2026-07-03T00:00:00Z,team_a,7\nz,2001-01-01T00:00:00Z,team_a,0.5\n"
    usage = exports.read(exports.text("e.csv", content))
    rows = content.count("\n")
    assert codes(usage) == [
        ("after-as-of", rows - 2, 2, Decimal(77)),
        ("before-window", rows, 1, Decimal("0.5")),
    ]
    assert usage.source.outside_window == 3
    assert usage.source.data_as_of is not None
    assert usage.source.data_as_of.date() == JUNE_END


def test_a_row_of_the_future_does_not_complete_a_day_that_was_cut_off(exports: Any) -> None:
    days = "".join(
        f"{day}-{hour},2026-06-{day:02}T{hour:02}:00:00Z,team_a,1\n"
        for day in range(1, 31)
        for hour in range(24 if day < 30 else 9)
    )
    exports.text("e.csv", HEADER + days + "x,2096-06-01T00:00:00Z,team_a,1\n")
    assert exports.read().source.last_complete_day == date(2026, 6, 29)


def test_an_archive_of_many_years_is_told_by_its_sums_alone(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + lines("team_a", date(2023, 1, 1), JUNE_END)))
    days = (JANUARY - date(2023, 1, 1)).days
    assert codes(usage) == [("before-window", 0, days, Decimal(2 * days))]


def test_tokens_that_cost_less_than_nothing_are_named_with_their_money(exports: Any) -> None:
    header = "id,timestamp,team_id,cost,input_tokens,output_tokens\n"
    rows = ["a,2026-06-01,team_a,5,10,", "b,2026-06-02,team_a,-20.25,10,", "c,2026-06-03,team_a,-1,0,0"]
    usage = exports.read(exports.text("e.csv", header + "".join(f"{row}\n" for row in rows)))
    assert codes(usage) == [("negative-cost", 3, 1, Decimal("-20.25"))]
    assert usage.source.issues[0].counted
    assert usage.source.below_zero == {("team_a", date(2026, 6, 1)): Decimal("-16.25")}


def test_credits_without_tokens_are_no_doubt(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", HEADER + lines("team_a", JANUARY, JUNE_END, cost="-2")))
    assert usage.source.issues == ()
    assert len(usage.source.below_zero) == 6


def days_but(*runs: tuple[int, int], step: int = 1, weekdays: bool = False) -> str:
    """Return a row a day of June 2026, but for the days of `runs`, both included."""
    days = [date(2026, 5, 1) + timedelta(days=n) for n in range(0, 61, step)]
    left = [date(2026, 6, day) for first, last in runs for day in range(first, last + 1)]
    chosen = [day for day in days if day not in left and not (weekdays and day.weekday() > 4)]
    return HEADER + "".join(f"{day},{day}T10:00:00Z,team_a,1\n" for day in chosen)


def test_days_on_which_nobody_has_an_event_are_a_gap_where_that_is_unusual(exports: Any) -> None:
    def gaps(text: str) -> list[tuple[int, int]]:
        found = exports.read(exports.text("e.csv", text)).source.gaps
        assert {each.month for run in found for each in run} <= {6}
        return [(first.day, last.day) for first, last in found]

    assert gaps(days_but()) == gaps(days_but((9, 10))) == []
    assert gaps(days_but((9, 11))) == [(9, 11)]
    assert gaps(days_but((4, 10), (16, 22))) == [(4, 10), (16, 22)]
    assert gaps(days_but((24, 30))) == [], "what comes after the last day is no gap"
    assert gaps(days_but(weekdays=True)) == gaps(days_but((9, 9), weekdays=True)) == []
    assert gaps(days_but((8, 12), weekdays=True)) == [(6, 14)], "a working week and both weekends"
    assert gaps(days_but((9, 13), step=4)) == [], "of a call every fourth day one or two are missing"
    assert gaps(days_but((4, 28), step=9)) == [], "too few days to tell what is usual"


def test_the_days_of_a_gap_teach_no_silence(exports: Any) -> None:
    usage = exports.read(exports.text("e.csv", days_but((9, 15))))
    history = spending(usage, as_of=date(2026, 6, 20)).of("team_a").history(date(2026, 6, 20))
    assert [place + 1 for place, day in enumerate(history[-19:]) if day != day] == list(range(9, 16))
    assert spending(usage, as_of=date(2026, 6, 20)).of("team_a").between(date(2026, 6, 1), date(2026, 6, 20)) == 12


def test_rows_that_are_too_old_and_stand_there_twice_are_left_out_once_and_repeated_once(exports: Any) -> None:
    """Five old rows of 2.00, twice, are 10.00 that is too old and five repeats, whatever else is in doubt."""
    old, recent = (lines("team_a", day, day + timedelta(days=4)) for day in (date(2024, 1, 1), JANUARY))
    for more, other in (("", 0), ("usd,2026-01-09T10:00:00Z,team_a,7,USD\n", 1)):
        rows = (old + old + recent).replace(",2\n", ",2,EUR\n") + more
        exports.text("a.csv", "id,timestamp,team_id,cost,currency\n" + rows)
        source = exports.read(first=JANUARY, end=END, currency="EUR").source
        counted = {issue.code: (issue.count, issue.cost) for issue in source.issues}
        assert counted["before-window"] == (5, Decimal(10))
        assert (source.rows, source.duplicates, source.outside_window) == (5, 5, 5)
        assert counted.get("other-currency", (0,))[0] == other
