"""Forecasts as they are logged, for tests."""

from __future__ import annotations

from datetime import date
from typing import Any

from reconciler.model.forecast_log import LoggedForecast

AS_OF = date(2026, 6, 18)


def logged(**changes: Any) -> LoggedForecast:
    """Return a forecast of April for the wallet of support, as it was on 8 April."""
    usual: dict[str, Any] = {
        "organization": "org_acme",
        "team": "support",
        "environment": "prod",
        "wallet": "team_support",
        "currency": "USD",
        "period": "2026-04",
        "as_of": "2026-04-08",
        "spend_to_date": "70.00",
        "quantiles": {"0.025": "250.00", "0.1": "270.00", "0.5": "300.00", "0.9": "330.00", "0.975": "350.00"},
        "confidence": "normal",
        "method": "model",
        "version": "0.1.0",
        "usage": "sha256:usage",
        "plan": "sha256:plan",
        "pull_request": 7,
    }
    return LoggedForecast.model_validate({**usual, **changes})
