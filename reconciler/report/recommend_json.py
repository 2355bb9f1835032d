"""`kt-budgets recommend` as a document for other programs: `kt-budgets.recommend/1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.forecast.recommend import AlertRecommendation, TargetRecommendation
from reconciler.model.json_text import json_text
from reconciler.model.period import Period
from reconciler.report.recommend_text import RecommendPage, WrittenValue


def recommend_json(shown: RecommendPage) -> str:
    """Return the recommendations as JSON; money as strings, probabilities 0 to 1."""
    return json_text(
        {
            "format": "kt-budgets.recommend/1",
            "period": str(shown.period),
            "as_of": shown.as_of.isoformat(),
            "probability": shown.probability,
            "reaction_days": shown.reaction_days,
            "targets": [_target(target, shown.period) for target in shown.targets],
            "alerts": [_alert(alert) for alert in shown.alerts],
            "written": _written(shown.written),
            "kept": list(shown.kept),
        }
    )


def _target(target: TargetRecommendation, period: Period) -> dict[str, Any]:
    return {
        "team": target.team,
        "environment": target.environment,
        "wallet": target.wallet,
        "currency": target.target.currency,
        "period": str(period),
        "current": f"{target.current.amount:.2f}",
        "target": f"{target.target.amount:.2f}",
        "lasts_now": target.now,
        "lasts": target.promised,
        "months": {str(month): f"{need.amount:.2f}" for month, need in sorted(target.months.items())},
        "reason": target.reason,
    }


def _alert(alert: AlertRecommendation) -> dict[str, Any]:
    return {
        "team": alert.team,
        "environment": alert.environment,
        "name": alert.name,
        "percentage": alert.percentage,
        "currency": alert.amount.currency,
        "current": f"{alert.current.amount:.2f}",
        "amount": f"{alert.amount.amount:.2f}",
        "reaction_days": alert.reaction_days,
        "reason": alert.reason,
    }


def _written(written: Sequence[WrittenValue]) -> list[dict[str, str | None]]:
    return [{"path": one.path, "key": one.key, "before": one.before, "after": one.after} for one in written]
