"""What happens to generated wallets: one maker a mechanism, and controls to which nothing happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import column_worlds
import numpy as np
import numpy.typing as npt
from generated_worlds import Timeline, World, between, ratio, timeline

Random = np.random.Generator
Maker = Callable[[Random], World]


@dataclass(frozen=True, slots=True)
class Row:
    """A mechanism: how its worlds are made, and the months that are judged (0 is the rest of the present one)."""

    name: str
    make: Maker
    months: tuple[int, ...] = (0,)
    is_control: bool = False


def shift(factors: tuple[float, float], ages: tuple[int, int]) -> Maker:
    """A new level since some days: a launch, a drop, a price cut."""

    def make(random: Random) -> World:
        line, age = timeline(random), between(random, ages)
        line.times(ratio(random, factors), age=age)
        return line.world(age=age)

    return make


def passing(factors: tuple[float, float], ages: tuple[int, int], lasts: tuple[int, int]) -> Maker:
    """Another level for some days, which may be over by now."""

    def make(random: Random) -> World:
        line, age, days = timeline(random), between(random, ages), between(random, lasts)
        line.gross[line.since(age) & ~line.since(age - days)] *= ratio(random, factors)
        return line.world(age=age)

    return make


def silence(ages: tuple[int, int]) -> Maker:
    """Stopped for good."""

    def make(random: Random) -> World:
        line, age = timeline(random, history=(90, 400)), between(random, ages)
        line.gross[line.since(age)] = 0.0
        return line.world(age=age)

    return make


def restart(ages: tuple[int, int]) -> Maker:
    """Silent for two to eight weeks, and back at about the level before."""

    def make(random: Random) -> World:
        line, age = timeline(random, history=(130, 400)), between(random, ages)
        line.gross[line.since(age + between(random, (14, 60))) & ~line.since(age)] = 0.0
        line.times(float(np.exp(random.normal(0, 0.3))), age=age)
        return line.world(age=age)

    return make


def daily_credits(shares: tuple[float, float]) -> Maker:
    """A share of each day comes back, for all of the history or since one to four months."""

    def make(random: Random) -> World:
        line, share = timeline(random), random.uniform(*shares)
        since = line.since(between(random, (30, 120)) if random.random() < 0.5 else 10_000)
        spread = random.normal(0, 0.1, len(line.gross)) * min(share, 1 - share)
        line.credits[since] = (line.gross * np.clip(share + spread, 0, 1))[since]
        return line.world()

    return make


def monthly_credit(random: Random) -> World:
    """On one day of each month a share of the 30 days before comes back."""
    line, share, day = timeline(random, history=(130, 400)), random.uniform(0.1, 0.6), between(random, (1, 28))
    for place in np.flatnonzero(_day_of_month(line) == day):
        line.credits[place] = share * float(line.gross[max(place - 30, 0) : place].sum())
    return line.world()


def charge(*, last: bool) -> Maker:
    """A charge of some days' cost on one day of each month: the last one, or one of the first 28."""

    def make(random: Random) -> World:
        line, size = timeline(random, history=(130, 400)), ratio(random, (10, 100))
        day = between(random, (1, 28))
        hit = _day_of_month(line, plus=1) == 1 if last else _day_of_month(line) == day
        line.gross[hit] += line.daily * size * np.exp(random.normal(0, 0.1, int(hit.sum())))
        return line.world()

    return make


def christmas(when: str) -> Maker:
    """Each year fewer people work from about 20 December to the first days of January."""

    def make(random: Random) -> World:
        year, first, end = between(random, (2023, 2025)), between(random, (19, 24)), between(random, (2, 8))
        start, stop = date(year, 12, first), date(year + 1, 1, end)
        chosen = {
            "in": (start + timedelta(days=2), stop - timedelta(days=1)),
            "after": (stop + timedelta(days=1), date(year + 1, 1, 25)),
            "next": (start + timedelta(days=2), date(year, 12, 31)),
        }[when]
        as_of = chosen[0] + timedelta(days=between(random, (0, (chosen[1] - chosen[0]).days)))
        line, depth = timeline(random, as_of=as_of), random.uniform(0.1, 0.6)
        for back in (0, 1):
            dip = (line.days >= np.datetime64(date(year - back, 12, first))) & (
                line.days < np.datetime64(date(year + 1 - back, 1, end))
            )
            line.gross[dip] *= depth * np.exp(random.normal(0, 0.1))
        return line.world(age=(as_of - start).days)

    return make


