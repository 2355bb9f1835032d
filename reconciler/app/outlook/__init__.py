"""Look ahead: forecasts, what if, and how wrong forecasts were."""
