"""What a wallet holds for the month, now and when months open; and what a change of `unused` takes or leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import worlds
from report.report_plans import Wallet
from worlds import JULY, JUNE, billing_budget, desired, entry, live_wallet, taking_back, wallet

from reconciler.model.applied import LastApplied
from reconciler.model.forecast import MonthEnd, WalletForecast
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudgets
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import registered
from reconciler.model.later import Later, LaterExpectation
from reconciler.model.live import LiveWallet
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.purse import Opening, Purse
from reconciler.plan.by_hand import entries_by_hand, foreign_entries, is_doubtful, named_months
from reconciler.plan.consequences import with_rest
from reconciler.plan.later import is_of_money
from reconciler.plan.ledger_usage import ledger_usage
from reconciler.plan.objects import undeclared, vanished_teams
from reconciler.plan.opening import is_due
from reconciler.plan.purses import Unused, funded_purse, ledger_purses, signed
from reconciler.plan.scope import begun, changed_teams, is_about, later_targets
from reconciler.plan.wallets import WalletGap

MAY, AUGUST = JUNE.plus(-1), JUNE.plus(2)
AS_OF = date(2026, 6, 18)
SUPPORT = wallet("support", "prod", "100", m2026_07="70")
D = Decimal


@pytest.mark.parametrize(
    ("spent", "period", "unused", "expected"),
    [
        ("40", JUNE, "keep", Purse(D(60), D(40))),
        ("100", JUNE, "keep", Purse(D(0), D(100))),
        ("130", JUNE, "keep", Purse(D(0), D(100))),
        ("40", JULY, "keep", Purse(D(60), D(0), (Opening(JULY, D(70), True),))),
        (
            "40",
            AUGUST,
            "reclaim",
            Purse(D(60), D(0), (Opening(JULY, D(70), False), Opening(AUGUST, D(100), False))),
        ),
        ("40", MAY, "keep", Purse(D(60), D(40))),
    ],
)
def test_a_wallet_without_a_ledger_is_funded_with_its_target_when_each_month_begins(
    spent: str, period: Period, unused: Unused, expected: Purse
) -> None:
    assert funded_purse(SUPPORT, spent=D(spent), period=period, as_of=AS_OF, unused=unused) == expected


def test_a_wallet_that_is_to_be_gone_keeps_nothing_over_a_month() -> None:
    absent = replace(SUPPORT, absent=True)
    assert funded_purse(absent, spent=D(0), period=JULY, as_of=AS_OF) == Purse(
        D(0), D(0), (Opening(JULY, D(0), False),)
    )


def live(available: str, *entries: Any, reserved: str = "0") -> LiveWallet:
    return replace(live_wallet("team_support", *entries, available=available), reserved=D(reserved))


FUNDED = entry("a", "allocate", "100")
SETTLED = entry("s", "settle", "30", day=5)


def purses(held: LiveWallet, period: Period = JUNE, **other: Any) -> tuple[Purse, Purse]:
    facts: dict[str, Any] = {"as_of": AS_OF, "moved": D(0), **other}
    return ledger_purses(SUPPORT, held, period=period, **facts)


def test_in_the_month_itself_both_sides_hold_what_is_left_and_differ_by_what_is_moved() -> None:
    held = live("60", FUNDED, SETTLED, reserved="10")
    assert purses(held, moved=D(5)) == (Purse(D(60), D(40)), Purse(D(65), D(40)))
    assert purses(replace(held, beyond_cents=D("0.004")))[0].left == D("60.004")


def test_of_a_month_that_is_over_what_came_and_went_since_is_taken_away_again() -> None:
    july = [
        entry(kind, kind, amount, day=1, month=JULY)
        for kind, amount in (
            ("credit", "1"),
            ("allocate", "20"),
            ("top_up", "300"),
            ("refund", "4000"),
            ("reclaim", "7"),
            ("settle", "11"),
            ("reserve", "999"),
            ("release", "999"),
        )
    ]
    started = replace(july[1], created_at=datetime(2026, 7, 1, tzinfo=UTC))
    before = replace(july[1], created_at=datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
    came = D(1 + 20 + 300 + 4000 - 7 - 11)
    assert purses(live("5000", FUNDED, SETTLED, *july, reserved="2"), as_of=date(2026, 7, 3))[0] == Purse(
        D(5002) - came, D(30)
    )
    assert purses(live("90", FUNDED, SETTLED, started), as_of=date(2026, 7, 3))[0].left == D(70)
    assert purses(live("90", FUNDED, SETTLED, before), as_of=date(2026, 7, 3))[0].left == D(90)


def test_before_a_month_begins_git_still_funds_this_one_and_opens_those_between() -> None:
    held = live("55", entry("a", "allocate", "60"))
    september = (Opening(JUNE.plus(3), D(0), True), Opening(JUNE.plus(3), D(100), True))
    assert [purse.openings[-1] for purse in purses(held, JUNE.plus(3))] == list(september)
    assert [len(purse.openings) for purse in purses(held, JUNE.plus(3))] == [3, 3]
    was, will = purses(held, AUGUST)
    assert was == Purse(D(95), D(0), (Opening(JULY, D(70), True), Opening(AUGUST, D(0), True)))
    assert will == Purse(D(95), D(0), (Opening(JULY, D(70), True), Opening(AUGUST, D(100), True)))


def test_what_was_moved_for_a_month_to_come_already_is_not_moved_again() -> None:
    ahead = entry("b", "allocate", "50", operation=f"2026-07-{'1' * 20}", day=17)
    _, will = purses(live("150", FUNDED, ahead), AUGUST, unused="reclaim")
    assert will.openings == (Opening(JULY, D(20), True), Opening(AUGUST, D(100), False))


def test_an_excess_is_taken_back_first_and_from_a_first_contact_nothing_is() -> None:
    held = live("130", entry("a", "allocate", "130"))
    assert purses(held, JULY)[0].left == D(100)
    assert purses(held, JULY, is_first=True)[0].left == D(130)
    assert purses(live("30"), JUNE.plus(1), unused="reclaim")[0].left == D(100)


def test_a_wallet_that_is_to_be_gone_is_emptied_when_the_next_month_opens() -> None:
    _, will = ledger_purses(replace(SUPPORT, absent=True), live("30", FUNDED), period=JULY, as_of=AS_OF, moved=D(0))
    assert will.openings == (Opening(JULY, D(0), False),)
    (change,) = WalletGap("", replace(SUPPORT, absent=True), live("30", FUNDED), JUNE).changes()
    assert signed(change) == D(-30)


@pytest.mark.parametrize(
    ("text", "near", "months"),
    [
        ("budget 2026-07", JUNE, ["2026-07"]),
        ("2026/07 and 2025.12", JUNE, ["2026-07", "2025-12"]),
        ("12026-07 2026-071 2026-13 2026-00 1926-07", JUNE, []),
        ("July budget", JUNE, ["2026-07"]),
        ("july budget", JUNE, []),
        ("for July 2027", JUNE, ["2027-07"]),
        ("for july 2027", JUNE, ["2027-07"]),
        ("for Jul 2027, aug. 2028", JUNE, ["2027-07", "2028-08"]),
        ("Jul money", JUNE, []),
        ("July 1, 2027", JUNE, ["2027-07"]),
        ("July 14 2027", JUNE, ["2027-07"]),
        ("december 2026 Sept 2026", JUNE, ["2026-12"]),
        ("January", Period(2026, 12), ["2027-01"]),
        ("December", Period(2026, 1), ["2025-12"]),
        ("December", JUNE, ["2025-12"]),
        ("Marching Octopus", JUNE, []),
        ("May", JUNE, []),
        ("May 2026", JUNE, ["2026-05"]),
    ],
)
def test_a_month_is_heard_in_words_that_name_it(text: str, near: Period, months: list[str]) -> None:
    assert [str(month) for month in named_months(text, near=near)] == months


@pytest.mark.parametrize(
    ("day", "month", "text", "kind", "is_asked"),
    [
        (2, JUNE, "", "allocate", False),
        (2, JUNE, "for July", "allocate", True),
        (2, JUNE, "June or July", "allocate", False),
        (2, JUNE, "for July", "reclaim", False),
        (25, MAY, "", "allocate", True),
        (24, MAY, "", "allocate", False),
        (24, MAY, "for June", "allocate", True),
        (25, MAY, "for July", "allocate", False),
        (25, MAY, f"[kt-budgets op=2026-05-{'1' * 20}]", "allocate", False),
        (28, MAY.plus(-1), "", "allocate", False),
        (2, MAY.plus(-1), "June 2026", "allocate", True),
    ],
)
def test_money_may_be_meant_for_another_month_than_its_date_s(
    day: int, month: Period, text: str, kind: str, is_asked: bool
) -> None:
    given = replace(entry("x", kind, "5", day=day, month=month), description=text)
    assert is_doubtful(given, JUNE) == is_asked


def test_the_last_seven_days_of_a_month_are_those_of_utc() -> None:
    east = timezone(timedelta(hours=9))
    given = replace(entry("x", "allocate", "5"), created_at=datetime(2026, 5, 25, 8, tzinfo=east), description="")
    assert not is_doubtful(given, JUNE)
    assert is_doubtful(replace(given, created_at=datetime(2026, 5, 25, 9, tzinfo=east)), JUNE)


def test_what_repeats_an_operation_is_foreign_and_what_the_journal_knows_is_not() -> None:
    ours = entry("ours", "allocate", "5", operation=f"2026-06-{'1' * 20}")
    again, cut, hand = replace(ours, id="again"), entry("cut", "allocate", "1"), entry("hand", "allocate", "1", day=1)
    assert foreign_entries([hand, ours, again, cut], {"cut"}) == (hand, again)
    assert foreign_entries([hand, ours, again, cut]) == (hand, again, cut)
    assert entries_by_hand([hand, cut]) == ()
    same = replace(hand, created_at=ours.created_at)
    assert entries_by_hand([same, ours]) == ()
    later = replace(hand, created_at=ours.created_at + timedelta(seconds=1))
    assert entries_by_hand([hand, ours, later]) == (later,)
    early = replace(again, created_at=hand.created_at)
    assert entries_by_hand([early, ours, entry("third", "allocate", "1", operation=f"2026-06-{'3' * 20}", day=9)]) == (
        (ours,)
    )


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-06-30T23:59:59", False),
        ("2026-07-01T05:59:59", False),
        ("2026-07-01T06:00:00", True),
        ("2026-07-02T00:00:00", True),
        ("2026-08-01T00:00:00", True),
    ],
)
def test_a_month_is_to_be_open_from_six_on_its_first_day(moment: str, is_open: bool) -> None:
    assert is_due(JULY, datetime.fromisoformat(moment).replace(tzinfo=UTC)) == is_open


def test_the_usage_of_a_ledger_says_where_it_comes_from() -> None:
    last = entry("c", "settle", "0.25", day=9)
    late = replace(entry("b", "settle", "2"), created_at=datetime(2026, 6, 4, 1, tzinfo=timezone(timedelta(hours=2))))
    held = [live_wallet("team_b", entry("a", "settle", "1.5", day=5), last), live_wallet("team_a", late)]
    usage = ledger_usage(worlds.live(held), as_of=AS_OF)
    assert usage is not None
    assert [str(day) for day in usage.day] == ["2026-06-03", "2026-06-05", "2026-06-09"]
    assert usage.day.dtype == "datetime64[D]"
    assert usage.wallet.tolist() == ["team_a", "team_b", "team_b"]
    assert usage.cost.tolist() == [2_000_000_000, 1_500_000_000, 250_000_000]
    for name in ("workload", "provider", "model", "lane"):
        assert getattr(usage, name).tolist() == ["", "", ""]
    for name in ("credits", "avoided", "requests", "input_tokens", "output_tokens", "cache_hits", "fallbacks"):
        assert getattr(usage, name).tolist() == [0, 0, 0]
    assert usage.fallback_cost.tolist() == [0, 0, 0]
    source = usage.source
    assert (source.first_day, source.last_day, source.last_complete_day) == (
        date(2026, 6, 3),
        date(2026, 6, 9),
        date(2026, 6, 17),
    )
    assert (source.rows, source.duplicates, source.unpriced_rows, source.unpriced_share) == (3, 0, 0, 0.0)
    assert source.data_as_of is None
    assert source.digest == "sha256:ed89c75f92cdec112708c7af44938df75772b395675b0dadd79959de87b8116f"


def forecast(team: str, *, left: str, middle: str | None, spent: str = "0") -> WalletForecast:
    made = Wallet(team=team, funded="100", target="100", spent=spent).forecast()
    outlook = made.desired.model_copy(update={"money_left": D(left), "ceiling": D(left) + D(spent)})
    end = MonthEnd(quantiles={} if middle is None else {"0.5": D(middle)})
    return made.model_copy(update={"desired": outlook, "month_end": end})


def unused(after: str, **other: Any) -> LaterExpectation:
    facts: dict[str, Any] = {"team": "", "key": "unused", "kind": "setting", **other}
    return LaterExpectation(name="unused money", before="keep", after=after, period=JUNE, **facts)


IMPACT = (
    forecast("ads", left="60", middle="45", spent="40"),
    forecast("new", left="25", middle=None),
    forecast("gone", left="10", middle="500", spent="90"),
    forecast("late", left="60", middle="30", spent="40"),
    forecast("over", left="0.01", middle="1"),
    forecast("tiny", left="0.5", middle=None),
)


@pytest.mark.parametrize(
    ("after", "what"),
    [("reclaim", "goes back to the organization wallet"), ("keep", "stays in its wallets")],
)
def test_what_a_change_of_unused_takes_or_leaves_is_told_dearest_first(after: str, what: str) -> None:
    other = unused("keep", team="ads")
    later = with_rest(Later(since="c", until=JULY, expectations=(unused(after), other)), IMPACT, JUNE)
    assert later is not None
    item, same = later.expectations
    assert same == other
    assert item.meaning == (
        f"on 1 July about USD 140.50 {what}: late / prod USD 60.00, ads / prod USD 55.00, new / prod USD 25.00"
        " and 1 more,"
        " as far as today's money is expected to be left at the end of the month"
    )
    assert (item.amount, item.period) == (D("140.5"), JULY)
    assert item.wallets == {"team_ads": D(55), "team_new": D(25), "team_late": D(60), "team_tiny": D("0.5")}


def test_more_than_three_wallets_are_counted() -> None:
    more = (*IMPACT, forecast("zoo", left="5", middle=None), forecast("art", left="5", middle=None))
    asked = Later(since="c", until=JULY, expectations=(unused("reclaim"),))
    three = with_rest(asked, IMPACT[:4], JUNE)
    assert three is not None
    assert "new / prod USD 25.00, as far" in three.expectations[0].meaning
    one_more = with_rest(asked, IMPACT, JUNE)
    assert one_more is not None
    assert "new / prod USD 25.00 and 1 more, as far" in one_more.expectations[0].meaning
    four = with_rest(asked, more[:-1], JUNE)
    assert four is not None
    assert "new / prod USD 25.00 and 2 more, as far" in four.expectations[0].meaning
    later = with_rest(asked, more, JUNE)
    assert later is not None
    assert "new / prod USD 25.00 and 3 more, as far" in later.expectations[0].meaning


def test_where_no_wallet_has_a_rest_or_unused_stays_nothing_is_listed() -> None:
    asked = Later(since="c", until=JULY, expectations=(unused("reclaim"),))
    bare = with_rest(asked, (), JUNE)
    assert bare is not None
    assert bare.expectations[0].meaning == (
        "on 1 July about  0.00 goes back to the organization wallet, as far as today's money is expected to be left at"
        " the end of the month"
    )
    assert bare.expectations[0].wallets == {}
    assert with_rest(None, IMPACT, JUNE) is None
    for others in ((), (unused("keep", team="ads"),), (unused("keep", key="currency"),)):
        later = Later(since="c", until=JULY, expectations=others)
        assert with_rest(later, IMPACT, JUNE) is later


def test_before_any_yaml_there_were_owners_and_nothing_else() -> None:
    wanted = taking_back(desired([wallet("support", "prod", "5")]))
    owned = replace(
        wanted, organization=wanted.organization.model_copy(update={"owners": ("@a",), "annual_target": D(5)})
    )
    start = begun(owned)
    assert (start.organization.owners, start.organization.annual_target, start.organization.unused) == (
        ("@a",),
        None,
        "keep",
    )
    assert (start.organization.organization, start.organization.currency) == ("org_acme", "USD")
    assert (dict(start.teams), dict(start.wallets), dict(start.objects)) == ({}, {}, {})
    assert changed_teams(start, owned) is None
    least = {
        "version": 1,
        "organization": "org_acme",
        "currency": "USD",
        "owners": ["@a"],
        "environments": ["prod", "dev"],
    }
    fiscal = {"fiscal_year": {"name": "FY2027", "starts": "2026-06"}}
    assert start.organization == OrganizationBudget.model_validate({**least, **fiscal})


def test_later_targets_are_those_of_the_teams_alone() -> None:
    before = desired([wallet("support", "prod", "5"), wallet("ads", "prod", "5")])
    after = desired([wallet("support", "prod", "6"), wallet("ads", "prod", "6")])
    (item,) = later_targets(before, after, teams={"support"}, periods=[JULY])
    assert (item.team, item.environment, item.before, item.after) == ("support", "prod", D(5), D(6))


@pytest.mark.parametrize("key", ["currency", "fiscal_year", "annual_target", "unused", "forecast.resilience_margin"])
def test_what_money_is_and_is_to_be_is_of_money_where_it_is_the_organization_s(key: str) -> None:
    assert is_of_money(unused("keep", key=key))
    assert not is_of_money(unused("keep", key=key, team="ads"))
    assert not is_of_money(unused("keep", key="owners"))


@pytest.fixture
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine's own time zone be one in which a day begins nine hours before UTC's."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_in_tokyo")
def test_days_are_those_of_utc_wherever_the_machine_stands() -> None:
    evening = datetime(2026, 5, 24, 20, tzinfo=UTC)
    given = replace(entry("x", "allocate", "5"), created_at=evening, description="")
    assert not is_doubtful(given, JUNE)
    usage = ledger_usage(worlds.live([live_wallet("team_a", replace(given, kind="settle"))]), as_of=AS_OF)
    assert usage is not None
    assert [str(day) for day in usage.day] == ["2026-05-24"]


def test_what_git_has_no_say_in_are_the_objects_that_it_neither_declares_nor_deletes() -> None:
    state = worlds.live(budgets=[billing_budget(name, "5") for name in ("ours", "gone", "edited", "theirs")])
    wanted = desired(budgets=[("support", billing_budget(name, "6")) for name in ("ours", "edited")])
    gone, theirs = billing_budget("gone", "5"), billing_budget("theirs", "5")
    larger = billing_budget("theirs", "6")
    changes = [
        worlds.object_change("delete_billing_budget", text_of(gone.key), team="support", before=gone),
        worlds.object_change("update_billing_budget", text_of(theirs.key), team="support", before=theirs, after=larger),
    ]
    assert undeclared(BILLING_BUDGETS, wanted, state, changes) == {("team", "team_support", "theirs")}
    assert undeclared(BILLING_BUDGETS, wanted, state, ()) == {
        ("team", "team_support", "theirs"),
        ("team", "team_support", "gone"),
    }


class Quotas(BillingBudgets):
    """A second kind that belongs to teams."""

    name, section, noun = "quota", "quotas", "quota"


def test_every_kind_of_a_team_is_named_where_its_file_is_gone() -> None:
    with registered(Quotas()):
        (note,) = vanished_teams(desired(), LastApplied(), ("gone",))
    assert note.message.endswith("its wallets and billing budgets and quotas are left as they are")


@pytest.mark.parametrize(
    ("teams", "team", "is_meant"),
    [(None, "", True), (None, "a", True), (("a",), "a", True), (("a",), "b", False), (("a", ""), "", False)],
)
def test_what_belongs_to_no_team_is_about_all_of_them(teams: tuple[str, ...] | None, team: str, is_meant: bool) -> None:
    assert is_about(teams, team) == is_meant