def outage(random: Random) -> World:
    """Next to nothing for one to four days by now; most outages end within days, some last for two weeks."""
    line, age, lasts = timeline(random), between(random, (1, 4)), 0
    while lasts <= age:
        lasts = 1 + int(random.lognormal(1.4, 0.7))
    share = 0.0 if random.random() < 0.5 else random.uniform(0.02, 0.1)
    line.gross[line.since(age) & ~line.since(age - lasts)] *= share
    return line.world(age=age)


def cache_ramp(random: Random) -> World:
    """A cache takes 45% off within 30 days, of which 5 to 25 have gone by."""
    line, age = timeline(random), between(random, (5, 25))
    line.gross *= 1.0 - 0.45 * np.clip((line.offset + age) / 30.0, 0.0, 1.0)
    return line.world(age=age)


def growth(random: Random) -> World:
    """One to ten percent a month, all the time."""
    line = timeline(random, history=(120, 400), ahead=12)
    line.gross *= np.exp(random.uniform(0.01, 0.10) * line.offset / 30.4)
    return line.world()


def season(history: tuple[int, int]) -> Maker:
    """A yearly wave of 10 to 40 percent either way."""

    def make(random: Random) -> World:
        line = timeline(random, history=history, ahead=12)
        phase, height = random.uniform(0, 2 * np.pi), random.uniform(0.1, 0.4)
        line.gross *= np.exp(height * (np.sin(2 * np.pi * line.offset / 365.25 + phase) - np.sin(phase)))
        return line.world()

    return make


def quarter_end(random: Random) -> World:
    """The last days of each quarter cost a multiple; as of a month before such a one."""
    as_of = date(between(random, (2024, 2025)), random.choice([2, 5, 8, 11]), between(random, (1, 28)))
    line, length = timeline(random, as_of=as_of, history=(200, 400)), between(random, (2, 5))
    months = (line.days + np.timedelta64(length, "D")).astype("datetime64[M]").astype(np.intp) % 12
    hit = (months % 3 == 0) & (line.days.astype("datetime64[M]").astype(np.intp) % 12 != months)
    line.gross[hit] *= random.uniform(3, 8)
    return line.world()


def steady(random: Random) -> World:
    return timeline(random, noise=(0.05, 0.2)).world()


def usual(random: Random) -> World:
    return timeline(random).world()


def long_steady(random: Random) -> World:
    return timeline(random, ahead=12, history=(120, 400)).world()


def weekdays_only(random: Random) -> World:
    line = timeline(random)
    line.gross[(line.days - np.datetime64("2024-01-01")).astype(np.intp) % 7 >= 5] *= random.choice([0.0, 0.02])
    return line.world()


def batch(random: Random) -> World:
    """A batch on some days, at random."""
    line, share = timeline(random), random.uniform(0.15, 0.5)
    line.gross[random.random(len(line.gross)) > share] = 0.0
    line.daily *= share
    return line.world()


def month_end(random: Random) -> World:
    line = timeline(random, history=(100, 400))
    line.gross[_day_of_month(line, plus=3) <= 3] *= random.uniform(2, 5)
    return line.world()


def one_credit(random: Random) -> World:
    """A correction of up to a month's cost, once."""
    line = timeline(random)
    line.credits[-between(random, (1, 50)) + int((line.offset < 0).sum())] = line.daily * random.uniform(3, 30)
    return line.world()


