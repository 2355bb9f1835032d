"""Small worlds for tests: a desired organization, and a live one with a ledger that can be written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciler.findings import Origin
from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.desired import Desired, DesiredObject, DesiredWallet
from reconciler.model.guards import GuardSettings, Waiver
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.kinds.managed_kind import Key, text_of
from reconciler.model.live import Identity, LedgerEntry, Listing, Live, LiveObject, LiveWallet, Pool
from reconciler.model.money import Money
from reconciler.model.operation import mark
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget

JUNE = Period(2026, 6)
JULY = Period(2026, 7)
ORGANIZATION = OrganizationBudget.model_validate(
    {
        "version": 1,
        "organization": "org_acme",
        "currency": "USD",
        "fiscal_year": {"name": "FY2027", "starts": "2026-06"},
        "environments": ["prod", "dev"],
    }
)


def limited(guards: GuardSettings, waivers: Iterable[Waiver] = (), **other: Any) -> OrganizationBudget:
    """Return an organization with these limits."""
    return ORGANIZATION.model_copy(update={"guards": guards, "waivers": tuple(waivers), **other})


def usd(amount: str | int | Decimal) -> Money:
    return Money(Decimal(amount), "USD")


def wallet(team: str, environment: str, monthly: str, *, absent: bool = False, **overrides: str) -> DesiredWallet:
    key = f"team_{team}" if environment == "prod" else f"team_{team}_{environment}"
    setting = WalletTarget.model_validate(
        {
            "team_id": key,
            "monthly": monthly,
            "overrides": {name.removeprefix("m").replace("_", "-"): v for name, v in overrides.items()},
        }
    )
    origin = Origin(f"budgets/teams/{team}.yaml", ("wallets", environment))
    return DesiredWallet(team, environment, WalletRef.team(key), "USD", setting, origin, absent)


def billing_budget(name: str, amount: str, *, scope_id: str = "team_support", **fields: Any) -> BillingBudget:
    values = {
        "scope_type": "team",
        "scope_id": scope_id,
        "name": name,
        "amount": amount,
        "currency": "USD",
        "alert_percentages": (80, 100),
        **fields,
    }
    return BillingBudget.model_validate(values)


def desired(
    wallets: Iterable[DesiredWallet] = (),
    budgets: Iterable[tuple[str, BillingBudget]] = (),
    schedules: Iterable[ExportSchedule] = (),
    *,
    absent_budgets: Iterable[tuple[str, BillingBudget]] = (),
    teams: Iterable[str] = (),
) -> Desired:
    listed = list(wallets)
    declared = list(budgets)
    names = {*teams, *(item.team for item in listed), *(team for team, _ in declared)}
    return Desired(
        organization=ORGANIZATION,
        teams={name: TeamBudget(version=1, team=name) for name in sorted(names)},
        wallets={item.key: item for item in sorted(listed, key=lambda item: item.key)},
        objects={
            "billing_budget": dict(sorted(_declared(declared).items())),
            "export_schedule": {
                (item.name,): DesiredObject(item, Origin("budgets/org.yaml", ("export_schedules", index)))
                for index, item in enumerate(schedules)
            },
        },
        absent={"billing_budget": _declared(absent_budgets)},
    )


def taking_back(wanted: Desired) -> Desired:
    """Return `wanted` with `unused: reclaim`."""
    organization = wanted.organization.model_copy(update={"unused": "reclaim"})
    return replace(wanted, organization=organization)


def _declared(budgets: Iterable[tuple[str, BillingBudget]]) -> dict[Key, DesiredObject[BillingBudget]]:
    return {
        budget.key: DesiredObject(
            budget, Origin(f"budgets/teams/{team}.yaml", ("billing_budgets", index)), team, "prod"
        )
        for index, (team, budget) in enumerate(budgets)
    }


def entry(
    id: str, kind: str, amount: str | Decimal, *, day: int = 2, operation: str | None = None, month: Period = JUNE
) -> LedgerEntry:
    created = datetime(month.year, month.month, day, 9, tzinfo=UTC)
    description = f"{mark(operation)} by us" if operation else "by hand"
    return LedgerEntry(id, kind, Decimal(amount), "USD", description, created)


def live_wallet(key: str, *entries: LedgerEntry, available: str | Decimal = "0") -> LiveWallet:
    return LiveWallet(WalletRef.team(key), "USD", id=f"wal_{key}", available=usd(available), ledger=entries)


def live(
    wallets: Iterable[LiveWallet] = (),
    budgets: Iterable[BillingBudget] = (),
    schedules: Iterable[ExportSchedule] | None = (),
    *,
    pool: str | Decimal | None = "1000000",
    teams: Mapping[str, str] | None = None,
) -> Live:
    return Live(
        identity=Identity("org_acme", "Acme", "key_1", frozenset({"org:billing"})),
        pool=None if pool is None else Pool("wal_org", usd(pool)),
        wallets={item.key: item for item in wallets},
        objects={
            "billing_budget": Listing({item.key: LiveObject(f"bud_{i}", item) for i, item in enumerate(budgets)}),
            "export_schedule": Listing(offered=False)
            if schedules is None
            else Listing({(item.name,): LiveObject(f"sch_{item.name}", item) for item in schedules}),
        },
        teams=teams,
    )


def object_change(kind: str, key: str, **fields: Any) -> ObjectChange:
    """Return a change of a managed object; `before` and `after` may be documents, as in a plan.json."""
    return ObjectChange.model_validate({"kind": kind, "key": key, **fields})


def applied(state: Live, changes: Iterable[Change]) -> Live:
    """Return the live state after `changes` were carried out as they stand."""
    for change in changes:
        state = _carried_out(state, change)
    return state


def _carried_out(state: Live, change: Change) -> Live:
    match change:
        case Allocate() | Reclaim():
            return _moved(state, change)
        case ObjectChange(managed=kind):
            listed = {key: found for key, found in state.of(kind).objects.items() if text_of(key) != change.key}
            if change.after:
                listed[kind.key(change.after)] = LiveObject("new", change.after)
            return replace(state, objects={**state.objects, kind.name: Listing(listed)})


def _moved(state: Live, change: Allocate | Reclaim) -> Live:
    amount = usd(change.amount)
    current = state.wallets.get(change.wallet) or LiveWallet(change.wallet, "USD")
    when = datetime(2026, 6, 20, tzinfo=UTC) + timedelta(seconds=len(current.ledger))
    written = LedgerEntry(
        f"txn_{change.wallet}_{len(current.ledger)}", change.kind, change.amount, "USD", mark(change.op), when
    )
    signed = amount if isinstance(change, Allocate) else -amount
    moved = replace(
        current, id=f"wal_{change.wallet}", available=current.money_left + signed, ledger=(*current.ledger, written)
    )
    assert state.pool is not None
    pool = replace(state.pool, available=state.pool.available - signed)
    assert pool.available.amount >= 0, "the pool was overdrawn"
    assert moved.money_left.amount >= 0, "more was reclaimed than is there"
    return replace(state, pool=pool, wallets={**state.wallets, change.wallet: moved})
