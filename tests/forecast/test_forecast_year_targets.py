"""The fiscal year by targets: months that are over count with what was spent, where the usage holds all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, organization, team

from reconciler.findings import Origin
from reconciler.forecast.year import year_targets
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef

SEPTEMBER_10 = date(2026, 9, 10)


def desired(*, absent: bool = False) -> Desired:
    """Two wallets of 2,000 and 1,000 a month, 36,000 in the fiscal year from June 2026."""
    support = team(prod=("team_support", 2000), dev=("team_dev", 1000))
    support = support.model_copy(update={"state": "absent"}) if absent else support
    wallets = {
        WalletRef.team(setting.team_id): DesiredWallet(
            "support", name, WalletRef.team(setting.team_id), "USD", setting, Origin("x"), absent
        )
        for name, setting in support.wallets.items()
    }
    return Desired(organization(), {"support": support}, wallets)


def usage(first: date, end: date = SEPTEMBER_10, *, support: float = 100.0, dev: float = 10.0) -> DailyUsage:
    days = (end - first).days
    built = UsageBuilder().series("team_support", first, np.full(days, support))
    return built.series("team_dev", first, np.full(days, dev)).build()


def test_months_that_are_over_count_with_what_was_spent() -> None:
    found = year_targets(desired(), usage(date(2026, 5, 20)), as_of=SEPTEMBER_10)
    spent = Decimal(92 * 110)
    assert (found.spent, found.total) == (spent, spent + 9 * 3000)
    assert found.sentence(Decimal(1)) == (
        "the targets of the wallets of 1 team add up to USD 37,120.00 in FY2027, USD 37,119.00 above the annual target"
        " of USD 1.00; of months that are over, 2026-06 to 2026-08 with what was spent, USD 10,120.00"
    )


def test_what_was_spent_is_rounded_once_over_all_wallets_and_months() -> None:
    found = year_targets(desired(), usage(date(2026, 5, 20), support=0.0001, dev=0.00001), as_of=SEPTEMBER_10)
    assert (found.spent, found.total) == (Decimal("0.01"), Decimal("27000.01"))


def test_a_month_of_which_a_part_is_unknown_counts_with_its_target_and_is_named() -> None:
    found = year_targets(desired(), usage(date(2026, 7, 20)), as_of=SEPTEMBER_10)
    assert found.total == 31 * 110 + 11 * 3000
    assert found.sentence(Decimal(1)).endswith(
        "2026-08 with what was spent, USD 3,410.00 and 2026-06 to 2026-07 with the targets, for no usage shows all of"
        " it"
    )
    old = year_targets(desired(), usage(date(2026, 5, 1), date(2026, 8, 20)), as_of=SEPTEMBER_10)
    assert old.total == 61 * 110 + 10 * 3000
    assert [str(month) for month in old.by_target] == ["2026-08"]


def test_a_month_that_the_export_of_one_wallet_does_not_reach_counts_with_its_target() -> None:
    table = usage(date(2026, 5, 1))
    table = replace(table, source=replace(table.source, stale={"team_dev": date(2026, 8, 30)}))
    assert [str(month) for month in year_targets(desired(), table, as_of=SEPTEMBER_10).by_target] == ["2026-08"]


@pytest.mark.parametrize("table", [None, UsageBuilder().build()])
def test_without_usage_every_month_counts_with_its_target(table: DailyUsage | None) -> None:
    found = year_targets(desired(), table, as_of=SEPTEMBER_10)
    assert (found.total, found.spent) == (Decimal(36000), Decimal(0))
    assert found.sentence(Decimal(1)).endswith(
        "months that are over, 2026-06 to 2026-08 with the targets, for no usage shows all of it"
    )


def test_nothing_is_over_in_the_first_month_and_everything_after_the_last() -> None:
    first = year_targets(desired(), usage(date(2026, 5, 1), date(2026, 6, 20)), as_of=date(2026, 6, 20))
    assert first.total == 36000
    assert first.sentence(Decimal(1)).endswith("no month of it is over")
    last = year_targets(desired(), usage(date(2026, 6, 1), date(2027, 6, 1)), as_of=date(2027, 6, 1))
    assert last.total == last.spent == 365 * 110


def test_what_a_team_spent_that_is_absent_now_stays_in_the_year() -> None:
    found = year_targets(desired(absent=True), usage(date(2026, 5, 1)), as_of=SEPTEMBER_10)
    assert (found.total, found.teams) == (Decimal(92 * 110), 0)


def test_a_wallet_whose_export_goes_on_with_the_others_is_no_reason_for_doubt() -> None:
    quiet = UsageBuilder().series("team_support", date(2026, 5, 1), np.full(132, 100.0))
    quiet.series("team_dev", date(2026, 5, 1), np.full(40, 10.0))
    found = year_targets(desired(), quiet.build(), as_of=date(2026, 5, 1) + timedelta(days=132))
    assert found.by_target == ()
    assert found.spent == 92 * 100 + 9 * 10
