"""Rules about what ends: a warning 30 days before, and where it is over and still there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.findings import Finding, Keys, Severity
from reconciler.model.calendar import SOON
from reconciler.model.wallet_target import WalletTarget
from reconciler.model.yaml_types import shown
from reconciler.source.context import Context
from reconciler.source.problem import problem

IS_OVER = "is-over"
ENDS_SOON = "ends-soon"


def ending_problems(context: Context) -> Iterator[Finding]:
    """Yield the waivers and the accepted drift of org.yaml that end soon, or are over; none where no day is known."""
    shape = context.organization
    if shape is None or shape.model is None or context.today is None:
        return
    for position, waiver in enumerate(shape.model.waivers):
        keys = ("waivers", shape.index("waivers", position), "until")
        what = f"the waiver of {shown(waiver.waived)} for {shown(waiver.team) if waiver.team else 'the whole run'}"
        yield from ending(what, waiver.until, keys, context.today, "it refuses again")
    for position, accepted in enumerate(shape.model.acknowledged_drift):
        keys = ("acknowledged_drift", shape.index("acknowledged_drift", position), "until")
        what = f"the acknowledgement of {shown(accepted.key)}"
        yield from ending(what, accepted.until, keys, context.today, "`drift` tells it again")


def ending(
    what: str, until: date, keys: Keys, today: date, then: str, *, over: str = "lets nothing pass"
) -> Iterator[Finding]:
    """Yield that `what` ends soon, and what comes `then`; or that it is over, and so what it does."""
    if until < today:
        message = f"{what} ended on {until}: it {over}"
        yield _warning(IS_OVER, message, "remove it, or write a later day if it is still needed", keys)
    elif until - today <= SOON:
        message = f"{what} ends {_in_days(until, today)}: then {then}"
        yield _warning(ENDS_SOON, message, "write a later day if it is needed for longer", keys)


def target_end(wallet: WalletTarget, keys: Keys, context: Context) -> Iterator[Finding]:
    """Yield that the last step of the wallet at `keys` ends soon, or is over."""
    last = wallet.steps[-1] if wallet.steps else None
    if last is None or last.until is None or last.until < last.starts or context.today is None:
        return
    at, after, day = (*keys, "monthly", len(wallet.steps) - 1, "until"), last.until.plus(1), last.until.last
    none = f"`{{amount: 0.00, from: {after}}}` if it is meant"
    more = f"add a step `{{amount: {last.amount:.2f}, from: {after}}}`"
    if day < context.today:
        message = f"the wallet gets nothing since {after}: its last step is over"
        yield _warning(IS_OVER, message, f"{more} to fund it again, or {none}", at)
    elif day - context.today <= SOON:
        message = f"the wallet's last step ends {_in_days(day, context.today)}: from {after} on it gets nothing"
        yield _warning(ENDS_SOON, message, f"{more} to go on, or {none}", at)


def is_told(until_last_day: date, today: date | None) -> bool:
    """Whether the end of a step is told by the day already."""
    return today is not None and until_last_day - today <= SOON


def _in_days(day: date, today: date) -> str:
    days = (day - today).days
    return f"on {day}, {f'in {days} day' + ('s' if days != 1 else '') if days else 'today'}"


def _warning(code: str, message: str, hint: str, keys: Keys) -> Finding:
    return problem(code, message, hint, keys, severity=Severity.WARNING)
