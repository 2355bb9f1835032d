"""Judge the forecast where something changes: a table of mechanisms, beside naive methods and the method before.

    python benchmarks/forecast_gates.py --mechanisms [--seeds FAMILY] [--worlds N] [--ablate] [--rows TEXT]

Worlds are generated. The seeds of the family `held-out` must never be looked at while a choice is made; choose on
`tuning`, or on any number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gates import Gate
from generated_worlds import World
from mechanism_gates import gates_of
from mechanism_scores import ALL, BEFORE, Measured, measure, naive_errors, worlds_of
from world_rows import ROWS, Row

from reconciler.forecast.naive import NAIVE_METHODS, NaiveMethod

HELD_OUT = "held-out"
FAMILIES = {"tuning": 15, HELD_OUT: 770_016}
WORLDS = 200
HEADER = (
    "  mechanism                                           n  cov80 cov95  WAPE  CRPS  >P90 | before"
    "  cov80 cov95  WAPE  CRPS | WAPE of  rate  mean  line"
)


def table_line(found: Measured, before: Measured, naive: Mapping[NaiveMethod, float]) -> str:
    def cell(value: float | None) -> str:
        return "   – " if value is None else f"{min(value, 99.99):5.2f}"

    own, old = found.score, before.score
    return (
        f"  {found.name:<48} {own.origins:4d}  {cell(own.cov80)} {cell(own.cov95)} {cell(own.wape)} {cell(own.crps)}"
        f" {cell(own.above_p90)} |         {cell(old.cov80)} {cell(old.cov95)} {cell(old.wape)} {cell(old.crps)} |"
        f"         {' '.join(cell(naive[method]) for method in NAIVE_METHODS)}"
    )


def ablation_lines(row: Row, worlds: Sequence[World]) -> Iterator[str]:
    """Yield the row with all mechanisms, with each one left out, and with none."""
    cases = [
        ("all", ALL),
        *((f"without {m.name}", ALL - {m}) for m in sorted(ALL, key=lambda m: str(m.name))),
        ("none", BEFORE),
    ]
    for label, chosen in cases:
        for found in measure(row, worlds, chosen):
            own = found.score
            yield (
                f"    {found.name:<48} {label:<18} {own.cov80 or 0:5.2f} {own.cov95 or 0:5.2f}"
                f" {own.wape:6.2f} {own.crps:6.3f} {own.above_p90 or 0:5.2f}"
            )


def run(*, seeds: str, count: int, ablate: bool = False, only: str = "") -> list[Gate]:
    """Print the table, and return the gates of the rows that were judged."""
    base = FAMILIES[seeds] if seeds in FAMILIES else int(seeds)
    print(f"generated mechanisms: {count} worlds a row, seeds {seeds}")
    print(HEADER)
    found: dict[str, tuple[Measured, Measured]] = {}
    for row in (row for row in ROWS if only in row.name):
        worlds = worlds_of(row, seeds=base, count=count)
        for own, old in zip(measure(row, worlds), measure(row, worlds, BEFORE), strict=True):
            found[own.name] = own, old
            print(table_line(own, old, naive_errors(row, worlds, own.month)), flush=True)
        for line in ablation_lines(row, worlds) if ablate else ():
            print(line, flush=True)
    return gates_of(found)
