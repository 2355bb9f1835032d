"""The mark of an operation is found again in a description that people or servers have added to or cut."""

from __future__ import annotations

from decimal import Decimal

import pytest

from reconciler.model.operation import find_operation, mark, operation_id, operation_period, unmarked
from reconciler.model.period import Period
from reconciler.model.wallet_ref import WalletRef

OPERATION = operation_id(
    organization="org_acme",
    wallet=WalletRef.team("team_support"),
    period=Period(2026, 6),
    kind="allocate",
    amount=Decimal("2500.00"),
    funded_before=Decimal("10000.00"),
    sequence=1,
)


def test_an_operation_tells_the_period_it_funds() -> None:
    assert operation_period(OPERATION) == Period(2026, 6)


@pytest.mark.parametrize("text", ["{}", "{} June 2026: support / prod", "copied: {}", "{} and cut he"])
def test_a_mark_is_found_beside_words(text: str) -> None:
    assert find_operation(text.format(mark(OPERATION))) == OPERATION


@pytest.mark.parametrize(
    "text", [None, "", "by hand", "[kt-budgets op=]", mark(OPERATION)[:-1], "[kt-budgets op=2026-13-0]"]
)
def test_what_is_no_whole_mark_is_not_ours(text: str | None) -> None:
    assert find_operation(text) is None


def test_a_description_without_its_mark_is_what_else_it_says() -> None:
    texts = [mark(OPERATION), f"{mark(OPERATION)} June 2026", "by hand"]
    assert [unmarked(text) for text in texts] == ["", "June 2026", "by hand"]
