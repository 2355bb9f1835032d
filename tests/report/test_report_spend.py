"""The spend view: what a sum is of, and what is said where only rounding to cents sets surfaces apart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from reconciler.model.spend import Disagreement, SpendDocument, Spent
from reconciler.report.spend_text import spend_text


class Shown:
    def __init__(self, document: SpendDocument) -> None:
        self._document = document

    def document(self) -> SpendDocument:
        return self._document


def spent(*sums: str | None, key: str = "") -> Spent:
    spend, export, ledger = (None if amount is None else Decimal(amount) for amount in sums)
    return Spent(key=key, spend=spend, export=export, ledger=ledger, requests=None)


def told(total: Spent, *found: Disagreement, wallets: tuple[Spent, ...] = (), elsewhere: str = "0") -> str:
    fields: dict[str, Any] = {"teams": (), "workloads": (), "models": (), "other_currencies": {}, "notices": ()}
    document = SpendDocument(
        organization="org_acme",
        currency="USD",
        as_of=date(2026, 6, 18),
        first_day=date(2026, 6, 1),
        last_day=date(2026, 6, 17),
        total=total,
        wallets=wallets,
        paid_elsewhere=Decimal(elsewhere),
        agrees=not found,
        disagreements=found,
        **fields,
    )
    return " ".join(spend_text(Shown(document)).split())


def apart(wallet: str, *, together: bool = False) -> Disagreement:
    fields: dict[str, Any] = {"team": "", "environment": "", "since": None, "until": None, "days": 0}
    return Disagreement(
        between=("export", "ledger"),
        wallet=wallet,
        together=together,
        amount=Decimal(-2),
        first_amount=Decimal(10),
        second_amount=Decimal(8),
        **fields,
    )


def test_a_sum_says_whether_wallets_that_are_told_alone_are_in_it() -> None:
    both = told(spent(None, "30", "40"), apart("team_atlas"), apart("", together=True))
    assert "team_atlas: the ledger shows USD 2.00 less than the export" in both
    assert "all other wallets together: the ledger shows USD 2.00 less" in both
    assert "all wallets together: the ledger shows" in told(spent(None, "10", "8"), apart("", together=True))
    assert "not attributed: the ledger shows" in told(spent(None, "10", "8"), apart(""))


@pytest.mark.parametrize(
    ("total", "wallet", "elsewhere", "word"),
    [
        (("9.00", "9.00", "9.00"), ("9.00", "9.00", "9.00"), "0", "agree to the cent."),
        (("9.00", "9.00", "9.00"), ("9.00", "9.00", "4.00"), "5", "agree to the cent."),
        (("9.00", "9.02", "9.00"), ("9.00", "9.00", "9.00"), "0", "agree, but for what rounding to cents makes."),
        (("9.00", "9.00", "9.00"), ("9.00", "9.00", "9.01"), "0", "agree, but for what rounding to cents makes."),
        ((None, "9.00", "9.00"), (None, "9.00", "9.00"), "0", "the export and the ledger agree to the cent."),
    ],
    ids=["to-the-cent", "paid-by-others", "total", "wallet", "no-dashboard"],
)
def test_surfaces_that_rounding_sets_apart_agree_and_not_to_the_cent(
    total: tuple[str, ...], wallet: tuple[str, ...], elsewhere: str, word: str
) -> None:
    assert word in told(spent(*total), wallets=(spent(*wallet, key="team_atlas"),), elsewhere=elsewhere)
