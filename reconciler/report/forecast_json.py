"""`kt-budgets forecast` as a document for other programs: `kt-budgets.forecast/1`."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.forecast import ForecastDocument, ForecastNotice, WalletForecast, YearForecast
from reconciler.model.json_text import json_text
from reconciler.model.usage import UsageSource
from reconciler.report.usage_doubts import usage_summary


def forecast_json(
    forecasts: Sequence[WalletForecast],
    *,
    year: YearForecast | None = None,
    usage: UsageSource | None = None,
    notices: Sequence[tuple[str, str, str]] = (),
) -> str:
    """Return the forecasts as JSON: money as strings, dates ISO, keys sorted, so that equal facts are equal bytes.

    `notices` are what is to be said about them: code, message, hint.
    """
    document = ForecastDocument(
        wallets=tuple(forecasts),
        year=year,
        usage=usage_summary(usage) if usage else None,
        notices=tuple(ForecastNotice(code=code, message=message, hint=hint) for code, message, hint in notices),
    )
    return json_text(document.model_dump(mode="json"))