def runaway_days(random: Random) -> World:
    """Now and then a day that costs a multiple."""
    line = timeline(random)
    hit = random.random(len(line.gross)) < random.uniform(0.01, 0.03)
    line.gross[hit] *= random.uniform(4, 15, int(hit.sum()))
    return line.world()


def short_history(random: Random) -> World:
    return timeline(random, history=(8, 27)).world()


def _day_of_month(line: Timeline, *, plus: int = 0) -> npt.NDArray[np.intp]:
    days = line.days + np.timedelta64(plus, "D")
    return np.asarray((days - days.astype("datetime64[M]")).astype(np.intp) + 1)


ROWS = (
    Row("launch x10 to x100, 2-5 days old", shift((10, 100), (2, 5))),
    Row("launch x10 to x100, 7-14 days old", shift((10, 100), (7, 14))),
    Row("launch x2 to x3, 2-5 days old", shift((2, 3), (2, 5))),
    Row("drop to 1/5 to 1/20, 2-5 days old", shift((0.05, 0.2), (2, 5))),
    Row("stopped, silent 14-29 days", silence((14, 29))),
    Row("stopped, silent 30-60 days", silence((30, 60))),
    Row("restart after silence, 1-7 days", restart((1, 7))),
    Row("daily credits 5-60%", daily_credits((0.05, 0.6))),
    Row("daily credits 60-100%", daily_credits((0.6, 1.0))),
    Row("monthly credit", monthly_credit),
    Row("charge on the last day", charge(last=True)),
    Row("charge on a fixed day", charge(last=False)),
    Row("in a Christmas dip", christmas("in")),
    Row("after Christmas", christmas("after")),
    Row("the month after a Christmas dip", christmas("next"), (1,)),
    Row("burst x3 to x10, 2-5 days old, of 6-12 days", passing((3, 10), (2, 5), (6, 12))),
    Row("outage still on, 1-4 days", outage, (0, 1)),
    Row("price cut to 50-85%, 2-14 days old", shift((0.5, 0.85), (2, 14))),
    Row("cache ramp to -45% in 30 days", cache_ramp),
    Row("columns: price to 50-85%, 2-14 days old", column_worlds.price((0.5, 0.85))),
    Row("columns: price to 120-200%, 2-14 days old", column_worlds.price((1.2, 2.0))),
    Row("columns: cache ramp to -45% in 30 days", column_worlds.cache_ramp, (0, 1)),
    Row("columns: a cache that fills up", column_worlds.cache_fills, (0, 1)),
    Row("columns: another cache at once", column_worlds.cache_at_once),
    Row("columns: launch x2 to x3 of a new workload", column_worlds.new_workload),
    Row("growth", growth, (1, 3, 6, 12)),
    Row("a yearly season", season((200, 400)), (1, 3, 6, 12)),
    Row("a yearly season, a year is known", season((395, 400)), (1, 3, 6, 12)),
    Row("steady, months ahead", long_steady, (1, 3, 6, 12)),
    Row("quarter end, next month", quarter_end, (1,)),
    Row("control: usual", usual, is_control=True),
    Row("control: steady", steady, is_control=True),
    Row("control: weekdays only", weekdays_only, is_control=True),
    Row("control: batch", batch, is_control=True),
    Row("control: month end", month_end, is_control=True),
    Row("control: one credit", one_credit, is_control=True),
    Row("control: runaway days", runaway_days, is_control=True),
    Row("control: short history", short_history, is_control=True),
    Row("control: a cache as ever", column_worlds.cache_as_ever, is_control=True),
    Row("control: a workload renamed", column_worlds.renamed, is_control=True),
    Row("control: x1/5 to x5, 25-60 days ago", shift((0.2, 5), (25, 60)), is_control=True),
    Row("control: a burst that is over", passing((3, 10), (8, 20), (2, 5)), is_control=True),
    Row("control: an outage that is over", passing((0.02, 0.1), (6, 20), (1, 4)), is_control=True),
)
