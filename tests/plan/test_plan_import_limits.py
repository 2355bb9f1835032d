"""Where what an import says turns: the day, the cent, the month, and how many months make a usual one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from forecast.forecast_world import UsageBuilder
from plan.test_plan_import_drafts import TEAMS, in_currency, listed, sources, told
from plan.test_plan_importing import entry, grouped, places, wallet, year
from plan.test_plan_proposals import ADS, ADS_DEV, AS_OF, LAW, NEW, YEAR, draft, months, spent
from plan.test_plan_proposals import wallet as drafted
from worlds import JUNE, live

from reconciler.model.directory import Directory
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.live import LedgerEntry, Listing, LiveObject
from reconciler.model.operation import mark
from reconciler.model.period import FiscalYear, Period
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.importing.funding import answered, funding_of, questions_of
from reconciler.plan.importing.grouping import Grouping, Place
from reconciler.plan.importing.proposals import Proposals, proposals_of
from reconciler.plan.importing.sources import readable_wallets

MAY = JUNE.plus(-1)


def usual(*entries: LedgerEntry) -> tuple[str, str]:
    found = funding_of(wallet(*entries), JUNE, {}).usual
    return str(found.amount), found.reason


def given(*amounts: str) -> list[LedgerEntry]:
    """Return what the months before June were given, the last of them May."""
    first = JUNE.plus(-len(amounts))
    return [entry(f"t{number}", f"{first.plus(number)}-01", amount) for number, amount in enumerate(amounts)]


@pytest.mark.parametrize(
    ("day", "left"),
    [
        ("2026-05-03", "3000.00"),
        ("2026-05-04", "2500.00"),
        ("2026-05-28", "2500.00"),
        ("2026-05-29", "3000.00"),
    ],
)
def test_what_goes_back_within_three_days_of_a_month_s_end_is_no_correction(day: str, left: str) -> None:
    back = entry("r", day, "500", "taken back", "reclaim")
    assert usual(entry("a", "2026-05-01", "3000"), back)[0] == left


def test_only_what_was_given_and_taken_back_makes_a_month() -> None:
    spending = entry("s", "2026-05-12", "700", "", "settle")
    gift = entry("g", "2026-05-12", "70", "", "refund")
    assert usual(entry("a", "2026-05-01", "3000"), spending, gift) == (
        "3000.00",
        "what 2026-05 was funded with, the only month before 2026-06 that was",
    )


def test_months_are_counted_from_the_first_that_was_given_anything() -> None:
    undone = [entry("a", "2025-12-10", "5"), entry("b", "2025-12-11", "5", "", "reclaim")]
    assert usual(*undone, *given("100", "100"))[1] == "2 of the 2 months 2026-04 to 2026-05 were funded with this"
    half = entry("half", "2026-03-01", "0.50")
    assert usual(half, *given("100", "100"))[1] == "2 of the 3 months 2026-03 to 2026-05 were funded with this"
    assert usual(entry("now", "2026-06-01", "9")) == (
        "9.00",
        "what 2026-06 was funded with; none of the 12 months before was",
    )


def test_a_third_of_the_months_makes_a_usual_one() -> None:
    assert usual(*given("100", "100", "300", "400", "500", "600"))[0] == "100.00"
    assert usual(*given("100", "100", "300", "400", "500", "600", "700"))[0] == "400.00"
    assert usual(*given("1", "2", "3"))[0] == "2.00"
    assert usual(*given("1", "2"))[0] == "1.00"


def test_what_was_taken_back_and_what_was_given_past_the_pool_is_told_as_that() -> None:
    found = wallet(
        *year(until="2026-06"),
        entry("c", "2026-06-11", "500", "taken back", "reclaim"),
        entry("gift", "2026-06-03", "70", "a gift", "credit"),
    )
    funding = funding_of(found, JUNE, {})
    assert funding.overrides[JUNE][1][-1] == 'c, 2026-06-11: -500.00, "taken back"'
    assert funding.uncounted == ('gift, 2026-06-03: 70.00, "a gift"',)


@pytest.mark.parametrize(("day", "month"), [("2026-04-30", MAY), ("2026-05-01", MAY.plus(-1))])
def test_a_mark_of_ours_says_the_month_before_and_after_its_date(day: str, month: Period) -> None:
    ours = entry("o", day, "77", f"{mark(f'{month}-' + 'a' * 20)} by us")
    assert usual(ours)[1].startswith(
        f"what {month} was funded with" if month == MAY else "half of the 2 months 2026-04"
    )


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows the time of Tokyo."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(id: str, day: int, words: str = "", kind: str = "allocate", amount: str = "100", month: int = 5) -> LedgerEntry:
    """Return an entry that is made half an hour before midnight, UTC."""
    return LedgerEntry(id, kind, Decimal(amount), "USD", words, datetime(2026, month, day, 23, 30, tzinfo=UTC))


@pytest.mark.usefixtures("far_east")
def test_days_and_months_are_utc_s_wherever_the_machine_is() -> None:
    assert usual(at("a", 1), at("r", 28, "", "reclaim", "40"))[0] == "60.00"
    assert usual(at("a", 31))[1].startswith("what 2026-05 was")
    named = at("n", 31, "for July", month=5)
    (question,) = questions_of(wallet(*year(until="2026-06"), named), JUNE, {})
    assert question.months == (MAY, Period(2026, 7))
    assert answered(wallet(*year(until="2026-06"), named), JUNE, "dates") == {"n": MAY}
    late = at("w", 31, "November")
    noon = replace(late, created_at=late.created_at - timedelta(hours=12))
    by_words = [answered(wallet(*year(until="2026-06"), one), JUNE, "words") for one in (noon, late)]
    assert by_words[0] == by_words[1] != {}


def test_one_name_that_cannot_be_had_does_not_keep_the_next_from_its_own() -> None:
    assert places(grouped("a-dev", "a_dev", "b-dev")) == {"b-dev": "b/dev"}
    assert places(grouped("support", "support-prod", "zeta")) == {"support-prod": "support/prod", "zeta": "zeta/all"}


def test_a_schedule_that_no_yaml_can_say_is_left_out_with_what_is_wrong() -> None:
    fields = {"name": "w", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}, "enabled": "sometimes"}
    odd = LiveObject("sch_1", ExportSchedule.as_found(fields))
    state = replace(live(), objects={**live().objects, EXPORT_SCHEDULES.name: Listing({("w",): odd})})
    assert any("YAML cannot declare its enabled" in line for line in told(sources({}, state)))


def test_a_wallet_in_another_currency_is_not_asked_for() -> None:
    directory = Directory(live().identity, TEAMS, (listed("team_ads", "EUR"), listed("team_free")), ("USD",))
    grouping = Grouping({id: Place(id, "all") for id in TEAMS})
    assert readable_wallets(directory, grouping, "USD") == {WalletRef.team("team_free"): "USD"}


def test_the_amount_that_cannot_be_written_is_the_one_with_cents() -> None:
    found = in_currency("JPY", "101")
    (ads,) = found.live.wallets.values()
    before = replace(entry("b", "2026-05-02", "100.5"), currency="JPY")
    both = replace(found, live=replace(found.live, wallets={ads.key: replace(ads, ledger=(before, *ads.ledger))}))
    assert any("100.50 cannot be written as a target in JPY" in line for line in told(both))


def test_every_question_and_every_month_that_keeps_a_wallet_out_is_named() -> None:
    early = [entry(id, "2026-06-15", "2000", "July budget") for id in ("n1", "n2")]
    open_ = list(told(sources({"team_ads": (*year(until="2026-06"), *early)})))
    assert any("(n1, n2)" in line for line in open_)
    answers = {"n1": Period(2026, 7), "n2": Period(2026, 8)}
    last = FiscalYear("FY", Period(2025, 7))
    outside = sources({"team_ads": (*year(until="2026-06"), *early)}, answers=answers, year=last)
    assert any("2026-07, 2026-08 differs from the usual month" in line for line in told(outside))


def since_april() -> UsageBuilder:
    """Return usage that begins on the last of April, so that all of May is known."""
    return UsageBuilder().row(MAY.first - timedelta(days=1), ADS_DEV, 1.0)


def proposed(usage: UsageBuilder, team: tuple[WalletRef, ...], as_of: date = AS_OF) -> Proposals:
    return proposals_of(usage.build(), draft(drafted(ADS, "2000")), {"t": team}, as_of=as_of, currency="USD", year=YEAR)


def test_a_team_has_a_baseline_from_its_first_cents_on_and_each_wallet_without_usage_is_named() -> None:
    usage = since_april()
    spent(usage, ADS, {MAY: 0.5}, model="m")
    (baseline, mix) = proposed(usage, (ADS, LAW, NEW)).plans["t"]
    assert (baseline.literal, baseline.reason.partition("; ")[2]) == ("0.50", "there is no usage of law, new")
    assert mix.reason.endswith("`provider_mix`: m 100%")
    nothing = since_april()
    spent(nothing, ADS, {MAY: 0.0}, model="m")
    assert proposed(nothing, (ADS,)).plans == {}
    balanced = UsageBuilder().row(MAY.plus(-1).first - timedelta(days=1), ADS_DEV, 1.0)
    spent(balanced, ADS, {MAY.plus(-1): -5.0, MAY: 5.0})
    assert proposed(balanced, (ADS,)).plans == {}


def test_a_model_is_told_from_half_a_percent_on() -> None:
    usage = since_april()
    day = MAY.last
    for model, cost in (("large", 199.0), ("small", 1.0)):
        usage.row(day, ADS, cost, model=model)
    assert "large 100%, small 0%" in proposed(usage, (ADS,)).plans["t"][-1].reason


def test_old_usage_alone_has_no_mix() -> None:
    usage = UsageBuilder()
    spent(usage, ADS, {JUNE.plus(-10): 500})
    spent(usage, ADS, {JUNE.plus(-ahead): 0.0 for ahead in range(1, 10)})
    spent(usage, ADS_DEV, months(12))
    assert [figure for figure in proposed(usage, (ADS,)).plans.get("t", ()) if "provider_mix" in figure.reason] == []


def test_a_month_is_as_dear_as_it_is_against_the_middle_one_and_only_if_it_is_still_to_come() -> None:
    usage = UsageBuilder().row(JUNE.plus(-12).first - timedelta(days=1), ADS, 1.0)
    spent(usage, ADS, {JUNE.plus(-ahead): 100.0 * (13 - ahead) for ahead in range(1, 13)})
    (found,) = proposed(usage, (ADS,)).seasons.values()
    assert next((str(one.month), one.reason) for one in found) == (
        "2027-01",
        "2026-01 cost 1.33 times the middle month of the past year",
    )
    dear = UsageBuilder().row(JUNE.plus(-12).first - timedelta(days=1), ADS, 1.0)
    spent(dear, ADS, {**months(12), JUNE.plus(-12): 3000})
    assert proposed(dear, (ADS,)).seasons == {}


@pytest.mark.parametrize(("middle", "dear", "count"), [(0.0, 10.0, 0), (0.5, 10.0, 1), (1.0, 10.0, 1)])
def test_nothing_is_dear_beside_a_middle_month_of_nothing(middle: float, dear: float, count: int) -> None:
    usage = UsageBuilder().row(JUNE.plus(-12).first - timedelta(days=1), ADS, 1.0)
    spent(usage, ADS, {**months(12, middle), JUNE.plus(-12): 1.0, JUNE.plus(-3): dear})
    assert len(proposed(usage, (ADS,)).seasons.get(ADS, ())) == count
