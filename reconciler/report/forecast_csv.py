"""`kt-budgets forecast` as CSV: a row for each wallet and month; what is about the current month is empty later."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from io import StringIO

from reconciler.model.forecast import WalletForecast, WalletOutlook
from reconciler.report.forecast_text import ForecastPage
from reconciler.report.screen import PAPER, Screen

Value = str | int | float | date | Decimal | None


def forecast_csv(shown: ForecastPage, _: Screen = PAPER) -> str:
    """Return the forecasts as CSV with a header; money in major units, dates ISO, probabilities 0 to 1."""
    keys = list(dict.fromkeys(key for found in shown.forecasts for key in found.month_end.quantiles))
    rows = [row for found in shown.forecasts for row in _rows(found, keys)]
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(list(rows[0]) if rows else ["team", "environment", "wallet"])
    writer.writerows([_plain(value) for value in row.values()] for row in rows)
    return file.getvalue()


def _rows(found: WalletForecast, keys: Sequence[str]) -> list[dict[str, Value]]:
    sides = {**_outlook("live", found.live), **_outlook("desired", found.desired)}
    first = {
        **_who(found),
        "period": str(found.period),
        "target": found.desired.target,
        "spend_to_date": found.spend_to_date,
        **{f"q{key}": found.month_end.quantiles.get(key) for key in keys},
        **sides,
    }
    later = [
        {
            **_who(found),
            "period": str(month.period),
            "target": month.target,
            "spend_to_date": None,
            **{f"q{key}": month.quantiles.get(key) for key in keys},
            **dict.fromkeys(sides),
        }
        for month in found.months
        if month.period != found.period
    ]
    return [first, *later]


def _who(found: WalletForecast) -> dict[str, Value]:
    return {
        "team": found.team,
        "environment": found.environment,
        "wallet": found.wallet,
        "currency": found.currency,
        "as_of": found.as_of,
        "history_days": found.history_days,
        "confidence": found.confidence,
        "method": found.method,
    }


def _outlook(side: str, outlook: WalletOutlook) -> dict[str, Value]:
    dates = outlook.exhaustion.date
    return {
        f"{side}_target": outlook.target,
        f"{side}_ceiling": outlook.ceiling,
        f"{side}_exhaustion_probability": outlook.exhaustion.probability,
        **{f"{side}_exhaustion_date_{key}": dates.get(key) for key in ("0.1", "0.5", "0.9")},
        f"{side}_unserved_0.9": outlook.unserved.get("0.9"),
    }


def _plain(value: Value) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
