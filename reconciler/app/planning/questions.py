"""What a plan asks of the forecast: each wallet with its money before and after, and the alerts that watch it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget
from reconciler.model.live import Live, LiveWallet
from reconciler.model.money import ZERO
from reconciler.model.outcome import LeftAsFound
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import Diff
from reconciler.plan.objects import undeclared
from reconciler.plan.purses import ledger_purses, signed
from reconciler.plan.scope import Teams, wallets_of
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.forecast.question import WalletQuestion

MOST_CHARTED = 100
"""How many wallets a plan holds the days of the month for, those that change first: a chart of more helps nobody."""


def questions(
    settings: Settings, desired: Desired, live: Live, diff: Diff, *, teams: Teams = None
) -> tuple[WalletQuestion, ...]:
    """Return what is asked of the forecast: each wallet of `teams` with its money before and after the plan.

    Nothing is asked of a wallet whose ledger cannot be read: what it holds for the month is not known.
    """
    wallets = wallets_of(desired, teams)
    moved = moved_by(diff.changes)
    charted = set(sorted(wallets, key=lambda key: (key not in moved, key))[:MOST_CHARTED])
    watching = watching_budgets(desired, live, diff.changes, wallets)
    return tuple(questions_about(wallets, settings, desired, live, diff, watching=watching, charted=charted))


def moved_by(changes: Iterable[Change]) -> dict[str, Decimal]:
    """Return what `changes` give each wallet of which they move money, or take from it."""
    moved: dict[str, Decimal] = {}
    for change in changes:
        if isinstance(change, Allocate | Reclaim):
            moved[change.wallet] = moved.get(change.wallet, ZERO) + signed(change)
    return moved


def questions_about(
    wallets: Mapping[WalletRef, DesiredWallet],
    settings: Settings,
    desired: Desired,
    live: Live,
    diff: Diff,
    *,
    watching: Watching,
    charted: Collection[str],
) -> Iterator[WalletQuestion]:
    """Yield what is asked about `wallets`, which `live` and `diff` tell of."""
    moves: dict[str, list[Allocate | Reclaim]] = defaultdict(list)
    for change in diff.changes:
        if isinstance(change, Allocate | Reclaim):
            moves[change.wallet].append(change)
    left = {found.wallet: found for found in diff.left_out}
    for key, wallet in wallets.items():
        held = live.wallets.get(key) or LiveWallet(key, wallet.currency)
        if not held.unread:
            about = (settings, desired, diff, wallet, held, watching)
            yield _question(*about, moves=moves.get(key, ()), left_out=left.get(key), charted=key in charted)


def _question(
    settings: Settings,
    desired: Desired,
    diff: Diff,
    wallet: DesiredWallet,
    current: LiveWallet,
    watching: Watching,
    *,
    moves: Sequence[Allocate | Reclaim],
    left_out: LeftAsFound | None,
    charted: bool,
) -> WalletQuestion:
    """Return what is asked of one wallet, whose money the plan changes by `moves`, in their order."""
    from reconciler.forecast.project import WalletQuestion

    key, period, as_of = wallet.key, settings.period, settings.as_of
    moved, unused = sum(map(signed, moves), ZERO), desired.organization.unused
    known = {"is_first": key in diff.first_contacts, "to_open": key in diff.to_open}
    before, after = ledger_purses(
        wallet, current, period=period, as_of=as_of, moved=moved, unused=unused, own=diff.own, **known
    )
    funded, opens = current.funded(period), period > Period.of(as_of)
    months = _months(period, desired.organization.forecast.horizon_months)
    return WalletQuestion(
        wallet=wallet,
        plan=desired.teams[wallet.team].plan,
        live_target=funded,
        desired_target=wallet.target(period),
        live=before,
        desired=after,
        targets={month: wallet.target(month) for month in months},
        alerts_live=watching.live.get(key, ()),
        alerts_desired=watching.desired.get(key, ()),
        alerts_undeclared=watching.undeclared.get(key, ()),
        alerts_elsewhere=watching.elsewhere.get(key, ()),
        charted=charted,
        settled=current.spent_on(as_of),
        reserved=current.reserved,
        booked=current.settled(period),
        pool_pays=diff.funds.after is not None and diff.funds.after > ZERO,
        funded=None if opens else moves[-1].funded_after if moves else funded.amount,
        left_out=left_out,
        stays=known["is_first"] and not opens,
    )


@lru_cache(maxsize=1)
def _months(period: Period, count: int) -> tuple[Period, ...]:
    """Return the months after `period`, the same ones for every wallet."""
    return tuple(map(period.plus, range(1, count + 1)))


@dataclass(frozen=True, slots=True)
class Watching:
    """The billing budgets that watch each wallet: those of git as they are live and as desired, and those of nobody.

    Those of nobody that are in another currency than the organization are `elsewhere`: nothing is held against them.
    """

    live: Mapping[str, tuple[BillingBudget, ...]]
    desired: Mapping[str, tuple[BillingBudget, ...]]
    undeclared: Mapping[str, tuple[BillingBudget, ...]]
    elsewhere: Mapping[str, tuple[BillingBudget, ...]]


def watching_budgets(desired: Desired, live: Live, changes: Iterable[Change], wallets: Collection[str]) -> Watching:
    """Return the billing budgets that watch `wallets`, before and after `changes`."""
    listed, ours = live.of(BILLING_BUDGETS), desired.organization.currency
    strange = undeclared(BILLING_BUDGETS, desired, live, changes)
    kept = [item.value for key, item in listed.objects.items() if key not in strange]
    staying = [item.value for item in (*map(listed.objects.__getitem__, strange), *listed.others)]
    return Watching(
        live=_by_wallet((budget for budget in kept if budget.currency == ours), wallets),
        desired=_by_wallet((wanted.value for wanted in desired.of(BILLING_BUDGETS).values()), wallets),
        undeclared=_by_wallet((budget for budget in staying if budget.currency == ours), wallets),
        elsewhere=_by_wallet((budget for budget in staying if budget.currency != ours), wallets),
    )


def _by_wallet(budgets: Iterable[BillingBudget], wallets: Collection[str]) -> dict[str, tuple[BillingBudget, ...]]:
    """Return the billing budgets that watch one of the teams' `wallets`, by wallet and sorted by name."""
    watching: dict[str, list[BillingBudget]] = defaultdict(list)
    for budget in budgets:
        if budget.scope_id in wallets and budget.scope_type == "team":
            watching[budget.scope_id].append(budget)
    return {key: tuple(sorted(found, key=lambda budget: budget.name)) for key, found in watching.items()}
