"""A ledger may hold fractions of a coin; what is moved are coins, and once is enough."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from worlds import JUNE, entry, live_wallet, wallet

from reconciler.model.change import Allocate
from reconciler.model.live import LiveWallet
from reconciler.model.money import Money, payable
from reconciler.plan.wallets import WalletGap

WANTED = replace(wallet("support", "prod", "1331"), currency="JPY")


def ledger(*allocated: str) -> LiveWallet:
    """Return a wallet that was given these yen by hand in June, and that has spent nothing."""
    entries = [
        replace(entry(f"txn_{place}", "allocate", amount), currency="JPY") for place, amount in enumerate(allocated)
    ]
    held = sum(map(Decimal, allocated), Decimal(0))
    whole = payable(held, "JPY")
    return replace(
        live_wallet("team_support", *entries),
        currency="JPY",
        available=Money(whole, "JPY"),
        beyond_cents=held - whole,
    )


@pytest.mark.parametrize(
    ("allocated", "moved"),
    [
        ((), ["1331.00"]),
        (("300.33",), ["1031.00"]),
        (("300.67",), ["1030.00"]),
        (("0.2", "0.2"), ["1331.00"]),
        (("1331.33",), []),
        (("1330.5", "0.1"), []),
        (("1581.125",), ["-250.00"]),
    ],
)
def test_whole_yen_are_moved_and_then_nothing_is_left_to_do(allocated: tuple[str, ...], moved: list[str]) -> None:
    live = ledger(*allocated)
    changes = list(WalletGap("org_acme", WANTED, live, JUNE).changes())
    signed = [change.amount if isinstance(change, Allocate) else -change.amount for change in changes]
    assert [str(amount) for amount in signed] == moved
    after = replace(
        live,
        ledger=(
            *live.ledger,
            *(
                replace(entry(f"ours_{place}", change.kind, change.amount), currency="JPY")
                for place, change in enumerate(changes)
            ),
        ),
    )
    gap = WalletGap("org_acme", WANTED, after, JUNE)
    assert (gap.is_open, list(gap.changes())) == (False, [])
    given = sum((each.signed for each in after.ledger), Decimal(0))
    assert abs(given - 1331) <= Decimal("0.5")


def test_a_fraction_of_a_coin_that_a_month_was_given_is_not_carried_over_into_it() -> None:
    assert ledger("1331.33").carried_over(JUNE) == 0
    assert ledger("1330.67").carried_over(JUNE) == 0
