"""Judge the forecast where something changes: a table of mechanisms, beside naive methods and the method before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gates import Gate
from generated_worlds import World
from lever_gates import ORGANIZATIONS, judge_levers
from mechanism_dates import date_lines
from mechanism_gates import MONTHS_AHEAD, gates_of
from mechanism_scores import ALL, BEFORE, Measured, measure, naive_errors, worlds_of
from mechanism_silence import ROW as SILENCE
from mechanism_silence import judge_silence
from mechanism_sums import judge_sums
from mechanism_together import judge_together
from real_series import Series, months_ahead
from world_rows import ROWS, Row, usual

from reconciler.forecast.happenings.mechanism import Mechanism
from reconciler.forecast.naive import NAIVE_METHODS, NaiveMethod

HELD_OUT = "held-out"
FAMILIES = {"tuning": 15, HELD_OUT: 826_411_903}
"""Where the generators of a family begin."""
WORLDS = 200
REAL_ORIGINS = 2
DATES_HEADER = (
    "when the money runs out, and the days between its alert and that\n"
    "                                                      n  date80 expected happened reaction80 n | before"
)
HEADER = (
    "  mechanism                                           n  cov80 cov95  WAPE  CRPS  >P90 | before"
    "  cov80 cov95  WAPE  CRPS | WAPE of  rate  mean  line | told"
)


def table_line(found: Measured, before: Measured, naive: Mapping[NaiveMethod, float]) -> str:
    def cell(value: float | None) -> str:
        return "   – " if value is None else f"{min(value, 99.99):5.2f}"

    own, old = found.score, before.score
    told = ", ".join(f"{code} {share:.0%}" for code, share in found.told.items())
    return (
        f"  {found.name:<48} {own.origins:4d}  {cell(own.cov80)} {cell(own.cov95)} {cell(own.wape)} {cell(own.crps)}"
        f" {cell(own.above_p90)} |         {cell(old.cov80)} {cell(old.cov95)} {cell(old.wape)} {cell(old.crps)} |"
        f"         {' '.join(cell(naive[method]) for method in NAIVE_METHODS)} | {told}"
    )


def ablation_lines(row: Row, worlds: Sequence[World]) -> Iterator[str]:
    """Yield the row with all mechanisms, with each one left out, and with none."""
    cases = [("all", ALL), *((f"without {one}", ALL - {one}) for one in Mechanism), ("none", BEFORE)]
    for label, chosen in cases:
        for found in measure(row, worlds, chosen):
            own = found.score
            yield (
                f"    {found.name:<48} {label:<18} {own.cov80 or 0:5.2f} {own.cov95 or 0:5.2f}"
                f" {own.wape:6.2f} {own.crps:6.3f} {own.above_p90 or 0:5.2f}"
            )


def age_lines(own: Measured, before: Measured) -> Iterator[str]:
    """Yield the coverage of a row by the days since what happened."""
    for age, score in own.ages.items():
        old = before.ages[age]
        yield (
            f"      {age:3d} days{'':38} {score.origins:4d}  {score.cov80 or 0:5.2f} {score.cov95 or 0:5.2f}"
            f" {score.wape:5.2f} {score.crps:5.2f} {score.above_p90 or 0:5.2f} |         {old.cov80 or 0:5.2f}"
            f" {old.cov95 or 0:5.2f} {old.wape:5.2f} {old.crps:5.2f} |"
        )


def run(
    *,
    seeds: str,
    count: int,
    ablate: bool = False,
    ages: bool = False,
    only: str = "",
    series: Sequence[Series] = (),
) -> list[Gate]:
    """Print the tables, and return the gates of the rows that were judged."""
    base = FAMILIES[seeds] if seeds in FAMILIES else int(seeds)
    print(f"generated mechanisms: {count} worlds a row, seeds {seeds}")
    print(HEADER)
    found: dict[str, tuple[Measured, Measured]] = {}
    dated: list[tuple[str, list[Gate]]] = []
    for row in (row for row in ROWS if only in row.name):
        worlds = worlds_of(row, seeds=base, count=count)
        dated += date_lines(row, worlds, seeds=base)
        for own, old in judged(row, worlds):
            found[own.name] = own, old
            for line in age_lines(own, old) if ages and len(own.ages) > 1 else ():
                print(line, flush=True)
        for line in ablation_lines(row, worlds) if ablate else ():
            print(line, flush=True)
    real = [] if only else [pair for row, worlds in real_rows(series) for pair in judged(row, worlds)]
    gates = gates_of({**found, **{own.name: (own, old) for own, old in real}})
    if dated:
        print(DATES_HEADER)
    for line, _ in dated:
        print(line)
    silence = judge_silence(seeds=base) if only in SILENCE.name else ()
    sums = () if only else (*judge_together(seeds=base), *judge_sums(seeds=base))
    levers = () if only else judge_levers(first=base, count=ORGANIZATIONS)
    return [*gates, *(gate for _, more in dated for gate in more), *silence, *sums, *levers]


def judged(row: Row, worlds: Sequence[World]) -> Iterator[tuple[Measured, Measured]]:
    """Yield each month of the row now and by the method before, and print its line."""
    for own, old in zip(measure(row, worlds), measure(row, worlds, BEFORE), strict=True):
        print(table_line(own, old, naive_errors(row, worlds, own.month)), flush=True)
        yield own, old


def real_rows(series: Sequence[Series]) -> Iterator[tuple[Row, list[World]]]:
    """Yield the real series as worlds, for each number of months ahead."""
    for month in MONTHS_AHEAD:
        worlds = [world for entry in series for world in months_ahead(entry, month=month, count=REAL_ORIGINS)]
        if worlds:
            yield Row(f"series, month {month}", usual, (month,)), worlds
