"""Preflight: whether a saved plan may be executed at all, here and now, and what of it is stale.

Stale is what moved between the review of a plan and its execution, said with ledger ids and times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from reconciler.findings import RefusedError, UnauthorizedError, UsageError
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.kinds.registry import general_nouns
from reconciler.model.live import Identity, LedgerEntry, Live, LiveWallet
from reconciler.model.money import Money
from reconciler.model.outcome import AGAIN, Doubt
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import Diff
from reconciler.policy.facts import verdict

WRITING = "org:billing"
_AGAIN = "run `kt-budgets plan` again and have the new plan reviewed"


def check(plan: Plan, desired: Desired, *, as_of: date, period: Period | None = None, opens: bool = False) -> None:
    """Raise RefusedError unless `plan` is of this organization and of a month that has begun, and no guard refuses.

    `period` is the month that was asked for on the command line, None when none was. The budget files may have moved
    on since the plan was made: which of its teams are still as they were reviewed is told by their fingerprints. That
    the plan was not edited is told where it is read, by the file's own content. Guards and waivers are judged again, as
    the files have them on this day; a plan that `opens` a month is not limited by them.
    """
    if plan.scope and set(plan.scope.teams) != set(plan.fingerprints):
        raise RefusedError("the plan's scope names other teams than the plan itself", hint=_AGAIN)
    if plan.organization != desired.organization.organization:
        raise RefusedError(
            f"the plan is for {plan.organization}, and these budget files are {desired.organization.organization}'s",
            hint="name the folder that the plan was made from with `--budgets`",
        )
    if plan.currency != desired.organization.currency:
        raise RefusedError(
            f"the plan is in {plan.currency}, and org.yaml says `currency: {desired.organization.currency}`;"
            " nothing was written",
            hint=f"write `currency: {plan.currency}` again, or {_AGAIN}",
        )
    if closed := closed_month(plan.period, as_of):
        early = as_of < plan.period.end
        cure = f"apply it on {plan.period.first} or later" if early else f"plan {Period.of(as_of)} instead"
        raise RefusedError(
            f"{closed}; nothing was written",
            hint=f"{cure}; a plan that was made with `--as-of` as a rehearsal is applied with the same `--as-of`",
        )
    if period is not None and period != plan.period:
        raise UsageError(
            f"the plan is for {plan.period}, and --period says {period}", hint=f"leave --period out, or {_AGAIN}"
        )
    organization = desired.organization
    _refuse(plan.guards, "")
    if not opens:
        now = verdict(plan, organization, organization.waivers, as_of=as_of)
        _refuse(now, f", as the files have it on {as_of}")


def closed_month(period: Period, day: date) -> str:
    """Return why money for `period` cannot be sent on `day`, an empty text when it can."""
    if day < period.first:
        return f"{period} has not begun on {day}: the ledger would date its money in an earlier month"
    if day >= period.end:
        return f"{period} is over on {day}: its money would land in a later month"
    return ""


def check_permission(identity: Identity) -> None:
    """Raise UnauthorizedError when Keeptrusts says what the token may do, and writing is not among it."""
    granted = identity.permissions
    if not granted or WRITING in granted or any(_is_wide(permission) for permission in granted):
        return
    raise UnauthorizedError(
        f"the token of {identity.principal} may not write (it may: {', '.join(sorted(granted)[:8])}); nothing was sent",
        hint=f"use a token with the permission {WRITING}",
    )


def _is_wide(permission: str) -> bool:
    return permission.endswith("*") or any(word in permission.lower() for word in ("admin", "owner", "billing"))


def _refuse(guards: Iterable[GuardResult], when: str) -> None:
    refused = [guard for guard in guards if guard.status == "refused"]
    if not refused:
        return
    sentences = "; ".join(
        f"{guard.guard}: {guard.message or f'{guard.value} is beyond {guard.limit}'}" for guard in refused
    )
    hints = dict.fromkeys(guard.hint for guard in refused if guard.hint)
    raise RefusedError(
        f"refused by a guard{when}, and nothing was written: {sentences}", hint="; ".join(hints) or _AGAIN
    )


def doubtful_teams(plan: Plan, desired: Desired, doubts: Iterable[Doubt], *, opens: bool = False) -> dict[str, str]:
    """Return why each team is refused that has a wallet in doubt: nobody can tell what is to be changed for it.

    A month `opens` for its other wallets all the same: nothing counts as applied by that (decision 0127).
    """
    moved = {change.wallet for change in plan.changes if isinstance(change, Allocate | Reclaim)}
    return {
        desired.wallets[doubt.wallet].team: f"{doubt.reason}. Next: {doubt.hint}"
        for doubt in doubts
        if not opens or doubt.wallet in moved
    }


def stale_teams(
    plan: Plan,
    *,
    fingerprints: Mapping[str, str],
    changes: Iterable[Change],
    live: Live,
    doubtful: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return why each team is stale that the plan changes and whose fingerprint is no longer the approved one.

    `fingerprints`, `changes` and `live` are those of a new comparison, in which the plan itself has not run. A team
    that the plan does not touch has nothing to refuse, whatever became of it: the next plan shows it. Those that are
    `doubtful` are refused for the reason that is said, whether the plan touches them or not.
    """
    refused, now = dict(doubtful or {}), tuple(changes)
    moved = {
        team: _reason(plan, team, now, live)
        for team in sorted({change.team for change in plan.changes} - refused.keys())
        if plan.fingerprints.get(team) != fingerprints.get(team)
    }
    return dict(sorted({**refused, **moved}.items()))


