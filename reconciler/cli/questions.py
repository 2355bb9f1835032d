"""What a plan asks of the forecast: each wallet with its money before and after, and the alerts that watch it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.live import Live, LiveWallet
from reconciler.model.money import ZERO
from reconciler.plan.billing_budgets import undeclared_budgets
from reconciler.plan.diff import Diff
from reconciler.plan.scope import Teams, wallets_of
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.forecast.question import WalletQuestion
    from reconciler.model.billing_budget import BillingBudget

MOST_CHARTED = 100
"""How many wallets a plan holds the days of the month for, those that change first: a chart of more helps nobody."""


def questions(
    settings: Settings, desired: Desired, live: Live, diff: Diff, *, teams: Teams = None
) -> tuple[WalletQuestion, ...]:
    """Return what is asked of the forecast: each wallet of `teams` with its money before and after the plan.

    Nothing is asked of a wallet whose ledger cannot be read: what it holds for the month is not known.
    """
    from reconciler.forecast.project import WalletQuestion
    from reconciler.plan.purses import ledger_purses, signed

    deltas: dict[str, Decimal] = {}
    for change in diff.changes:
        if isinstance(change, Allocate | Reclaim):
            deltas[change.wallet] = deltas.get(change.wallet, ZERO) + signed(change)
    period, as_of, unused = settings.period, settings.as_of, desired.organization.unused
    undeclared = undeclared_budgets(desired, live, diff.changes)
    found = live.billing_budgets.items()
    alerts_live = _by_wallet(item.budget for key, item in found if key not in undeclared)
    alerts_desired = _by_wallet(wanted.budget for wanted in desired.billing_budgets.values())
    staying = [*(item for key, item in found if key in undeclared), *live.duplicate_billing_budgets]
    alerts_undeclared = _by_wallet(item.budget for item in staying)
    horizon = [period.plus(month) for month in range(1, desired.organization.forecast.horizon_months + 1)]
    wallets = wallets_of(desired, teams)
    charted = set(sorted(wallets, key=lambda key: (key not in deltas, key))[:MOST_CHARTED])
    asked = []
    for key, wallet in wallets.items():
        current = live.wallets.get(key) or LiveWallet(key, wallet.currency)
        if current.unread:
            continue
        moved = deltas.get(key, ZERO)
        before, after = ledger_purses(
            wallet,
            current,
            period=period,
            as_of=as_of,
            moved=moved,
            unused=unused,
            is_first=key in diff.first_contacts,
        )
        asked.append(
            WalletQuestion(
                wallet=wallet,
                plan=desired.teams[wallet.team].plan,
                live_target=current.funded(period),
                desired_target=wallet.target(period),
                live=before,
                desired=after,
                targets={month: wallet.target(month) for month in horizon},
                alerts_live=alerts_live.get(key, ()),
                alerts_desired=alerts_desired.get(key, ()),
                alerts_undeclared=alerts_undeclared.get(key, ()),
                charted=key in charted,
                settled=current.spent_on(as_of),
                reserved=current.reserved,
                booked=current.settled(period),
                backed=diff.funds.after is not None and diff.funds.after > ZERO,
            )
        )
    return tuple(asked)


def _by_wallet(budgets: Iterable[BillingBudget]) -> dict[str, tuple[BillingBudget, ...]]:
    """Return the billing budgets that watch a team's wallet, by wallet and sorted by name."""
    watching: dict[str, list[BillingBudget]] = defaultdict(list)
    for budget in budgets:
        if budget.scope_type == "team":
            watching[budget.scope_id].append(budget)
    return {key: tuple(sorted(found, key=lambda budget: budget.name)) for key, found in watching.items()}
