"""What wallets may spend beyond their targets: by their ledgers, else by what they are listed to hold and spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from reconciler.model.carried import Carried, Rest
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.live import Live, LiveWallet
from reconciler.model.money import ZERO
from reconciler.model.outcome import Doubt
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.purses import signed

Spent = Callable[[WalletRef], Decimal]
"""What usage shows a wallet to have spent so far in the present month."""


def carried_over(
    desired: Desired,
    live: Live | None,
    *,
    month: Period,
    spent: Spent,
    period: Period | None = None,
    changes: Iterable[Change] = (),
    doubts: Iterable[Doubt] = (),
    before: Desired | None = None,
) -> Carried:
    """Return what each wallet carries over into `month`, the present one, what of it goes back, and what stays.

    `changes` are what a plan does for `period`, the present month unless it is said, and `before` is the YAML without
    it. Of these months a wallet has what it was given and what is moved, whatever its target is. Of a wallet whose
    ledger was not read, the least that it can be is told: what it is listed to hold and was `spent`, beyond the
    month's target.
    """
    moves: dict[str, list[Allocate | Reclaim]] = defaultdict(list)
    for change in changes:
        if isinstance(change, Allocate | Reclaim):
            moves[change.wallet].append(change)
    doubtful = {doubt.wallet for doubt in doubts}
    unclear = live is None or any(item.kind == "wallet" for item in live.unreadable)
    months = _opened(desired, month, period)
    rests, at_least = {}, False
    all_go = desired.organization.unused == "reclaim"
    for key, wallet in desired.wallets.items():
        current, goes = live.wallets.get(key) if live else None, all_go or wallet.absent
        if current is not None and not current.unread and key not in doubtful:
            went = _goes_back(before or desired, key)
            if wallet.absent:
                rests[key] = _of_gone(current, moves[key], went=went)
            else:
                rests[key] = _by_ledger(wallet, current, month, moves[key], months=months, goes=goes, went=went)
        elif not wallet.absent:
            listed = live.listed.get(key) if live else None
            at_least = at_least or (not goes and (unclear or current is not None or listed is not None))
            rests[key] = _by_listing(wallet, ZERO if goes else listed or ZERO, month, spent)
    return Carried({key: rest for key, rest in rests.items() if any(rest)}, at_least)


def _opened(desired: Desired, month: Period, period: Period | None) -> tuple[Period, ...]:
    """Return `month`, and the later one of its fiscal year that a plan for `period` opens."""
    year = desired.organization.fiscal_year.value
    return (month, period) if period is not None and period > month and period in year else (month,)


def _goes_back(desired: Desired, key: WalletRef) -> bool:
    """Whether what a wallet has left goes back when a month opens."""
    wallet = desired.wallets.get(key)
    return desired.organization.unused == "reclaim" or (wallet is not None and wallet.absent)


def _by_ledger(
    wallet: DesiredWallet,
    live: LiveWallet,
    month: Period,
    moves: Iterable[Allocate | Reclaim],
    *,
    months: tuple[Period, ...],
    goes: bool,
    went: bool,
) -> Rest:
    """Return what the ledger tells: of what is left, the month's own money is spent first.

    Of `months` it tells what they have beyond their targets, or lack.
    """
    held = live.carried_over(month)
    rests, own = ZERO, dict.fromkeys(months, ZERO)
    for change in moves:
        if isinstance(change, Reclaim) and change.carried_from:
            rests += signed(change)
        elif change.period in own:
            own[change.period] += signed(change)
    taken = min(-rests, held)
    back = min(held - taken, max(live.spendable - taken + min(own[month], ZERO), ZERO)) if goes else ZERO
    beyond = [live.funded(each).amount + own[each] - wallet.setting.target(each) for each in months]
    return Rest(
        kept=held - taken - back,
        now=held - min(held, live.spendable) if went else held,
        taken=taken,
        back=back,
        stays=sum((max(amount, ZERO) for amount in beyond), ZERO),
        lacks=sum((max(-amount, ZERO) for amount in beyond), ZERO),
    )


def _of_gone(live: LiveWallet, moves: Iterable[Allocate | Reclaim], *, went: bool) -> Rest:
    """Return what a plan leaves in the wallet of a team that left: it may spend that until it goes back."""
    left = max(live.spendable + sum(map(signed, moves), ZERO), ZERO)
    return Rest(now=ZERO if went else left, back=left)


def _by_listing(wallet: DesiredWallet, listed: Decimal, month: Period, spent: Spent) -> Rest:
    """Return the least that a wallet which is `listed` to hold so much carries over; of an empty one what it spent."""
    beyond = spent(wallet.key) - wallet.setting.target(month)
    least = max(listed + beyond, ZERO)
    return Rest(kept=least, now=least) if listed > 0 else Rest(stays=max(beyond, ZERO))
