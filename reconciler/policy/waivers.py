"""Waivers and their uses: which one lets something pass, and why one does not any more.

How often a waiver was used is told by the journal alone (decision 0111).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reconciler.findings import RefusedError
from reconciler.model.guards import Waiver
from reconciler.model.waiver_uses import WaiverUses

AGAIN = "run `kt-budgets plan` again, which counts them in the journal"


def best(covering: Iterable[Waiver], uses: Mapping[str, WaiverUses]) -> Waiver | None:
    """Return the waiver that lets something pass: one without a limit of uses before others, then the longest."""
    left = (one for one in covering if has_uses_left(one, uses.get(one.counted_as)))
    return max(left, key=lambda one: (one.uses is None, one.until), default=None)


def has_uses_left(waiver: Waiver, used: WaiverUses | None) -> bool:
    """Whether one more plan may be applied under a waiver; where nobody knows its uses, not if they are limited."""
    return waiver.uses is None or (used is not None and used.count < waiver.uses)


def uses_words(waiver: Waiver, used: WaiverUses | None) -> str:
    """Return what is said of the uses of a waiver that lets something pass; nothing where it was never used."""
    if waiver.uses is not None and used is not None:
        before = f", after {used}" if used.count else ""
        return f"; use {used.count + 1} of {waiver.uses}{before}"
    told = times_words(used) if used else ""
    return f"; {told}" if told else ""


def times_words(used: WaiverUses) -> str:
    """Return how often a waiver was used before, and by what; nothing where it never was."""
    times = "once" if used.count == 1 else f"{used.count:,} times"
    return f"used {times} before: {used}" if used.count else ""


def used_up(waiver: Waiver, used: WaiverUses | None) -> str:
    """Return why a waiver that would hold lets nothing pass any more, and the fix."""
    if used is None:
        return (
            f"the waiver `{waiver.counted_as}` lets {plans(waiver)} pass, and how many it let pass is not known:"
            f" {AGAIN}"
        )
    return (
        f"the waiver `{waiver.counted_as}` let {plans(waiver)} pass, and is used up by {used}: write a larger `uses`"
        " if it is still needed, which the organization's owners approve"
    )


def plans(waiver: Waiver) -> str:
    return "1 plan" if waiver.uses == 1 else f"{waiver.uses:,} plans"


def refuse_used_up(waivers: Iterable[Waiver], uses: Mapping[str, WaiverUses]) -> None:
    """Raise RefusedError for a waiver that other plans used up since a plan was made under it."""
    for waiver in waivers:
        used = uses.get(waiver.counted_as)
        if not has_uses_left(waiver, used):
            raise RefusedError(
                f"the waiver `{waiver.counted_as}` lets {plans(waiver)} pass, and was used up since this plan was made:"
                f" by {used}; nothing was written",
                hint="run `kt-budgets plan` again, which says what is refused without it",
            )
