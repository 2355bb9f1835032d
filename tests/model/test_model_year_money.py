"""What wallets get over the year with a plan and without it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from report.report_plans import JUNE, Wallet, budget_update

from reconciler.model.carried import YearRest
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
        carried=Decimal(0),
    )


def test_what_is_carried_over_is_in_the_year_and_what_a_plan_takes_of_it_is_not() -> None:
    rest = YearRest(kept=Decimal(300), now=Decimal(800), taken=Decimal(400), back=Decimal(100), at_least=True)
    found = year_money(replace(YEAR, rest=rest), CHANGES, (), period=JUNE, target=None)
    assert found == YearMoney(
        name="FY2027",
        annual_target=None,
        applied=Decimal(50_000),
        not_applied=Decimal(50_000 - 2_499 + 500),
        moved=Decimal(2_499 - 400),
        carried=Decimal(300),
        carried_at_least=True,
        goes_back=Decimal(100),
    )
    opened = replace(YEAR, rest=YearRest(kept=Decimal(30), now=Decimal(30), taken=Decimal(400)))
    same = year_money(opened, (), (), period=JUNE, target=None)
    assert same is not None
    assert same.not_applied == 50_000
    assert same.moved == 0, "without the plan it goes back as well, when the month is opened"


def test_what_stays_above_a_target_is_in_the_year_with_the_plan_and_without_it() -> None:
    """Funded 1,600, spent 789, target 500: 811 go back at most, so 289 of July stay, and nothing moves without it."""
    cut = Wallet(funded="1600", target="500").change(amount=Decimal(811), funded_after=Decimal(789))
    targets = replace(YEAR, total=Decimal(500 + 289 + 8 * 500), rest=YearRest(stays=Decimal(289)))
    ahead = [later(JUNE.plus(1 + month), "1600", "500") for month in range(8)]
    found = year_money(targets, (cut,), ahead, period=JUNE, target=None)
    assert found is not None
    assert found.applied == 789 + 8 * 500
    assert found.not_applied == 1600 + 8 * 1600
    assert found.stays == 289


def test_nothing_that_is_carried_over_is_not_what_nobody_knows() -> None:
    unknown = year_money(replace(YEAR, rest=YearRest(at_least=True)), (), (), period=JUNE, target=None)
    assert unknown is not None
    assert (unknown.carried, unknown.carried_at_least) == (None, True)


@pytest.mark.parametrize("period", [JUNE.plus(-1), JUNE.plus(12)], ids=str)
def test_a_month_outside_of_the_year_has_no_money_of_it(period: Period) -> None:
    assert year_money(YEAR, CHANGES, (), period=period, target=None) is None


def test_what_the_year_gets_without_the_plan_is_unknown_where_nothing_tells_of_later_months() -> None:
    found = year_money(YEAR, (), None, period=JUNE, target=None)
    assert found == YearMoney(
        name="FY2027", annual_target=None, applied=Decimal(50_000), not_applied=None, carried=Decimal(0)
    )
