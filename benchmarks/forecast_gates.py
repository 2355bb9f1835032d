"""Judge the forecast on daily series that were not used in tuning: every gate with its value, limit and verdict.

    python benchmarks/forecast_gates.py [--data PARQUET] [--half held-out|tuning] [--statsforecast]
    python benchmarks/forecast_gates.py --mechanisms [--seeds FAMILY] [--worlds N] [--ablate] [--rows TEXT]

The series file has the columns source, unique_id, ds (day), y (non-negative). Its series are split once and for all:
public series by source, generated ones by a hash of their id. Exits 1 if a gate fails. With --statsforecast a virtual
environment for it is made under the temporary directory (once), and AutoETS and DynamicOptimizedTheta are scored on
a part of the same origins, beside the forecast.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import mechanisms
import numpy as np
import numpy.typing as npt
from gates import Gate

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "forecast" / "evaluation_series.parquet"
TUNING_SOURCES = frozenset({"wikipedia", "bicimad", "flights", "skdemo", "traffic"})
ORIGINS_PER_SERIES = 6
FEWEST_HISTORY_DAYS = 28
LONGEST_HISTORY_DAYS = 400
SHORT_HISTORY_DAYS = 7
PEER_ORIGINS = 150
PEER_PATHS = 200
PEER_MODELS = ("AutoETS", "DynamicOptimizedTheta")
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


def scored(origins: Sequence[Any]) -> dict[str, Any]:
    """Return the scores by method."""
    from reconciler.forecast.backtest import ScoreSheet, score_origins
    from reconciler.forecast.draws import seed_of
    from reconciler.forecast.scores import summary

    record = ScoreSheet()
    score_origins(origins, record, seed=lambda origin: seed_of("benchmark", origin.series, origin.as_of))
    return {
        method: summary(months, record.chances[method], interval=method == "forecast")
        for method, months in record.months.items()
    }


def largest_day_factor(origins: Sequence[Any], *, days: int = 90) -> float:
    """Return the largest simulated day over 90 days, as a multiple of the largest observed one."""
    from reconciler.forecast.draws import draw, seed_of
    from reconciler.forecast.fit import fit
    from reconciler.forecast.panel import make_panel
    from reconciler.forecast.paths import simulate

    worst = 0.0
    for start in range(0, len(origins), 32):
        chunk = origins[start : start + 32]
        ends = np.array([origin.as_of - timedelta(days=1) for origin in chunk], dtype="datetime64[D]")
        learned = fit(make_panel([origin.history for origin in chunk], ends))
        seeds = [seed_of("benchmark", origin.series, origin.as_of) for origin in chunk]
        paths = simulate(learned, draw(seeds, shared_seed=0, paths=500, weeks=13), days=days)
        largest = np.maximum(learned.largest, 1e-12)
        worst = max(worst, float((paths.max(axis=(1, 2)) / largest).max()))
    return worst


def gates_of(scores: dict[str, Any], short: dict[str, Any], largest: float) -> list[Gate]:
    own, mean, rate = scores["forecast"], scores["mean_28_days"], scores["run_rate"]
    return [
        Gate("origins", own.origins, low=300),
        Gate("coverage of the 80% interval", own.cov80, low=0.76, high=0.87),
        Gate("coverage of the 95% interval", own.cov95, low=0.91),
        Gate("share above P90", own.above_p90, high=0.14),
        Gate("WAPE / 28-day mean", own.wape / mean.wape, high=0.95),
        Gate("WAPE / month-to-date run rate", own.wape / rate.wape, high=0.85),
        Gate("CRPS / error of the 28-day mean", own.crps / mean.crps, high=0.75),
        Gate("Brier / run rate's", own.brier / rate.brier, high=0.70),
        Gate("largest reliability gap (bins of 30 or more)", own.largest_gap, high=0.10),
        Gate("expected calibration error", own.calibration_error, high=0.06),
        Gate("7 days of history: coverage of the 80% interval", short["forecast"].cov80, low=0.72),
        Gate("largest simulated day / largest observed day", largest, high=10.0),
    ]


def table_line(method: str, score: Any, *, note: str = "") -> str:
    def cell(value: float | None) -> str:
        return "   –  " if value is None else f"{value:6.3f}"

    return (
        f"  {method:<22} {score.wape:6.3f} {score.crps:6.3f}  {cell(score.cov80)} {cell(score.cov95)}"
        f" {cell(score.brier)}  {score.origins:5d}  {note}"
    )


def peer_python() -> Path:
    """Return the Python of an environment that has statsforecast; it is made on first use."""
    home = Path(tempfile.gettempdir()) / "kt-budgets-statsforecast"
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "statsforecast"], check=True)
    return python


def peer_scores(origins: Sequence[Any], python: Path) -> dict[str, tuple[Any, float]]:
    """Return for each model of statsforecast its score and its seconds per series, over the same origins."""
    from reconciler.forecast.scores import score_paths, summary

    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder) / "origins.json", Path(folder) / "paths.npz"
        rows = [{"history": origin.history.tolist(), "days": len(origin.rest)} for origin in origins]
        source.write_text(json.dumps(rows))
        subprocess.run([str(python), __file__, "--peer", str(source), str(result)], check=True)
        answers = np.load(result)
        found = {}
        for model in PEER_MODELS:
            months = [
                score_paths(origin.month_to_date + ends, origin.actual, series=origin.series, scale=origin.scale)
                for origin, ends in zip(origins, answers[model], strict=True)
            ]
            found[model] = (summary(months), float(answers[f"{model}_seconds"]) / len(origins))
        return found


def run_peer(source: Path, result: Path) -> None:
    """Forecast month ends with statsforecast; runs inside its own environment, one process, after a warm-up."""
    models = importlib.import_module("statsforecast.models")
    warnings.simplefilter("ignore")
    rows = json.loads(source.read_text())
    arrays: dict[str, Any] = {}
    for name in PEER_MODELS:
        model = getattr(models, name)
        _peer_month_end(model, np.arange(1.0, 60.0) ** 0.5, 7)
        began = time.perf_counter()
        arrays[name] = np.stack([_peer_month_end(model, np.array(row["history"]), row["days"]) for row in rows])
        arrays[f"{name}_seconds"] = time.perf_counter() - began
    np.savez(result, **arrays)


def _peer_month_end(model: Any, history: Floats, days: int) -> Floats:
    """Return the rest's sum on the model's own simulated paths, errors bootstrapped; its mean where it has none."""
    fitted = model(season_length=7).fit(history)
    paths = np.asarray(fitted.simulate(h=days, n_paths=PEER_PATHS, seed=1, error_distribution="bootstrap"))
    sums = np.maximum(paths, 0.0).sum(axis=1)
    point = float(np.maximum(np.asarray(fitted.predict(h=days)["mean"]), 0.0).sum())
    return np.where(np.isfinite(sums), sums, point)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=["held-out", "tuning"], default="held-out")
    parser.add_argument("--statsforecast", action="store_true")
    parser.add_argument("--mechanisms", action="store_true", help="judge generated mechanisms in place of the series")
    parser.add_argument("--seeds", default=mechanisms.HELD_OUT, help="tuning, held-out, or any number")
    parser.add_argument("--worlds", type=int, default=mechanisms.WORLDS, help="worlds of each mechanism")
    parser.add_argument("--rows", default="", help="only mechanisms whose name holds this")
    parser.add_argument("--ablate", action="store_true", help="also leave out one part of the method at a time")
    parser.add_argument("--peer", nargs=2, type=Path, metavar=("ORIGINS", "RESULT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peer:
        run_peer(*options.peer)
        return 0
    if options.mechanisms:
        gates = mechanisms.run(seeds=options.seeds, count=options.worlds, ablate=options.ablate, only=options.rows)
        return print_gates(gates)
    if not options.data.exists():
        print(f"{options.data} is not there; name the series file with --data", file=sys.stderr)
        return 2
    series = [entry for entry in read_series(options.data) if entry.is_tuning == (options.half == "tuning")]
    origins = [origin for entry in series for origin in origins_of(entry, count=ORIGINS_PER_SERIES)]
    short = [origin for entry in series for origin in origins_of(entry, count=3, history_days=SHORT_HISTORY_DAYS)]
    scores = scored(origins)
    print(f"{options.half} half: {len(series)} series, {len(origins)} origins, month end")
    print("  method                   WAPE   CRPS   cov80  cov95  Brier  origins")
    for method, score in scores.items():
        print(table_line(method, score))
    if options.statsforecast:
        part = origins[:: max(len(origins) // PEER_ORIGINS, 1)]
        print(table_line("forecast, same part", scored(part)["forecast"]))
        for model, (score, seconds) in peer_scores(part, peer_python()).items():
            print(table_line(model, score, note=f"{1000 * seconds:.0f} ms a series"))
    print("  reliability of the exhaustion probability (forecast → happened, count)")
    for entry in scores["forecast"].reliability:
        print(f"    {entry.low:.1f}   {entry.forecast:.3f} → {entry.happened:.3f}   {entry.count}")
    return print_gates(gates_of(scores, scored(short), largest_day_factor(origins[::4])))


def print_gates(gates: Sequence[Gate]) -> int:
    print("gates")
    for gate in gates:
        print(gate)
    return 1 if any(gate.fails for gate in gates) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
