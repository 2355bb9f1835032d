"""What a year of usage says of a team's plan, word for word: figures, and the months that need more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal

import pytest
from forecast.forecast_world import UsageBuilder
from worlds import JUNE

from reconciler.model.period import FiscalYear, Period
from reconciler.model.usage import DailyUsage
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.importing.draft import Draft, TeamDraft
from reconciler.plan.importing.funding import Usual, WalletFunding
from reconciler.plan.importing.grouping import Place
from reconciler.plan.importing.proposals import Proposals, proposals_of
from reconciler.plan.importing.wallets import WalletDraft

AS_OF = date(2026, 6, 18)
YEAR = FiscalYear("FY2027", JUNE)
ADS, ADS_DEV, LAW, QUIET, NEW, YEN = map(WalletRef.team, ("ads", "ads-dev", "law", "quiet", "new", "yen"))
SEASON = {
    Period(2025, 6): 990,
    Period(2025, 8): 1240,
    Period(2025, 9): 1250,
    Period(2025, 11): 1337,
    Period(2025, 12): 3000,
}


def spent(usage: UsageBuilder, wallet: str, months: Mapping[Period, float], **more: object) -> None:
    """Add a month's cost on its second and its last day."""
    for month, cost in months.items():
        for day in (month.first + timedelta(days=1), month.last):
            usage.row(day, wallet, cost / 2, **more)


def months(count: int, cost: float = 1000, **others: float) -> dict[Period, float]:
    found = {JUNE.plus(-ahead): cost for ahead in range(1, count + 1)}
    return found | {Period.parse(name[1:].replace("_", "-")): value for name, value in others.items()}


def year() -> DailyUsage:
    usage = UsageBuilder().row(date(2025, 5, 31), ADS, 1.0)
    spent(usage, ADS, {**months(12), **SEASON}, model="large", requests=7, cache_hits=2)
    spent(usage, ADS_DEV, months(3, 10, m2026_05=13.37, m2026_04=0), model="small", requests=9)
    spent(usage, LAW, {Period(2026, 5): 500.006}, model="odd")
    spent(usage, QUIET, months(12, 0.0, m2026_05=-3))
    spent(usage, YEN, months(2, 1000.4, m2026_05=1001.4), model="x")
    for number in range(8):
        usage.row(date(2026, 6, 10), ADS, 20.0 + number, model=f"m{number}", requests=3, cache_hits=number % 2)
    usage.row(date(2026, 6, 17), ADS, 0.4, model="tiny")
    return usage.build()


def wallet(key: WalletRef, monthly: str, **overrides: str) -> WalletDraft:
    differing = {Period.parse(name[1:].replace("_", "-")): (Decimal(value), ()) for name, value in overrides.items()}
    return WalletDraft(Place(key, "all"), key, WalletFunding(Usual(Decimal(monthly), "usual"), differing))


def draft(*wallets: WalletDraft) -> Draft:
    return Draft({wallet.key: TeamDraft(wallet.key, "", (wallet,), ()) for wallet in wallets})


TEAMS = {"ads": (ADS, ADS_DEV), "law": (LAW, NEW), "quiet": (QUIET,), "new": (NEW,), "yen": (YEN,), "bare": ()}


def proposed(currency: str = "USD", as_of: date = AS_OF, year_of: FiscalYear = YEAR) -> Proposals:
    found = draft(wallet(ADS, "2000", m2026_12="5"), wallet(ADS_DEV, "7"), wallet(QUIET, "3"), wallet(NEW, "1"))
    return proposals_of(year(), found, TEAMS, as_of=as_of, currency=currency, year=year_of)


def told(found: Proposals) -> Iterator[str]:
    for team, figures in found.plans.items():
        yield from (f"{team}: {figure.key} {figure.literal} ({figure.reason})" for figure in figures)
    for key, seasons in found.seasons.items():
        yield from (f"{key}: {season.month} {season.amount} ({season.reason})" for season in seasons)