def unplanned(plan: Plan, diff: Diff) -> dict[WalletRef, str]:
    """Return a sentence for each wallet that was left out of `plan` because of a doubt, and that is to be changed."""
    changed = {change.wallet for change in diff.changes if isinstance(change, Allocate | Reclaim)}
    return {
        doubt.wallet: f"{doubt.wallet} was left out of this plan, because its ledger {_against(doubt)}. {AGAIN}"
        for doubt in plan.doubts
        if doubt.wallet in changed
    }


def _against(doubt: Doubt) -> str:
    unreadable = doubt.kind == "unreadable"
    return "could not be read; now it can" if unreadable else "contradicted the journal; now it agrees"


def moved_since_review(move: Allocate | Reclaim, wallet: LiveWallet, period: Period) -> str:
    """Return the sentence for a wallet that is not funded as it was when `move` was approved."""
    funded = wallet.funded(period).amount
    return (
        f"{move.team}: the ledger moved since review ({move.wallet} funded {move.funded_before:,.2f} → {funded:,.2f}"
        f"{_evidence(wallet, period, funded - move.funded_before)}); nothing was sent for this wallet. {AGAIN}"
    )


def _reason(plan: Plan, team: str, now: tuple[Change, ...], live: Live) -> str:
    approved = {_subject(change): change for change in plan.changes if change.team == team}
    current = {_subject(change): change for change in now if change.team == team}
    moved = [
        sentence
        for subject in sorted({*approved, *current})
        if (sentence := _difference(subject, approved.get(subject), current.get(subject), plan.period, live))
    ]
    who = team or general_nouns()
    why = (
        f"Keeptrusts changed since the review ({'; '.join(moved)})"
        if moved
        else "the YAML asks for something else by now"
    )
    return f"{who}: {why}; nothing was applied for this team. {AGAIN}"


def _difference(subject: str, approved: Change | None, current: Change | None, period: Period, live: Live) -> str:
    move = approved or current
    if isinstance(move, Allocate | Reclaim):
        wallet = live.wallets.get(move.wallet) or LiveWallet(move.wallet, move.currency)
        funded = wallet.funded(period).amount
        before = move.funded_before if approved else move.target
        return (
            f"{subject} funded {before:,.2f} → {funded:,.2f}{_evidence(wallet, period, funded - before)}"
            if funded != before
            else ""
        )
    is_same = (
        isinstance(approved, ObjectChange)
        and isinstance(current, ObjectChange)
        and (approved.before, approved.after) == (current.before, current.after)
    )
    return "" if is_same else f"{subject} changed"


def _evidence(wallet: LiveWallet, period: Period, difference: Decimal) -> str:
    """Name the newest entries that add up to `difference`, or the last three."""
    funding = sorted(wallet.funding(period), key=lambda entry: (entry.created_at, entry.id), reverse=True)
    chosen = _adding_up(funding, difference) or funding[:3]
    listed = (
        f"{entry.id} {entry.kind} {Money(entry.amount, entry.currency)} at {entry.created_at:%Y-%m-%d %H:%M} UTC"
        for entry in reversed(chosen)
    )
    return f": {', '.join(listed)}" if chosen else ""


def _adding_up(newest_first: list[LedgerEntry], difference: Decimal) -> list[LedgerEntry]:
    total = Decimal(0)
    for number, entry in enumerate(newest_first, start=1):
        total += entry.signed
        if total == difference:
            return newest_first[:number]
    return []


def _subject(change: Change) -> str:
    return change.wallet if isinstance(change, Allocate | Reclaim) else change.key
