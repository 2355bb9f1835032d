"""What wallets get over the year with a plan and without it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from report.report_plans import JUNE, Wallet, budget_update

from reconciler.model.later import LaterTarget
from reconciler.model.period import FiscalYear, Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.year_money import YearMoney, year_money
from reconciler.model.year_targets import YearTargets

YEAR = YearTargets(FiscalYear("FY2027", JUNE), "USD", Decimal(50_000), teams=2)
RAISE, CUT = Wallet(funded="9000", target="11500"), Wallet(team="sales", funded="9000", target="8999")
CHANGES = (RAISE.change(), CUT.change(), CUT.change(carried_from=JUNE.plus(-1)), budget_update())


def later(month: Period, before: str | None, after: str | None) -> LaterTarget:
    return LaterTarget(
        team="support",
        environment="prod",
        wallet=WalletRef.team("team_support"),
        period=month,
        before=None if before is None else Decimal(before),
        after=None if after is None else Decimal(after),
    )


def test_the_year_without_a_plan_lacks_what_the_plan_moves_and_what_its_later_months_get() -> None:
    months = (
        later(JUNE.plus(1), "100", "130"),
        later(JUNE.plus(11), None, "5"),
        later(JUNE.plus(2), "7", None),
        later(JUNE.plus(12), "0", "9000"),
    )
    found = year_money(YEAR, CHANGES, months, period=JUNE, target=Decimal(60_000))
    assert found == YearMoney(
        name="FY2027",
        annual_target=Decimal(60_000),
        applied=Decimal(50_000),
        not_applied=Decimal(50_000 - 2_499 - 28),
        moved=Decimal(2_499),
    )


@pytest.mark.parametrize("period", [JUNE.plus(-1), JUNE.plus(12)], ids=str)
def test_a_month_outside_of_the_year_has_no_money_of_it(period: Period) -> None:
    assert year_money(YEAR, CHANGES, (), period=period, target=None) is None


def test_what_the_year_gets_without_the_plan_is_unknown_where_nothing_tells_of_later_months() -> None:
    found = year_money(YEAR, (), None, period=JUNE, target=None)
    assert found == YearMoney(name="FY2027", annual_target=None, applied=Decimal(50_000), not_applied=None)