def test_what_usage_says_of_plans_and_of_dear_months(golden: Callable[[str, str], None]) -> None:
    worlds = {
        "dollars": proposed(),
        "yen": proposed("JPY"),
        "in September": proposed(as_of=date(2026, 9, 1)),
        "the fiscal year ends in October": proposed(year_of=FiscalYear("FY", Period(2025, 11))),
    }
    golden(
        "plan/proposals.txt", "\n".join("\n".join([f"# {name}", *told(found), ""]) for name, found in worlds.items())
    )


def test_a_team_that_began_a_month_ago_has_no_baseline_of_nothing() -> None:
    usage = UsageBuilder()
    spent(usage, ADS, months(12))
    spent(usage, LAW, {Period(2026, 5): 700, Period(2026, 4): 200})
    found = proposals_of(usage.build(), draft(), {"law": (LAW,)}, as_of=AS_OF, currency="USD", year=YEAR)
    assert found.plans["law"][0].literal == "200.00"


def test_a_baseline_is_at_todays_prices_and_says_what_changed() -> None:
    usage = UsageBuilder()
    for back in range(120, 0, -1):
        day = AS_OF - timedelta(days=back)
        cost = 150.0 if day >= date(2026, 6, 4) else 100.0
        usage.row(day, LAW, cost, provider="openai", model="big", requests=9, input_tokens=1_000_000)
    found = proposals_of(usage.build(), draft(), {"law": (LAW,)}, as_of=AS_OF, currency="USD", year=YEAR)
    assert found.plans["law"][0].literal == "4650.00"
    assert found.plans["law"][0].reason == (
        "the middle one of what the last whole months cost: 2026-03 4,650.00, 2026-04 4,500.00, 2026-05 4,650.00;"
        " at today's prices: it pays 50% more for a token of openai/big since 2026-06-04"
    )


def test_without_usage_nothing_is_proposed() -> None:
    assert proposals_of(
        UsageBuilder().build(), draft(wallet(ADS, "5")), TEAMS, as_of=AS_OF, currency="USD", year=YEAR
    ) == Proposals({}, {})


def of_days(*, until: date) -> DailyUsage:
    """Return usage of 100.00 a day for ads until a day, and of 10.00 a day for law to the last."""
    usage = UsageBuilder()
    for back in range(360, 0, -1):
        day = AS_OF - timedelta(days=back)
        usage.row(day, LAW, 10.0)
        if day <= until:
            usage.row(day, ADS, 100.0, model="large")
    return usage.build()


def test_a_wallet_that_has_stopped_is_proposed_with_nothing_and_told_so() -> None:
    teams = {"ads": (ADS,), "both": (ADS, LAW)}
    found = proposals_of(
        of_days(until=date(2026, 3, 31)), draft(wallet(ADS, "9")), teams, as_of=AS_OF, currency="USD", year=YEAR
    )
    alone, both = (found.plans[team][0] for team in teams)
    assert (alone.literal, both.literal) == ("0.00", "310.00")
    assert alone.note == alone.reason
    assert alone.reason.startswith("ads is silent since 2026-04-01, 9")
    assert alone.reason.endswith("% that it has stopped: what it cost before does not count")
    assert both.reason.startswith(
        f"{alone.reason}; the middle one of what the last whole months cost: 2026-03 310.00, "
    )
    assert not found.seasons


@pytest.mark.parametrize(("empty", "monthly"), [((ADS,), "3000.00"), ((), "0.00")], ids=["no-money", "money"])
def test_a_wallet_is_silent_without_money_and_has_not_stopped(empty: tuple[WalletRef, ...], monthly: str) -> None:
    usage, teams = of_days(until=date(2026, 5, 20)), {"ads": (ADS,)}
    found = proposals_of(usage, draft(), teams, as_of=AS_OF, currency="USD", year=YEAR, empty=empty)
    assert (found.plans["ads"][0].literal, bool(found.plans["ads"][0].note)) == (monthly, not empty)
