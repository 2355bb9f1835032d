"""`kt-budgets whatif` as a document for other programs: `kt-budgets.whatif/1`."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.forecast import WalletForecast, YearForecast
from reconciler.model.json_text import json_text


def whatif_json(
    supposed: Sequence[str],
    *,
    now: Sequence[WalletForecast],
    then: Sequence[WalletForecast],
    year_now: YearForecast | None,
    year_then: YearForecast | None,
) -> str:
    """Return both forecasts: `wallets` is what if, `now` the same wallets by the YAML as it stands."""
    return json_text(
        {
            "format": "kt-budgets.whatif/1",
            "supposed": list(supposed),
            "now": [found.model_dump(mode="json") for found in now],
            "wallets": [found.model_dump(mode="json") for found in then],
            "year": {
                "now": year_now.model_dump(mode="json") if year_now else None,
                "what_if": year_then.model_dump(mode="json") if year_then else None,
            },
        }
    )
