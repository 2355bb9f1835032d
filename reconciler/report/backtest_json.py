"""`kt-budgets backtest` as a document for other programs: `kt-budgets.backtest/1`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from reconciler.forecast.backtest import Backtest, BacktestReport
from reconciler.forecast.scores import Score
from reconciler.model.json_text import json_text

DIGITS = 6


def backtest_json(report: BacktestReport, *, as_of: date, months: int, names: Mapping[str, tuple[str, str]]) -> str:
    """Return the scores as JSON. `names` tells team and environment of a wallet's key."""
    wallets = []
    for tested in report.wallets:
        team, environment = names.get(tested.wallet, ("", ""))
        named = {"team": team, "environment": environment, "wallet": tested.wallet, "better": tested.better}
        wallets.append({**named, **_tested(tested)})
    return json_text(
        {
            "format": "kt-budgets.backtest/1",
            "as_of": as_of.isoformat(),
            "months": months,
            "overall": _tested(report.overall),
            "wallets": wallets,
        }
    )


def _tested(tested: Backtest) -> dict[str, Any]:
    methods = {method: _score(score) for method, score in tested.scores.items()}
    return {"date_error_days": tested.date_error_days, "methods": methods}


def _score(score: Score) -> dict[str, Any]:
    return {
        "origins": score.origins,
        "wape": _rounded(score.wape),
        "crps": _rounded(score.crps),
        "cov80": _rounded(score.coverage_80),
        "cov95": _rounded(score.coverage_95),
        "above_p90": _rounded(score.above_90),
        "brier": _rounded(score.brier),
        "calibration_error": _rounded(score.calibration_error),
        "reliability": [
            {
                "from": round(entry.low, 1),
                "to": round(entry.low + 0.1, 1),
                "count": entry.count,
                "forecast": _rounded(entry.forecast),
                "happened": _rounded(entry.happened),
            }
            for entry in score.reliability
        ],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
