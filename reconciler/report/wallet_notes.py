"""What a reader must know about the figures of the wallet table, in sentences below it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.forecast import BUDGET_CURRENCY, HARD_LIMIT, WalletForecast
from reconciler.report import wording
from reconciler.report.spans import Words, emphasis, words
from reconciler.report.wallets import WalletStory, any_carried

_MONTH_END = (
    "Month end: half of the months end below the first figure (P50), 1 in 10 ends below P10 and 1 in 10 above P90."
)
_DAY = "A day is named where it is more likely than not: half of the months get there by then."


def _names_a_day(story: WalletStory) -> bool:
    """Whether a cell of a wallet holds a day."""
    if story.forecast is None:
        return False
    now, new = story.alert_of("live"), story.alert_of("desired")
    alerts = (now.live if now else None, new.desired if new else None)
    dates = [outlook.exhaustion.date for outlook in (story.forecast.live, story.forecast.desired)]
    dates += [alert.date for alert in alerts if alert]
    return any(found.get("0.5") for found in dates)


def _carried(story: WalletStory) -> str:
    now, then = (wording.whole(amount) for amount in (story.carried_over, story.carried_over_then))
    return f"{story.name} {now}" if now == then else f"{story.name} {now} → {then}"


_OF_BUDGETS = {HARD_LIMIT, BUDGET_CURRENCY}
"""The codes of notices that are not about a wallet's usage."""


def _is_odd(forecast: WalletForecast) -> bool:
    return any(notice.code not in _OF_BUDGETS for notice in forecast.notices)


def wallet_notes(told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return what a reader must know about the figures in the table."""
    notes = []
    if any_carried(told):
        carried = [_carried(story) for story in told if story.carried_over or story.carried_over_then]
        notes.append(words("Ceiling = carried over + funded. Carried over: ", wording.listed(carried, 6), "."))
    if any(story.forecast for story in told):
        notes.append(words(_MONTH_END))
    if any(map(_names_a_day, told)):
        notes.append(words(_DAY))
    low = [story.name for story in told if story.forecast and story.forecast.confidence == "low"]
    if low:
        notes.append(words("Low confidence, little history: ", emphasis(wording.listed(low, 6)), "."))
    planned = [story.name for story in told if story.forecast and story.forecast.confidence == "none"]
    if planned:
        notes.append(
            words(
                "No usage yet, so these are the figures of the annual plan: ", emphasis(wording.listed(planned, 6)), "."
            )
        )
    odd = [story.name for story in told if story.forecast and _is_odd(story.forecast)]
    if odd:
        notes.append(
            words("Something unusual in the usage of ", emphasis(wording.listed(odd, 6)), ": see the warnings.")
        )
    dark = [story.name for story in told if story.forecast is None]
    if dark and len(dark) < len(told):
        notes.append(words("Nothing to forecast from: ", emphasis(wording.listed(dark, 6)), "."))
    return tuple(notes)
