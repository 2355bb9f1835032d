"""What adopting is based on: one comparison in which nothing is to change, and what the ledgers hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.planning.pipeline import assemble, checked_out, differing, read_live
from reconciler.app.planning.scope import Aim
from reconciler.apply import preflight
from reconciler.findings import RefusedError
from reconciler.journal.history import history_of
from reconciler.journal.standing import standing_of
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.money import ZERO, Money
from reconciler.model.plan import Plan, Scope, sealed
from reconciler.plan.scope import Teams, wallets_of

if TYPE_CHECKING:
    from reconciler.findings import Finding
    from reconciler.journal.record import Record
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.model.outcome import LeftAsFound
    from reconciler.model.wallet_ref import WalletRef
    from reconciler.plan.diff import Diff
    from reconciler.settings import Settings

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class LedgerTotal:
    """What wallets are funded with in a month, and how many entries of their ledgers say so."""

    funded: Money
    entries: int

    @classmethod
    def of(cls, live: Live, wallets: Sequence[WalletRef], settings: Settings, *, currency: str) -> LedgerTotal:
        found = [live.wallets[key] for key in wallets if key in live.wallets]
        funding = [entry for wallet in found for entry in wallet.funding(settings.period)]
        return cls(Money(sum((entry.signed for entry in funding), ZERO), currency), len(funding))

    def __str__(self) -> str:
        return f"{self.funded} in {self.entries} {'entry' if self.entries == 1 else 'entries'}"


@dataclass(frozen=True, slots=True)
class Baseline:
    """An empty `plan`, sealed, with what it was made from. `asked` are wallets whose entries may be another month's.

    `left` is what the wallets hold by now, which `unused: reclaim` would take back when a month opens.
    """

    plan: Plan
    diff: Diff
    total: LedgerTotal
    principal: str
    left: Money
    asked: tuple[LeftAsFound, ...]


def baseline(
    settings: Settings,
    desired: Desired,
    warnings: Sequence[Finding],
    connection: Connection,
    records: Sequence[Record],
    *,
    teams: Teams,
) -> Baseline:
    """Compare `desired` with Keeptrusts; `teams` are those that it is about, None for all.

    Raises RefusedError with everything that would be changed, wallets that nothing was ever applied to included.
    """
    read = read_live(settings, desired, connection, teams=teams, standing=standing_of(records))
    live, diff = differing(settings, desired, read, records, teams=teams, first_apply=True)
    _, careful = differing(settings, desired, read, records, teams=teams)
    scope = Scope(since="", teams=tuple(sorted(teams)), of=len(desired.teams)) if teams is not None else None
    plan = assemble(
        settings,
        desired,
        live,
        diff,
        usage=None,
        outlook=None,
        findings=warnings,
        source=checked_out(settings, desired),
        aim=Aim(scope=scope),
    )
    doubts = (f"{doubt.wallet}: {doubt.reason}; {doubt.hint}" for doubt in diff.doubts)
    unanswered = (f"{left.reason}; {left.hint}" for left in diff.left_out if _differs(left, desired, live, settings))
    if found := [*(_difference(change, desired) for change in plan.changes), *unanswered, *doubts]:
        raise _refused(found)
    preflight.check(plan, desired, as_of=settings.as_of, period=settings.period)
    wallets = tuple(wallets_of(desired, teams))
    total = LedgerTotal.of(live, wallets, settings, currency=desired.organization.currency)
    known = history_of(records).adopted
    asked = tuple(left for left in careful.left_out if left.wallet not in known)
    held = (live.wallets[key].money_left.amount for key in wallets if key in live.wallets)
    left = Money(sum(held, ZERO), desired.organization.currency)
    return Baseline(sealed(plan), diff, total, live.identity.principal, left, asked)


def _differs(left: LeftAsFound, desired: Desired, live: Live, settings: Settings) -> bool:
    """Whether a wallet has another sum than git says, and nothing is planned for it until somebody answers."""
    wallet, held = desired.wallets[left.wallet], live.wallets[left.wallet]
    return left.asks and held.funded(settings.period) != wallet.target(settings.period)


def _difference(change: Change, desired: Desired) -> str:
    """Say where a value stands that is not what is live, and what to write where Keeptrusts is right."""
    if isinstance(change, ObjectChange):
        noun = change.managed.noun
        return f"{change.position}: {change.verb} the {noun} {change.name}"
    name = f"{change.position}: {change.team}/{change.environment}"
    if isinstance(change, Reclaim) and change.carried_from:
        left = f"{name} holds {change.money} of {change.carried_from} and before, which `unused: reclaim` takes back"
        return f"{left}; to leave it, write `unused: keep` in org.yaml"
    return f"{name} is to have {Money(change.target, change.currency)} in {change.period}, {_funded(change, desired)}"


def _funded(change: Allocate | Reclaim, desired: Desired) -> str:
    setting = desired.wallets[change.wallet].setting
    funded = Money(change.funded_before, change.currency)
    if change.funded_before < 0:
        return f"and the ledger says {funded}"
    return (
        f"and the ledger says {funded}; where that is right, write"
        f" `{change.period}: {setting.corrected(change.period, change.funded_before)}` under `overrides:`"
    )


def _refused(found: Sequence[str]) -> RefusedError:
    rest = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    shown = "".join(f"\n  {line}" for line in [*found[:_SHOWN], *rest])
    things = "1 thing differs" if len(found) == 1 else f"{len(found)} things differ"
    return RefusedError(
        f"adopting says that nothing is to change, and {things}; nothing was recorded:{shown}",
        hint="bring the YAML to what is live, until `kt-budgets plan --first-apply` shows no change; or have that plan"
        " reviewed and applied, which takes its wallets under management as well",
    )
