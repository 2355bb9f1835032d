"""What a reader must know about the figures of the wallet table, in sentences below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from reconciler.report import wording
from reconciler.report.spans import Words, emphasis, words
from reconciler.report.wallets import WalletStory, any_carried

_MONTH_END = (
    "Month end: half of the months end below the first figure (P50), 1 in 10 ends below P10 and 1 in 10 above P90."
)
_EARLY = "A day with a percentage is an early one: 1 in 10 months gets there by then."
_BOTH = (
    "A day without one is the middle one: half of the months get there by then. Where an arrow leads from one kind to"
    " the other, an earlier day is no worse: compare how likely the money lasts."
)


def _shown_days(story: WalletStory) -> Iterator[tuple[dict[str, date | None], ...]]:
    """Yield the days of each cell, now and new, as far as they are there."""
    if story.forecast is None:
        return
    yield story.forecast.live.exhaustion.date, story.forecast.desired.exhaustion.date
    now, new = story.alert_of("live"), story.alert_of("desired")
    sides = (now.live if now else None, new.desired if new else None)
    yield tuple(side.date for side in sides if side)


def _day_notes(told: Sequence[WalletStory]) -> Iterator[Words]:
    """Say what kinds of days there are, and where an arrow leads from one kind to the other."""
    cells = [
        [bool(dates.get("0.5")) for dates in cell if dates.get("0.1")] for story in told for cell in _shown_days(story)
    ]
    if any(False in kinds for kinds in cells):
        yield words(_EARLY)
    if any(len(set(kinds)) == 2 for kinds in cells):
        yield words(_BOTH)


def _carried(story: WalletStory) -> str:
    now, then = (wording.whole(amount) for amount in (story.carried_over, story.carried_over_then))
    return f"{story.name} {now}" if now == then else f"{story.name} {now} → {then}"


def wallet_notes(told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return what a reader must know about the figures in the table."""
    notes = []
    if any_carried(told):
        carried = [_carried(story) for story in told if story.carried_over or story.carried_over_then]
        notes.append(words("Ceiling = carried over + funded. Carried over: ", wording.listed(carried, 6), "."))
    if any(story.forecast for story in told):
        notes.append(words(_MONTH_END))
    notes.extend(_day_notes(told))
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
    odd = [story.name for story in told if story.forecast and story.forecast.notices]
    if odd:
        notes.append(
            words("Something unusual in the usage of ", emphasis(wording.listed(odd, 6)), ": see the warnings.")
        )
    dark = [story.name for story in told if story.forecast is None]
    if dark and len(dark) < len(told):
        notes.append(words("Nothing to forecast from: ", emphasis(wording.listed(dark, 6)), "."))
    return tuple(notes)
