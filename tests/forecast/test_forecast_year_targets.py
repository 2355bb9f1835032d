"""The fiscal year by targets: months that are over count with what was spent, where the usage holds all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from forecast.forecast_world import UsageBuilder, organization, team
from hypothesis import given
from hypothesis import strategies as st
from worlds import entry, live, live_wallet

from reconciler.findings import Origin
from reconciler.forecast.history import spending
from reconciler.forecast.year_by_targets import year_targets
from reconciler.model.carried import Carried, Rest, YearRest
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.year_targets import YearTargets
from reconciler.plan.carried import carried_over

SEPTEMBER_10 = date(2026, 9, 10)
SEPTEMBER = Period(2026, 9)


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


def counted(wanted: Desired, table: DailyUsage | None, *, as_of: date, carried: Carried | None = None) -> YearTargets:
    since = table.source.first_day if table else None
    return year_targets(wanted, spending(table, as_of=as_of), since=since, carried=carried)


def test_months_that_are_over_count_with_what_was_spent() -> None:
    found = counted(desired(), usage(date(2026, 5, 20)), as_of=SEPTEMBER_10)
    spent = Decimal(92 * 110)
    assert (found.spent, found.total) == (spent, spent + 9 * 3000)
    assert found.sentence(Decimal(1)) == (
        "the targets of the wallets of 1 team add up to USD 37,120.00 in FY2027, USD 37,119.00 above the annual target"
        " of USD 1.00; of months that are over, 2026-06 to 2026-08 with what was spent, USD 10,120.00"
    )


def test_what_was_spent_is_rounded_once_over_all_wallets_and_months() -> None:
    found = counted(desired(), usage(date(2026, 5, 20), support=0.0001, dev=0.00001), as_of=SEPTEMBER_10)
    assert (found.spent, found.total) == (Decimal("0.01"), Decimal("27000.01"))


def test_a_month_of_which_a_part_is_unknown_counts_with_its_target_and_is_named() -> None:
    found = counted(desired(), usage(date(2026, 7, 20)), as_of=SEPTEMBER_10)
    assert found.total == 31 * 110 + 11 * 3000
    assert found.sentence(Decimal(1)).endswith(
        "2026-08 with what was spent, USD 3,410.00 and 2026-06 to 2026-07 with the targets, for no usage shows all of"
        " it"
    )
    old = counted(desired(), usage(date(2026, 5, 1), date(2026, 8, 20)), as_of=SEPTEMBER_10)
    assert old.total == 61 * 110 + 10 * 3000
    assert [str(month) for month in old.by_target] == ["2026-08"]


def test_a_month_that_the_export_of_one_wallet_does_not_reach_counts_with_its_target() -> None:
    table = usage(date(2026, 5, 1))
    table = replace(table, source=replace(table.source, stale={"team_dev": date(2026, 8, 30)}))
    assert [str(month) for month in counted(desired(), table, as_of=SEPTEMBER_10).by_target] == ["2026-08"]


@pytest.mark.parametrize("table", [None, UsageBuilder().build()])
def test_without_usage_every_month_counts_with_its_target(table: DailyUsage | None) -> None:
    found = counted(desired(), table, as_of=SEPTEMBER_10)
    assert (found.total, found.spent) == (Decimal(36000), Decimal(0))
    assert found.sentence(Decimal(1)).endswith(
        "months that are over, 2026-06 to 2026-08 with the targets, for no usage shows all of it"
    )


def test_nothing_is_over_in_the_first_month_and_everything_after_the_last() -> None:
    first = counted(desired(), usage(date(2026, 5, 1), date(2026, 6, 20)), as_of=date(2026, 6, 20))
    assert first.total == 36000
    assert first.sentence(Decimal(1)).endswith("no month of it is over")
    last = counted(desired(), usage(date(2026, 6, 1), date(2027, 6, 1)), as_of=date(2027, 6, 1))
    assert last.total == last.spent == 365 * 110


def test_what_a_team_spent_that_is_absent_now_stays_in_the_year() -> None:
    found = counted(desired(absent=True), usage(date(2026, 5, 1)), as_of=SEPTEMBER_10)
    assert (found.spent, found.gone, found.teams) == (Decimal(92 * 110), Decimal(9 * 110), 0)
    assert found.total == 101 * 110
    assert found.sentence(Decimal(1)).endswith(
        "with what was spent, USD 10,120.00; besides, teams that left spent USD 990.00"
    )


SUPPORT, DEV = WalletRef.team("team_support"), WalletRef.team("team_dev")
HOLDS = Carried({SUPPORT: Rest(kept=Decimal(700), now=Decimal(900), taken=Decimal(200)), DEV: Rest(back=Decimal(30))})


def test_what_wallets_carry_over_is_added_and_told() -> None:
    found = counted(desired(), usage(date(2026, 5, 20)), as_of=SEPTEMBER_10, carried=HOLDS)
    assert found.total == 92 * 110 + 9 * 3000 + 700
    assert found.rest == YearRest(kept=Decimal(700), now=Decimal(900), taken=Decimal(200), back=Decimal(30))
    assert found.sentence(Decimal(1)) == (
        "the targets of the wallets of 1 team and what they carry over add up to USD 37,820.00 in FY2027, USD 37,819.00"
        " above the annual target of USD 1.00; of months that are over, 2026-06 to 2026-08 with what was spent,"
        " USD 10,120.00; USD 700.00 is carried over from earlier months; USD 30.00 that wallets carry over is not"
        " counted, for what is left of it goes back when a month opens"
    )
    assert found.cure(Decimal(1)).endswith("or write `unused: reclaim`, which takes back what is carried over")
    assert replace(found, keeps=False).cure(Decimal(1)).endswith(" over the year")


def test_where_not_every_ledger_was_read_it_is_the_least_that_is_carried_over() -> None:
    some = counted(desired(), None, as_of=SEPTEMBER_10.replace(month=6), carried=replace(HOLDS, at_least=True))
    assert "add up to at least USD 36,700.00" in some.sentence(Decimal(1))
    assert "1 team and what they hold beyond these add up to" in some.sentence(Decimal(1))
    assert "; at least USD 700.00 is held beyond the targets of this month;" in some.sentence(Decimal(1))
    none = counted(desired(), None, as_of=SEPTEMBER_10.replace(month=6), carried=Carried(at_least=True))
    assert "add up to at least USD 36,000.00" in none.sentence(Decimal(1))
    assert none.counted().endswith("what wallets carry over from earlier months is not known and not counted")


def test_what_months_left_that_count_with_their_targets_is_in_these() -> None:
    table = usage(date(2026, 8, 1))
    for held, told in ((Decimal(3_000), Decimal(0)), (Decimal(4_500), Decimal(500))):
        found = counted(desired(), table, as_of=SEPTEMBER_10, carried=Carried({SUPPORT: Rest(kept=held, now=held)}))
        assert [str(month) for month in found.by_target] == ["2026-06", "2026-07"]
        assert (found.rest.kept, found.rest.now, found.rest.in_targets) == (told, told, held - told)
        assert found.total == 31 * 110 + 11 * 3000 + told
        within = f"USD {held - told:,.2f} that wallets carry over is in the targets of months of which no usage shows"
        assert within in found.counted()


def test_what_a_ledger_that_rounds_leaves_is_not_carried_over() -> None:
    cent = Carried({SUPPORT: Rest(kept=Decimal("0.4"), now=Decimal("0.4")), DEV: Rest(kept=Decimal("0.5"))})
    assert counted(desired(), None, as_of=SEPTEMBER_10, carried=cent).rest == YearRest()


def test_before_a_year_nobody_knows_what_is_carried_into_it_and_after_it_nothing_can_be_spent() -> None:
    wanted = desired()
    before = counted(wanted, None, as_of=date(2026, 5, 20), carried=HOLDS)
    assert (before.total, before.rest) == (Decimal(36_000), YearRest(at_least=True))
    taking = replace(wanted, organization=wanted.organization.model_copy(update={"unused": "reclaim"}))
    assert counted(taking, None, as_of=date(2026, 5, 20), carried=HOLDS).rest == YearRest()
    assert counted(wanted, None, as_of=date(2027, 6, 1), carried=HOLDS).rest == YearRest()


cents = st.integers(0, 400_000).map(lambda number: Decimal(number) / 100)


@given(
    held=cents,
    months=st.lists(st.tuples(cents, st.floats(0, 1)), min_size=3, max_size=3),
    now=st.tuples(cents, st.floats(0, 1)),
)
def test_with_every_month_known_the_year_is_what_was_there_and_what_is_given(
    held: Decimal, months: list[tuple[Decimal, float]], now: tuple[Decimal, float]
) -> None:
    """What was spent and what is still there of it: it does not matter when it was spent, or what YAML says by now."""
    balance, built = held, UsageBuilder()
    for number, (amount, part) in enumerate(months):
        spent = round((balance + amount) * Decimal(part), 2)
        balance += amount - spent
        built.series("team_support", date(2026, 6 + number, 5), np.array([float(spent)]))
        built.series("team_support", date(2026, 6 + number, 6), np.full(20, 0.0))
    built.series("team_dev", date(2026, 5, 20), np.zeros(113)).series("team_other", date(2026, 5, 20), np.ones(113))
    amount, part = now
    spent = round((balance + amount) * Decimal(part), 2)
    built.series("team_support", date(2026, 9, 5), np.array([float(spent)]))
    entries = [entry("a", "allocate", amount, month=SEPTEMBER), entry("s", "settle", spent, month=SEPTEMBER)]
    state = live([live_wallet("team_support", *entries, available=balance + amount - spent), live_wallet("team_dev")])
    wanted = desired()
    carried = carried_over(wanted, state, month=SEPTEMBER, spent=lambda _: Decimal(0))
    found = counted(wanted, built.build(), as_of=SEPTEMBER_10, carried=carried)
    assert found.by_target == ()
    given = sum((given for given, _ in months), amount)
    assert abs(found.total - (held + given + 8 * 3000)) < 1, "nothing moves in the present month"


def test_a_wallet_whose_export_goes_on_with_the_others_is_no_reason_for_doubt() -> None:
    quiet = UsageBuilder().series("team_support", date(2026, 5, 1), np.full(132, 100.0))
    quiet.series("team_dev", date(2026, 5, 1), np.full(40, 10.0))
    found = counted(desired(), quiet.build(), as_of=date(2026, 5, 1) + timedelta(days=132))
    assert found.by_target == ()
    assert found.spent == 92 * 100 + 9 * 10
