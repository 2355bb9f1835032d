"""What is asked of wallets whose ledger is not read: those that a plan is not about, and all where there is none."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget
from reconciler.model.period import Period
from reconciler.plan.purses import funded_purse
from reconciler.plan.scope import Teams, wallets_of

if TYPE_CHECKING:
    from reconciler.forecast.history import Spending
    from reconciler.forecast.question import WalletQuestion
    from reconciler.model.desired import Desired, DesiredWallet
    from reconciler.model.purse import Purse
    from reconciler.model.usage import DailyUsage
    from reconciler.settings import Settings

MOST_OTHERS = 200
"""More are not looked ahead for: 4 ms of processor time each, and a pull request of a few teams has 3 s in all."""


def other_wallets(
    settings: Settings, desired: Desired, usage: DailyUsage | None, *, teams: Teams
) -> tuple[WalletQuestion, ...] | None:
    """Return a question for each wallet that is not of `teams`; its ledger is not read.

    None where they are too many, and without usage: then nothing is known of what they spent, which is not nothing.
    """
    others = wallets_of(desired, None).keys() - wallets_of(desired, teams).keys()
    if not others:
        return ()
    if len(others) > MOST_OTHERS or usage is None or not usage.source.rows:
        return None
    return questions_without_ledger(settings, desired, usage, before=desired, keys=others)


def questions_without_ledger(
    settings: Settings,
    desired: Desired,
    usage: DailyUsage | None,
    *,
    before: Desired,
    keys: Collection[str] | None = None,
) -> tuple[WalletQuestion, ...]:
    """Return a question for each wallet of `keys`, or for all: each target is funded in full on the first of its month.

    Its money now is what `before` says.
    """
    from reconciler.forecast.history import spending
    from reconciler.forecast.question import WalletQuestion

    known = spending(usage, as_of=settings.as_of)
    period, horizon = settings.period, range(1, desired.organization.forecast.horizon_months + 1)
    opening = min(Period.of(settings.as_of), period)
    asked = []
    for key, wallet in desired.wallets.items():
        if keys is not None and key not in keys:
            continue
        alerts = _watching(desired, key)
        asked.append(
            WalletQuestion(
                wallet=wallet,
                plan=desired.teams[wallet.team].plan,
                live_target=before.wallets[key].target(period),
                desired_target=wallet.target(period),
                live=_purse(settings, desired, before.wallets[key], known),
                desired=(purse := _purse(settings, desired, wallet, known)),
                targets={month: wallet.target(month) for month in map(period.plus, horizon)},
                alerts_live=alerts,
                alerts_desired=alerts,
                unpaid_since=max(known.known_until, opening.first) if known.known_until < known.as_of else None,
                funded=None if purse.openings else purse.gone + purse.left,
            )
        )
    return tuple(asked)


def _purse(settings: Settings, desired: Desired, wallet: DesiredWallet, known: Spending) -> Purse:
    spent = spent_so_far(known, wallet.key, min(Period.of(settings.as_of), settings.period))
    unused = desired.organization.unused
    return funded_purse(wallet, spent=spent, period=settings.period, as_of=settings.as_of, unused=unused)


def spent_so_far(known: Spending, key: str, month: Period) -> Decimal:
    """Return what a wallet spent in `month` on days that are known in full, and on the day as_of so far."""
    if key not in known.wallets:
        return Decimal(0)
    spend, as_of = known.of(key), known.as_of
    today = spend.between(as_of, as_of + timedelta(days=1)) if as_of in month else Decimal(0)
    return spend.between(month.first, min(known.known_until, month.end)) + today


def _watching(desired: Desired, key: str) -> tuple[BillingBudget, ...]:
    found = (entry.value for entry in desired.of(BILLING_BUDGETS).values())
    watching = (budget for budget in found if budget.scope_type == "team" and budget.scope_id == key)
    return tuple(sorted(watching, key=lambda budget: budget.name))
