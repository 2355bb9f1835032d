"""What wallets carry over from earlier months: by their ledgers, else by what they are listed to hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal

from reconciler.model.carried import Carried, Rest
from reconciler.model.change import Change, Reclaim
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.live import Live, LiveWallet
from reconciler.model.money import ZERO
from reconciler.model.outcome import Doubt
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

Spent = Callable[[WalletRef], Decimal]
"""What usage shows a wallet to have spent so far in the present month."""


def carried_over(
    desired: Desired,
    live: Live | None,
    *,
    month: Period,
    spent: Spent,
    changes: Iterable[Change] = (),
    doubts: Iterable[Doubt] = (),
    before: Desired | None = None,
) -> Carried:
    """Return what each wallet carries over into `month`, the present one, and what of it goes back.

    `changes` are what a plan does, and `before` is the YAML without it. Of a wallet whose ledger was not read, the
    least that it can be is told: what it is listed to hold and was `spent`, beyond the month's target.
    """
    reclaims: dict[str, list[Reclaim]] = defaultdict(list)
    for change in changes:
        if isinstance(change, Reclaim):
            reclaims[change.wallet].append(change)
    doubtful = {doubt.wallet for doubt in doubts}
    unclear = live is None or any(item.kind == "wallet" for item in live.unreadable)
    rests, at_least = {}, False
    all_go = desired.organization.unused == "reclaim"
    for key, wallet in desired.wallets.items():
        current, goes = live.wallets.get(key) if live else None, all_go or wallet.absent
        if current is not None and not current.unread and key not in doubtful:
            went = _goes_back(before or desired, key)
            if wallet.absent:
                rests[key] = _of_gone(current, reclaims[key], went=went)
            else:
                rests[key] = _by_ledger(current, month, reclaims[key], goes=goes, went=went)
        elif not goes:
            listed = live.listed.get(key) if live else None
            at_least = at_least or unclear or current is not None or listed is not None
            if listed is not None and (least := _by_listing(wallet, listed, month, spent)):
                rests[key] = Rest(kept=least, now=least)
    return Carried({key: rest for key, rest in rests.items() if any(rest)}, at_least)


def _goes_back(desired: Desired, key: WalletRef) -> bool:
    """Whether what a wallet has left goes back when a month opens."""
    wallet = desired.wallets.get(key)
    return desired.organization.unused == "reclaim" or (wallet is not None and wallet.absent)


def _by_ledger(live: LiveWallet, month: Period, reclaims: Iterable[Reclaim], *, goes: bool, went: bool) -> Rest:
    """Return what the ledger tells: of what is left, the month's own money is spent first."""
    held = live.carried_over(month)
    taken = min(sum((change.amount for change in reclaims if change.carried_from is not None), ZERO), held)
    back = min(held - taken, max(live.spendable - taken, ZERO)) if goes else ZERO
    return Rest(
        kept=held - taken - back,
        now=held - min(held, live.spendable) if went else held,
        taken=taken,
        back=back,
    )


def _of_gone(live: LiveWallet, reclaims: Iterable[Reclaim], *, went: bool) -> Rest:
    """Return what a plan leaves in the wallet of a team that left: it may spend that until it goes back."""
    left = max(live.spendable - sum((change.amount for change in reclaims), ZERO), ZERO)
    return Rest(now=ZERO if went else left, back=left)


def _by_listing(wallet: DesiredWallet, listed: Decimal, month: Period, spent: Spent) -> Decimal:
    """Return the least that a wallet which is `listed` to hold so much carries over."""
    return max(listed + spent(wallet.key) - wallet.setting.target(month), ZERO) if listed > 0 else ZERO
