"""Hard limits in a report: which wallets they stop, and what a change of one does, whatever money moves."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.changes import LimitChange, limit_changes
from reconciler.report.spans import safe_name
from reconciler.report.wallets import WalletStory, chance

_NAMED = 3


def stopped(told: Sequence[WalletStory]) -> str:
    """Return the wallets that a hard limit is likely to stop, each with its likely day."""
    limited = [(story.name, story.forecast) for story in told if story.forecast and story.forecast.is_stopped]
    days = [(name, forecast.desired.exhaustion.date.get("0.5")) for name, forecast in limited]
    return wording.listed([f"{name} ({wording.day(day)})" if day else name for name, day in days])


def limit_words(plan: Plan, told: Sequence[WalletStory]) -> str:
    """Return what becomes of traffic by the hard limits that change, as the end of a sentence; empty without one."""
    named = [f"hard limit {_change(limit)}{_chances(limit, told)}" for limit in limit_changes(plan)]
    return f"; {wording.listed(named, _NAMED)}" if named else ""


def limit_line(plan: Plan) -> tuple[str, str] | None:
    """Return where the hard limits that change stop traffic with the plan, and without it; None without one."""
    changes = limit_changes(plan)
    then, now = [_stops(one, one.after) for one in changes], [_stops(one, one.before) for one in changes]
    return (wording.listed(then, _NAMED), wording.listed(now, _NAMED)) if changes else None


def _change(limit: LimitChange) -> str:
    if limit.after is None:
        return f"{safe_name(limit.name)} stops {limit.whose} no longer"
    instead = "" if limit.before is None else f" instead of {wording.brief(limit.before)}"
    return f"{_stops(limit, limit.after)}{instead}"


def _stops(limit: LimitChange, amount: Decimal | None) -> str:
    at = f"stops {limit.whose} at {wording.brief(amount)}" if amount is not None else f"does not stop {limit.whose}"
    return f"{safe_name(limit.name)} {at}"


def _chances(limit: LimitChange, told: Sequence[WalletStory]) -> str:
    """Return how likely its wallet runs out with the change, and without it; empty where nothing tells."""
    forecast = next((story.forecast for story in told if limit in story.limits), None)
    if forecast is None or forecast.desired.exhaustion.probability is None:
        return ""
    then, now = chance(forecast.desired), chance(forecast.live)
    return f", runs out: {then}{' with and without this' if then == now else f', without this {now}'}"
