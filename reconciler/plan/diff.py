"""The smallest set of changes that makes Live equal to Desired for one period."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.applied import LastApplied
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.drift import DriftItem
from reconciler.model.json_text import digest_of
from reconciler.model.live import Live, LiveWallet
from reconciler.model.money import Funds
from reconciler.model.outcome import Doubt, LeftAsFound
from reconciler.model.period import Period
from reconciler.model.plan import Unmanaged
from reconciler.model.policy_input import Currencies
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.objects import (
    object_changes,
    objects_not_offered,
    repeated_objects,
    unclear_objects,
    unmanaged_objects,
    vanished_teams,
)
from reconciler.plan.pool import currencies, funds, pool_notes
from reconciler.plan.scope import FirstApply, Teams, is_named, wallets_of
from reconciler.plan.wallets import WalletGap


@dataclass(frozen=True, slots=True)
class Diff:
    """What to change and what was noticed. `origins` names the place in the YAML of each change, in their order.

    `first_contacts` are the wallets that nothing was ever applied to, and that keep what they hold; `left_out` says
    what of them differs. `settled` are the wallets that are as git says, with the ledger ids of their funding. `own`
    and `to_open` are what it was made with.
    """

    changes: tuple[Change, ...]
    origins: tuple[Origin, ...]
    fingerprints: Mapping[str, str]
    funds: Funds
    drift: tuple[DriftItem, ...]
    unmanaged: tuple[Unmanaged, ...]
    notes: tuple[Finding, ...]
    currencies: Currencies
    doubts: tuple[Doubt, ...] = ()
    first_contacts: frozenset[str] = frozenset()
    left_out: tuple[LeftAsFound, ...] = ()
    settled: Mapping[WalletRef, tuple[str, ...]] = field(default_factory=dict)
    own: Collection[str] = ()
    to_open: Collection[str] = ()


def make_plan(
    desired: Desired,
    live: Live,
    period: Period,
    *,
    last_applied: LastApplied | None = None,
    teams: Teams = None,
    own: Collection[str] = (),
    doubts: Mapping[WalletRef, Doubt] | None = None,
    known: Collection[str] | None = None,
    first: FirstApply = False,
    to_open: Collection[str] = (),
    as_of: date | None = None,
) -> Diff:
    """Return the smallest plan that makes `live` equal to `desired` for `period`, as far as it is about `teams`.

    Reclaims come first, then allocations, then managed objects kind by kind. `live` must hold every wallet of
    `teams`; a wallet that does not exist yet is one that was funded with nothing. `own` are the ledger's ids of our
    operations, and of what was adopted: they are not by hand, even where their marks were cut off. `doubts` say by
    wallet what the journal has against its reading: nothing is planned for such a wallet. In a currency that the
    organization has no money of nothing is planned, and nothing else is said, since every wallet was looked for in it.
    From wallets that are not `known` (None: all are), because nothing was ever applied to them, nothing is taken back,
    unless they are of the `first`. Those that are `to_open` were met before, and not yet opened for `period`. Before it
    begins, by `as_of`, nothing is said of what earlier months leave in a wallet: the forecast tells.
    """
    applied = last_applied or LastApplied()
    currency = desired.organization.currency
    gaps = _gaps(desired, live, period, teams, own, doubts or {}, known, first, to_open)
    held = currencies(live, currency)
    refused = held.lack(currency)
    ordered = [] if refused else _ordered(desired, live, applied, gaps, teams)
    changes = tuple(change for change, _ in ordered)
    run = funds(changes, live, currency)
    return Diff(
        changes=changes,
        origins=tuple(origin for _, origin in ordered),
        fingerprints=_fingerprints(desired.teams if teams is None else teams, gaps, changes),
        funds=run,
        unmanaged=tuple(_unmanaged(desired, live, applied)),
        notes=() if refused else tuple(_notes(desired, live, applied, gaps, run, period, teams, as_of)),
        currencies=held,
        own=own,
        to_open=to_open,
        **_apart(gaps, refused=bool(refused)),
    )


def _apart(gaps: Sequence[WalletGap], *, refused: bool) -> dict[str, Any]:
    """Return what is said of single wallets beside their changes, by the names that it has in a `Diff`."""
    return {
        "doubts": () if refused else tuple(gap.doubt for gap in gaps if gap.doubt),
        "drift": tuple(item for gap in gaps if (item := gap.drift())),
        "first_contacts": frozenset(gap.desired.key for gap in gaps if gap.is_first),
        "left_out": tuple(left for gap in gaps if (left := gap.left_out())),
        "settled": {gap.desired.key: ids for gap in gaps if (ids := gap.settled()) is not None},
    }


def _gaps(
    desired: Desired,
    live: Live,
    period: Period,
    teams: Teams,
    own: Collection[str],
    doubts: Mapping[WalletRef, Doubt],
    known: Collection[str] | None,
    first: FirstApply,
    to_open: Collection[str],
) -> list[WalletGap]:
    """Return each wallet of `teams` as it is wanted and as it is, in their order."""
    return [
        WalletGap(
            live.identity.organization,
            wanted,
            live.wallets.get(key) or LiveWallet(key, wanted.currency),
            period,
            desired.organization.unused,
            own,
            doubts.get(key),
            is_known=known is None or key in known,
            is_first=not (known is None or key in known or is_named(first, key)),
            to_open=key in to_open,
        )
        for key, wanted in wallets_of(desired, teams).items()
    ]


def _ordered(
    desired: Desired, live: Live, applied: LastApplied, gaps: list[WalletGap], teams: Teams
) -> list[tuple[Change, Origin]]:
    """Return the changes in the order in which they are made, so that no part of a run overdraws the pool."""
    moves = [(change, gap.origin) for gap in gaps for change in gap.changes()]
    return [
        *((change, origin) for change, origin in moves if isinstance(change, Reclaim)),
        *((change, origin) for change, origin in moves if isinstance(change, Allocate)),
        *object_changes(desired, live, applied, teams),
    ]


def _fingerprints(teams: Iterable[str], gaps: list[WalletGap], changes: tuple[Change, ...]) -> dict[str, str]:
    facts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for gap in gaps:
        if gap.is_open:
            facts[gap.desired.team].append(gap.facts)
    for change in changes:
        if isinstance(change, ObjectChange):
            facts[change.team].append(change.model_dump(mode="json", include={"kind", "key", "before", "after"}))
    return {team: fingerprint(facts.get(team, ())) for team in sorted({*teams, *facts})}


def _unmanaged(desired: Desired, live: Live, applied: LastApplied) -> Iterator[Unmanaged]:
    currencies: dict[str, str] = {key: wallet.currency for key, wallet in desired.wallets.items()}
    strange = (wallet for wallet in live.other_wallets if currencies.get(wallet.key) != wallet.currency)
    for wallet in sorted(strange, key=lambda wallet: (wallet.key, wallet.currency, wallet.id)):
        yield Unmanaged(
            kind="wallet",
            key=wallet.key,
            name=wallet.name,
            amount=wallet.spent.amount,
            currency=wallet.currency,
            held=wallet.balance.amount,
        )
    yield from unmanaged_objects(desired, live, applied)
    for found in live.unreadable:
        yield Unmanaged(
            kind=found.kind, key=found.key, name=found.name or found.id or found.key, reason=f"not read: {found.reason}"
        )


def _notes(
    desired: Desired,
    live: Live,
    applied: LastApplied,
    gaps: list[WalletGap],
    run: Funds,
    period: Period,
    teams: Teams,
    as_of: date | None,
) -> Iterator[Finding]:
    if as_of is None or as_of >= period.first:
        yield from (note for gap in gaps if (note := gap.carried_over_note()))
    yield from (note for gap in gaps if (note := gap.doubt_note()))
    yield from (note for gap in gaps if (note := gap.unreclaimable_note()))
    yield from (note for gap in gaps if (note := gap.first_contact_note()))
    yield from _unknown_teams(live, gaps)
    yield from _other_currencies(live, gaps)
    yield from repeated_objects(desired, live)
    yield from unclear_objects(desired, live, applied, teams)
    yield from vanished_teams(desired, applied, teams)
    yield from _outside_fiscal_year(desired, period)
    yield from objects_not_offered(desired, live)
    yield from pool_notes(run, desired, period, as_of)


def _outside_fiscal_year(desired: Desired, period: Period) -> Iterator[Finding]:
    year = desired.organization.fiscal_year.value
    if period not in year:
        yield Finding(
            where=Origin(desired.organization_path, ("fiscal_year",)),
            code="outside-fiscal-year",
            severity=Severity.WARNING,
            message=f"{period} is not in {year.name}, which these budgets are for"
            f" ({year.periods[0]} to {year.periods[-1]})",
            hint="plan a month of that fiscal year, or set `fiscal_year` in org.yaml to the year that holds it",
        )


def _unknown_teams(live: Live, gaps: list[WalletGap]) -> Iterator[Finding]:
    if live.teams is None:
        return
    for gap in gaps:
        if gap.live.id is None and gap.desired.key not in live.teams and not gap.desired.absent:
            yield Finding(
                where=gap.origin,
                code="unknown-team",
                severity=Severity.WARNING,
                message=f"Keeptrusts lists no team `{gap.desired.key}`, so its first allocation may be refused",
                hint="create the team in Keeptrusts, or correct `team_id`",
            )


def _other_currencies(live: Live, gaps: list[WalletGap]) -> Iterator[Finding]:
    found = {wallet.key: wallet for wallet in live.currency_mismatches}
    for gap in gaps:
        if wallet := found.get(gap.desired.key):
            yield Finding(
                where=gap.origin,
                code="other-currency",
                severity=Severity.WARNING,
                message=f"`{wallet.key}` has a wallet in {wallet.currency} ({wallet.balance}) and none in"
                f" {gap.desired.currency}; amounts of two currencies are never added up, so it counts as not funded",
                hint="correct `team_id` or `currency`, or expect a second wallet to be made",
            )


def fingerprint(facts: Iterable[Mapping[str, Any]]) -> str:
    """Return the digest of a team's facts, in the order given."""
    return digest_of([dict(fact) for fact in facts])
