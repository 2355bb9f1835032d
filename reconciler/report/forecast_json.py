"""`kt-budgets forecast` as a document for other programs: `kt-budgets.forecast/1`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reconciler.model.forecast import ForecastDocument, WalletForecast


def forecast_json(forecasts: Sequence[WalletForecast]) -> str:
    """Return the forecasts as JSON: money as strings, dates ISO, keys sorted, so that equal facts are equal bytes."""
    return json_text(ForecastDocument(wallets=tuple(forecasts)).model_dump(mode="json"))


def json_text(document: Any) -> str:
    """Return a document as indented JSON with sorted keys."""
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
