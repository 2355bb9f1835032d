"""Judge the forecast on daily series that were not used in tuning: every gate with its value, limit and verdict.

    python benchmarks/forecast_gates.py [--data PARQUET] [--half held-out|tuning] [--statsforecast]
    python benchmarks/forecast_gates.py --mechanisms [--seeds FAMILY] [--worlds N] [--rough] [--rows TEXT]
        [--ablate] [--ages]

The series file has the columns source, unique_id, ds (day), y (non-negative). Its series are split once and for all:
public series by source, generated ones by a hash of their id. Exits 1 if a gate fails. With --statsforecast a virtual
environment for it is made under the temporary directory (once), and AutoETS and DynamicOptimizedTheta are scored on
a part of the same origins, beside the forecast. With --mechanisms all gates are printed: of the series, and of worlds
generated for each thing that can happen to a wallet, of sums of wallets and of years whose savings come in part. A gate
is printed as `holds` or `MISSED`, one that need not hold as `goal` where it does not. The seeds `held-out` are never
looked at while a choice is made: choose on `tuning`, or on any number. They are new: looked at once, after all was
chosen. The seeds before them (770016) were looked at six times in parts, the series' held-out half some fifteen times.
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
from datetime import timedelta
from pathlib import Path
from typing import Any

import mechanisms
import numpy as np
import numpy.typing as npt
from gates import Gate, print_gates
from generated_worlds import ROUGH
from real_series import Series, origins_of, read_series

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data" / "forecast" / "evaluation_series.parquet"
ORIGINS_PER_SERIES = 6
SHORT_HISTORY_DAYS = 7
PEER_ORIGINS = 150
PEER_PATHS = 200
DRAWS = 2000
PEER_MODELS = ("AutoETS", "DynamicOptimizedTheta")
Floats = npt.NDArray[np.float64]


def sheet(origins: Sequence[Any], **asked: Any) -> Any:
    """Return what was scored, in the order of the origins."""
    from reconciler.forecast.backtest import ScoreSheet, score_origins
    from reconciler.forecast.draws import seed_of

    record = ScoreSheet()
    score_origins(origins, record, seed=lambda origin: seed_of("benchmark", origin.series, origin.as_of), **asked)
    return record


def scored(record: Any) -> dict[str, Any]:
    """Return the scores by method."""
    from reconciler.forecast.scores import summary

    return {
        method: summary(months, record.chances[method], interval=method == "forecast")
        for method, months in record.months.items()
    }


def loss_interval(own: Any, before: Any) -> tuple[float, float]:
    """Return the 95% interval of the ratio of CRPS to the method before: series drawn with replacement."""
    _, series = np.unique([month.series for month in own.months["forecast"]], return_inverse=True)
    one, other = (
        np.bincount(series, weights=[month.crps for month in record.months["forecast"]]) for record in (own, before)
    )
    drawn = np.random.default_rng(0).integers(0, len(one), (DRAWS, len(one)))
    low, high = np.quantile(one[drawn].sum(axis=1) / other[drawn].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


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
    parser.add_argument("--mechanisms", action="store_true", help="judge generated mechanisms as well")
    parser.add_argument("--seeds", default=mechanisms.HELD_OUT, help="tuning, held-out, or any number")
    parser.add_argument("--worlds", type=int, default=mechanisms.WORLDS, help="worlds of each mechanism")
    parser.add_argument("--rows", default="", help="only mechanisms whose name holds this, no series")
    parser.add_argument("--ablate", action="store_true", help="also leave out one part of the method at a time")
    parser.add_argument("--rough", action="store_true", help="generate wallets whose noise lingers for days")
    parser.add_argument("--ages", action="store_true", help="also print coverage by age of what happened")
    parser.add_argument("--peer", nargs=2, type=Path, metavar=("ORIGINS", "RESULT"), help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.peer:
        run_peer(*options.peer)
        return 0
    gates: list[Gate] = []
    series: list[Series] = []
    if options.data.exists():
        series = [entry for entry in read_series(options.data) if entry.is_tuning == (options.half == "tuning")]
    elif not options.rows:
        print(f"{options.data} is not there; name the series file with --data", file=sys.stderr)
    if series and not options.rows:
        gates += judge_series(series, half=options.half, peers=options.statsforecast)
    if options.mechanisms:
        ROUGH.set(options.rough)
        asked = {"seeds": options.seeds, "count": options.worlds, "only": options.rows}
        gates += mechanisms.run(**asked, ablate=options.ablate, ages=options.ages, series=series)
    return print_gates(gates) if gates else 2


def judge_series(series: Sequence[Series], *, half: str, peers: bool) -> list[Gate]:
    origins = [origin for entry in series for origin in origins_of(entry, count=ORIGINS_PER_SERIES)]
    short = [origin for entry in series for origin in origins_of(entry, count=3, history_days=SHORT_HISTORY_DAYS)]
    own, old = sheet(origins), sheet(origins, mechanisms=())
    scores, before = scored(own), scored(old)["forecast"]
    print(f"{half} half: {len(series)} series, {len(origins)} origins, month end")
    print("  method                   WAPE   CRPS   cov80  cov95  Brier  origins")
    for method, score in scores.items():
        print(table_line(method, score))
    print(table_line("the method before", before))
    if peers:
        part = origins[:: max(len(origins) // PEER_ORIGINS, 1)]
        print(table_line("forecast, same part", scored(sheet(part))["forecast"]))
        for model, (score, seconds) in peer_scores(part, peer_python()).items():
            print(table_line(model, score, note=f"{1000 * seconds:.0f} ms a series"))
    print("  reliability of the exhaustion probability (forecast → happened, count)")
    for entry in scores["forecast"].reliability:
        print(f"    {entry.low:.1f}   {entry.forecast:.3f} → {entry.happened:.3f}   {entry.count}")
    low, high = loss_interval(own, old)
    print(f"  CRPS / the method before: {low:.3f} to {high:.3f} in 95 of 100 draws of as many series")
    lost = Gate("CRPS / the method before", scores["forecast"].crps / before.crps, high=1.01, count=len(origins))
    return [*gates_of(scores, scored(sheet(short)), largest_day_factor(origins[::4])), lost]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
