"""Daily series of the evaluation file: split into halves, and the days that each is forecast from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from generated_worlds import World

from reconciler.model.period import Period

TUNING_SOURCES = frozenset({"wikipedia", "bicimad", "flights", "skdemo", "traffic"})
FEWEST_HISTORY_DAYS = 28
LONGEST_HISTORY_DAYS = 400
USUAL_DAYS = 56
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    source: str
    name: str
    first: date
    values: Floats

    @property
    def is_tuning(self) -> bool:
        if not self.source.startswith("synth"):
            return self.source in TUNING_SOURCES
        return int(sha256(self.name.encode()).hexdigest()[:8], 16) % 2 == 0


def read_series(path: Path) -> list[Series]:
    """Return the series of the file, in order of source and id."""
    import pyarrow.parquet as parquet

    table = parquet.read_table(path).sort_by([("source", "ascending"), ("unique_id", "ascending"), ("ds", "ascending")])
    sources, names = (table[column].to_numpy(zero_copy_only=False).astype(str) for column in ("source", "unique_id"))
    days = table["ds"].to_numpy(zero_copy_only=False).astype("datetime64[D]")
    values = table["y"].to_numpy(zero_copy_only=False).astype(np.float64)
    starts = np.flatnonzero(np.r_[True, (sources[1:] != sources[:-1]) | (names[1:] != names[:-1])])
    return [
        Series(str(sources[low]), str(names[low]), days[low].item(), values[low:high])
        for low, high in zip(starts, [*starts[1:], len(values)], strict=True)
    ]


def origins_of(series: Series, *, count: int, history_days: int = LONGEST_HISTORY_DAYS) -> list[Any]:
    """Return some days, drawn from a seed of the series' name, whose month is observed as a whole."""
    from reconciler.forecast.backtest import ForecastOrigin
    from reconciler.model.period import Period

    random = np.random.default_rng(int(sha256(f"{series.source}/{series.name}".encode()).hexdigest()[:8], 16))
    start = int(np.argmax(series.values > 0))
    last = series.first + timedelta(days=len(series.values) - 1)
    days = [series.first + timedelta(days=step) for step in range(start + FEWEST_HISTORY_DAYS, len(series.values))]
    whole = [
        day
        for day in days
        if Period.of(day).last <= last and Period.of(day).first >= series.first + timedelta(days=start)
    ]
    chosen = sorted(random.choice(len(whole), size=min(count, len(whole)), replace=False)) if whole else []
    origins = []
    for as_of in (whole[index] for index in chosen):
        step = (as_of - series.first).days
        elapsed = as_of.day - 1
        end = (Period.of(as_of).end - series.first).days
        usual = max(float(series.values[max(start, step - 56) : step].mean()), 0.1 * float(series.values.mean()))
        origins.append(
            ForecastOrigin(
                series=f"{series.source}/{series.name}",
                as_of=as_of,
                history=series.values[max(start, step - history_days) : step],
                elapsed=min(elapsed, history_days),
                rest=series.values[step:end],
                scale=usual * Period.of(as_of).days,
            )
        )
    return origins


def months_ahead(series: Series, *, month: int, count: int) -> Iterator[World]:
    """Yield the series as of some days whose month that many months later is observed as a whole."""
    random = np.random.default_rng(int(sha256(f"{series.source}/{series.name}/{month}".encode()).hexdigest()[:8], 16))
    start = int(np.argmax(series.values > 0)) + FEWEST_HISTORY_DAYS
    end = series.first + timedelta(days=len(series.values))
    whole = [
        step
        for step in range(start, len(series.values))
        if Period.of(series.first + timedelta(days=step)).plus(month).end <= end
    ]
    for step in sorted(random.choice(whole, size=min(count, len(whole)), replace=False)) if whole else ():
        history = series.values[max(start - FEWEST_HISTORY_DAYS, step - LONGEST_HISTORY_DAYS) : step]
        usual = max(float(history[-USUAL_DAYS:].mean()), 0.1 * float(series.values.mean()))
        as_of = series.first + timedelta(days=int(step))
        yield World(as_of, history, np.zeros_like(history), series.values[step:], usual, age=0)
