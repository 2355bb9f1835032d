"""Days that an export leaves out: no days without money, not the end of a silence, and no month that is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from forecast.forecast_world import AS_OF, UsageBuilder, ask, organization, question, steady, team

from reconciler.findings import Origin
from reconciler.forecast.censored import censored_days
from reconciler.forecast.happenings.silence import find_silence
from reconciler.forecast.history import spending, whole_months
from reconciler.forecast.panel import make_panel
from reconciler.forecast.year_by_targets import year_targets
from reconciler.model.desired import Desired, DesiredWallet
from reconciler.model.period import Period
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.usage.coverage import gaps

FIRST = AS_OF - timedelta(days=168)


def lossy(first: date, last: date, **more: str) -> DailyUsage:
    """Usage of two wallets, one of them of 10.00 a day, without some days."""
    usage = UsageBuilder()
    for day in (FIRST + timedelta(days=step) for step in range(168)):
        if not first <= day <= last:
            usage.row(day, "team_support", 100.0, **more).row(day, "team_dev", 10.0)
    table = usage.build()
    return replace(table, source=replace(table.source, gaps=gaps(table.day)))


def test_days_that_an_export_leaves_out_are_no_days_without_money_and_point_to_no_dear_model() -> None:
    premium = {"model": "gpt-4o", "provider": "openai", "lane": "premium"}
    for last in (date(2026, 3, 12), date(2026, 3, 31)):
        found = ask(lossy(date(2026, 3, 10), last, **premium), question(live=3200))
        assert {"censored-days", "right-sizing"}.isdisjoint(warning.code for warning in found.warnings)
        assert round(found.wallets[0].month_end.quantiles["0.5"]) == 3000, "100.00 on each of 30 days"


def test_a_gap_at_the_end_of_a_month_shows_no_ceiling_and_one_within_dry_days_counts_for_none() -> None:
    known = spending(lossy(date(2026, 4, 25), date(2026, 4, 30)), as_of=AS_OF).of("team_support")
    assert not censored_days(known, known_until=AS_OF, is_empty=False)
    usage = UsageBuilder()
    for day in (FIRST + timedelta(days=step) for step in range(168)):
        if day not in (date(2026, 4, 23), date(2026, 4, 24), date(2026, 4, 25)):
            usage.row(day, "team_dev", 10.0)
            if not date(2026, 4, 20) <= day <= date(2026, 4, 30):
                usage.row(day, "team_support", 100.0)
    table = usage.build()
    table = replace(table, source=replace(table.source, gaps=gaps(table.day)))
    found = ask(table, question(live=3200))
    (told,) = [warning.message for warning in found.warnings if warning.code == "censored-days"]
    assert "out of money on 9 days," in told, "19 to 30 April are 12 days, of which 3 are left out"


def test_a_gap_within_a_silence_does_not_end_it() -> None:
    """60 days of spend and 55 without, of which days 20 to 22 before the last are in no export."""
    whole = np.concatenate([steady(60), np.zeros(55)])
    gap, edge = whole.copy(), whole.copy()
    gap[-22:-19] = np.nan
    edge[60:65] = np.nan
    found, _ = find_silence(make_panel([whole, gap, edge], np.full(3, np.datetime64("2026-06-17"))))
    assert found.days.tolist() == [55, 55, 50], "nobody knows of days that follow the last spend"
    assert found.stopped[0] == found.stopped[1] > 0.95


def desired() -> Desired:
    support = team(prod=("team_support", 2000), dev=("team_dev", 1000))
    wallets = {
        WalletRef.team(setting.team_id): DesiredWallet(
            "support", name, WalletRef.team(setting.team_id), "USD", setting, Origin("x")
        )
        for name, setting in support.wallets.items()
    }
    return Desired(organization(fiscal_year={"name": "FY26", "starts": "2026-03"}), {"support": support}, wallets)


def test_a_month_of_which_days_are_left_out_counts_with_its_target_and_is_no_whole_month() -> None:
    """March and May cost 31 times 110.00; April, which lacks ten days, counts 3,000.00 as June to February do."""
    table = lossy(date(2026, 4, 10), date(2026, 4, 19))
    found = year_targets(desired(), spending(table, as_of=AS_OF), since=table.source.first_day)
    assert (found.over, found.by_target) == ((Period(2026, 3), Period(2026, 5)), (Period(2026, 4),))
    assert (found.spent, found.total) == (Decimal(6820), Decimal(6820 + 10 * 3000))
    months = whole_months(table, [WalletRef.team("team_support")], as_of=AS_OF)[WalletRef.team("team_support")]
    assert months[Period(2026, 3)] == months[Period(2026, 5)] == 3100
    assert Period(2026, 4) not in months
