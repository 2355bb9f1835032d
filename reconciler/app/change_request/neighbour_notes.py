"""What `pr comment` says of other pull requests: those that are open, and those that wait to be applied."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.change_request.neighbours import MOST, neighbours
from reconciler.findings import BudgetsError
from reconciler.report.neighbours import pool_of_all, same_money, unapplied_notes
from reconciler.report.spans import Words, visible, words

if TYPE_CHECKING:
    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.protocol import Forge
    from reconciler.model.plan import Plan


def neighbour_notes(session: Forge, plan: Plan, budgets: Path, pull: ChangeRequest, base: str) -> tuple[Words, ...]:
    """Return a sentence for each other pull request that is about the same money, and one about the pool.

    One request lists the open ones, one fetch brings them, and one request each finds what a merged commit came from.
    What cannot be found out is said, and stops nothing.
    """
    try:
        return (*_merged(session, plan, pull), *_open(session, plan, budgets, pull, base))
    except BudgetsError as error:
        return (words(f"Other {session.words.request}s could not be looked at: {visible(error.message, 200)}."),)


def _merged(session: Forge, plan: Plan, pull: ChangeRequest) -> Iterator[Words]:
    numbers = {}
    for item in plan.unapplied:
        for found in session.change_requests_of(item.commit):
            if found.merge_commit and found.base_ref == pull.base_ref:
                numbers[item.commit] = found.number
    yield from unapplied_notes(plan, numbers, session.words.sign)


def _open(session: Forge, plan: Plan, budgets: Path, pull: ChangeRequest, base: str) -> Iterator[Words]:
    request = session.words.request
    listed = session.newest_change_requests(into=pull.base_ref)
    others = [other for other in listed if other.number != pull.number]
    seen = neighbours(budgets, pull, base, others, period=plan.period)
    for one in seen.found:
        about = {"organization": one.organization, "is_read": one.is_read}
        yield same_money(one.number, one.wallets, **about, sign=session.words.sign)
    read = [one for one in seen.found if one.is_read]
    yield pool_of_all(plan, len(read), sum((one.more for one in read), start=plan.funds.allocated * 0), request)
    if seen.unknown:
        yield words(f"Other open {request}s could not be looked at: {visible(seen.unknown, 200)}.")
    if seen.cut:
        yield words(f"Only the {MOST} newest open {request}s that touch the budgets were looked at.")
