"""Opening a month: what of a comparison moves money for it, and what is left where it was not opened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.live import Live
from reconciler.model.money import Money
from reconciler.model.organization import OrganizationBudget
from reconciler.model.outcome import LeftAsFound
from reconciler.model.period import Period
from reconciler.model.waiting import Dispatch, Waiting
from reconciler.plan.by_hand import foreign_entries
from reconciler.plan.diff import Diff
from reconciler.plan.pool import funds


def opening(diff: Diff, live: Live, *, currency: str) -> Diff:
    """Return what of `diff` funds its month, or takes back what earlier months left.

    An excess that somebody gave by hand, an alert or a schedule that differs is left for a plan that people review.
    """
    kept = [(change, origin) for change, origin in zip(diff.changes, diff.origins, strict=True) if _belongs(change)]
    changes = tuple(change for change, _ in kept)
    return replace(
        diff,
        changes=changes,
        origins=tuple(origin for _, origin in kept),
        funds=funds(changes, live, currency),
    )


def _belongs(change: Change) -> bool:
    return isinstance(change, Allocate) or (isinstance(change, Reclaim) and change.carried_from is not None)


DUE = 6
"""The hour of the first day, UTC, by which a month is to be open."""


def is_due(period: Period, now: datetime) -> bool:
    """Whether `period` is to be open at `now`, an instant in UTC."""
    return Period.of(now.date()) > period or (Period.of(now.date()) == period and (now.day > 1 or now.hour >= DUE))


def unfunded(
    diff: Diff,
    live: Live,
    period: Period,
    *,
    organization: OrganizationBudget,
    wallets: Collection[str],
    own: Collection[str] = (),
    words: ForgeWords = USUAL,
) -> tuple[Waiting, ...]:
    """Return the teams whose month was not opened, by what opening it would move now.

    `diff` is what live state differs in from what was applied. Of the `wallets`, one that got money of ours in the
    month was opened; what differs there is drift. `own` are the ledger's ids of our operations.
    """
    left: dict[str, list[Allocate | Reclaim]] = defaultdict(list)
    for change in opening(diff, live, currency=organization.currency).changes:
        if isinstance(change, Allocate | Reclaim) and change.wallet in wallets:
            found = live.wallets.get(change.wallet)
            funding = found.funding(period) if found else ()
            if len(foreign_entries(funding, own)) == len(funding):
                left[change.team].append(change)
    start = words.start("fund", f"`kt-budgets apply --period {period}`")
    cure = f"{start[:1].upper()}{start[1:]}{'' if words.commands else '; where it fails, its log says why'}."
    if period not in organization.fiscal_year.value:
        cure = (
            f"{period} is not in the fiscal year of org.yaml: set `fiscal_year` there to the year that holds it,"
            f" have that merged and applied, and {start}."
        )
    currency = organization.currency
    return tuple(
        _waiting(team, [_words(change, currency) for change in changes], period, cure)
        for team, changes in sorted(left.items())
    )


def unknown_months(
    applied: Desired, period: Period, *, opened: Collection[str], words: ForgeWords = USUAL
) -> tuple[Waiting, ...]:
    """Return the teams of which nobody can tell whether their month is open, because Keeptrusts cannot be read.

    `opened` are the wallets that are known to be.
    """
    start = words.start("fund", f"`kt-budgets apply --period {period}`")
    lacking: dict[str, list[str]] = defaultdict(list)
    for key, wallet in applied.wallets.items():
        target = wallet.target(period)
        if target.amount > 0 and key not in opened:
            lacking[wallet.team].append(f"{target} for {key}")
    return tuple(
        Waiting(
            kind="month",
            state="unknown",
            teams=(team,),
            since=f"{period.start_instant:%Y-%m-%dT%H:%M:%SZ}",
            sentence=f"{team}: whether {period} is funded is not known: the journal shows no money that was moved for"
            f" it ({', '.join(listed)}).",
            cure=f"{start[:1].upper()}{start[1:]} once Keeptrusts answers; it leaves alone what is funded already.",
            dispatch=Dispatch(workflow="fund.yml"),
        )
        for team, listed in sorted(lacking.items())
    )


def asked_about(team: str, left: LeftAsFound, period: Period) -> Waiting:
    """Return that a month is not funded for a wallet of `team`, which waits for a person's answer."""
    cure = f"{left.hint[:1].upper()}{left.hint[1:]}."
    return _waiting(team, [left.reason], period, cure)


def _waiting(team: str, words: Iterable[str], period: Period, cure: str) -> Waiting:
    return Waiting(
        kind="month",
        state="not funded",
        teams=(team,),
        since=f"{period.start_instant:%Y-%m-%dT%H:%M:%SZ}",
        sentence=f"{team}: {period} is not funded: {', '.join(words)}.",
        cure=cure,
        dispatch=Dispatch(workflow="fund.yml"),
    )


def _words(change: Allocate | Reclaim, currency: str) -> str:
    amount = Money(change.amount, currency)
    if isinstance(change, Allocate):
        return f"{change.wallet} lacks {amount}"
    return f"{amount} that {change.wallet} did not use was not taken back"
