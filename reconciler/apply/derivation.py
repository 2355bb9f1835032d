"""Derivation: the changes of a plan, worked out again from the YAML and from live state had the plan not run.

A plan file is only what was reviewed. Its digest has no key, so that anybody can edit the file and seal it again; what
is carried out is therefore what follows from git and the ledger, and a file that says anything else is refused
(decision 0010). Both are compared with live as it was before: an approved plan may be applied again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from reconciler.journal.ledger_match import Transactions, own_entries
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.kinds.managed_kind import ManagedKind, V, text_of
from reconciler.model.kinds.registry import general_nouns, kinds
from reconciler.model.live import Listing, Live, LiveObject, LiveWallet, Pool
from reconciler.model.money import ZERO, Money
from reconciler.model.outcome import AGAIN
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef

_AMOUNTS = frozenset({"amount", "target", "funded_before", "funded_after", "unreclaimable"})


def as_reviewed(live: Live, plan: Plan, desired: Desired) -> Live:
    """Return `live` with the entries that a plan is made from, and as much money left as the review of a reclaim saw.

    An apply may read further back than a plan, and an operation id counts the entries that are there.
    What is left moves with every request, and no review can name the last cent: a rest that is taken back, and an
    excess of which a part was spent, are derived from what was left then. A move is never sent for more than is left
    when it is sent.
    """
    wallets = dict(read_since(live, plan.period).wallets)
    for change in plan.changes:
        if not isinstance(change, Reclaim) or change.wallet not in wallets or change.wallet not in desired.wallets:
            continue
        wallet, wanted = wallets[change.wallet], desired.wallets[change.wallet]
        funded, left = wallet.funded(plan.period), Money(change.amount, wallet.currency)
        if change.carried_from is not None:
            wallets[change.wallet] = replace(wallet, available=left + max(funded, Money(ZERO, wallet.currency)))
        elif wallet.money_left < funded - wanted.target(plan.period):
            wallets[change.wallet] = replace(wallet, available=left)
    return replace(live, wallets=wallets)


def read_since(live: Live, period: Period) -> Live:
    """Return `live` with the entries since `period` began, and those for it: what a plan is made from.

    Ledgers are read further back where something is still to be seen in them, and an operation id counts entries.
    """
    return replace(live, wallets={key: _since(wallet, period) for key, wallet in live.wallets.items()})


def _since(wallet: LiveWallet, period: Period) -> LiveWallet:
    now = tuple(e for e in wallet.ledger if e.created_at >= period.start_instant or e.funds(period))
    before = (e for e in wallet.ledger if e.is_funding and e not in now)
    return replace(wallet, ledger=now, earlier=(*wallet.earlier, *before))


def unlike(plan: Plan, derived: Iterable[Change], *, stale: Mapping[str, str]) -> dict[str, str]:
    """Return why each team of `plan` is refused whose changes are not the `derived` ones, one by one.

    Teams that are `stale` already are left out, and so are those that the plan does not touch.
    """
    approved = _by_team(plan.changes)
    current = _by_team(derived)
    found = {
        team: _differences(approved[team], current.get(team, {})) for team in sorted(approved) if team not in stale
    }
    return {team: _sentence(team, differences) for team, differences in found.items() if differences}


def first_contact(teams: Iterable[str], *, first_apply: bool) -> dict[str, str]:
    """Return the refusal of `teams` whose changes would be as reviewed with, or without, `--first-apply`."""
    cure = (
        "The plan was made without `--first-apply`: apply it without, or plan with it and have that reviewed."
        if first_apply
        else "The plan was made with `--first-apply`: run `kt-budgets apply --first-apply` to carry it out."
    )
    why = "it moves money in a wallet that nothing was ever applied to; nothing was applied for this team"
    return {team: f"{team}: {why}. {cure}" for team in teams}


def _by_team(changes: Iterable[Change]) -> dict[str, dict[str, list[Change]]]:
    found: dict[str, dict[str, list[Change]]] = {}
    for change in changes:
        found.setdefault(change.team, {}).setdefault(_name(change), []).append(change)
    return found


def _name(change: Change) -> str:
    if not isinstance(change, Allocate | Reclaim):
        return f"{change.kind} {change.key}"
    rest = f" of {change.carried_from}" if isinstance(change, Reclaim) and change.carried_from else ""
    return f"{change.kind}{rest} {change.wallet}"


def _differences(approved: Mapping[str, list[Change]], current: Mapping[str, list[Change]]) -> list[str]:
    return [
        words
        for name in sorted({*approved, *current})
        if (words := _difference(name, approved.get(name, []), current.get(name, [])))
    ]


def _difference(name: str, approved: list[Change], current: list[Change]) -> str:
    if len(approved) > 1:
        return f"`{name}` is there {len(approved)} times"
    if not current:
        return f"`{name}`{_money(approved[0])} is not what the YAML and the ledger ask for"
    if not approved:
        return f"`{name}`{_money(current[0])} is what the YAML and the ledger ask for, and the plan lacks it"
    says, is_so = _facts(approved[0]), _facts(current[0])
    keys = sorted(key for key in {*says, *is_so} if says.get(key) != is_so.get(key))
    told = ", ".join(f"{key} {_shown(key, says.get(key))} where {_shown(key, is_so.get(key))} follows" for key in keys)
    return f"`{name}` has {told}" if keys else ""


def _facts(change: Change) -> dict[str, Any]:
    """Return all that a change says but for its place in the YAML, which moves with every line above it."""
    return change.model_dump(exclude={"position"})


def _money(change: Change) -> str:
    return f" of {change.money}" if isinstance(change, Allocate | Reclaim) else ""


def _shown(key: str, value: Any) -> str:
    if value is None:
        return "nothing"
    return f"{Decimal(value):,.2f}" if key in _AMOUNTS else f"`{str(value)[:120]}`"


def _sentence(team: str, differences: list[str]) -> str:
    return (
        f"{team or general_nouns()}: the plan is not what its YAML and the ledger give ({'; '.join(differences)});"
        f" nothing was applied for this team. {AGAIN}"
    )


def state_before(live: Live, plan: Plan, transactions: Transactions | None = None) -> Live:
    """Return `live` without what `plan` did: its ledger entries gone, what equals `after` set back to `before`.

    `transactions` are the ledger ids that a journal knows for operation ids, for ledgers that lose descriptions.
    """
    wallets, pool = _moneys_undone(live, plan, transactions or {})
    changes = [change for change in plan.changes if isinstance(change, ObjectChange)]
    objects = {kind.name: _undone(kind, live.of(kind), changes) for kind in kinds()}
    return replace(live, wallets=wallets, pool=pool, objects=objects)


def without(wallet: LiveWallet, operation: str, transactions: Transactions) -> LiveWallet:
    """Return `wallet` as it would be without `operation`: its ledger, and the money that is left in it."""
    own = own_entries(wallet, operation, transactions)
    if not own:
        return wallet
    moved = sum(entry.signed for entry in own)
    left = Money(max(wallet.money_left.amount - moved, ZERO), wallet.currency)
    return replace(wallet, available=left, ledger=tuple(entry for entry in wallet.ledger if entry not in own))


def _moneys_undone(
    live: Live, plan: Plan, transactions: Transactions
) -> tuple[dict[WalletRef, LiveWallet], Pool | None]:
    wallets = dict(live.wallets)
    moved = ZERO
    for change in plan.changes:
        if isinstance(change, Allocate | Reclaim) and (wallet := wallets.get(change.wallet)):
            moved += sum(entry.signed for entry in own_entries(wallet, change.op, transactions))
            wallets[change.wallet] = without(wallet, change.op, transactions)
    pool = live.pool
    if pool is not None and pool.available.currency == plan.currency:
        pool = replace(pool, available=pool.available + Money(moved, plan.currency))
    return wallets, pool


def _undone(kind: ManagedKind[V], listing: Listing[V], changes: Iterable[ObjectChange]) -> Listing[V]:
    """Return `listing` with every object set back to what it was that is what a change makes of it."""
    if not listing.offered:
        return listing
    listed: dict[str, LiveObject[Any]] = {text_of(key): found for key, found in listing.objects.items()}
    for change in changes:
        found = listed.get(change.key)
        if change.managed is not kind or (found.value if found else None) != change.after:
            continue
        listed.pop(change.key, None)
        if change.before is not None:
            listed[change.key] = LiveObject("", change.before)
    return replace(listing, objects={kind.key(found.value): found for found in listed.values()})
