"""What the nouns accept, refuse and say, word for word: one golden file for all refusals, tables for the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from report.report_plans import sealed_plan
from worlds import JULY, JUNE, billing_budget, desired, entry, live_wallet, usd

from reconciler.findings import BudgetsError, ExitCode, RefusedError
from reconciler.model.applied import LastApplied, declared_facts, read_declared
from reconciler.model.approvals import Acknowledgement
from reconciler.model.json_text import canonical_json, digest_of, json_line, json_text
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES
from reconciler.model.kinds.registry import kinds
from reconciler.model.landing import Landing, is_done, moved_on
from reconciler.model.live import LedgerEntry, Unreadable, available_money
from reconciler.model.merges import most_serious
from reconciler.model.money import Money, cents, is_payable, payable, total, whole_cents_of
from reconciler.model.operation import carries, has_no_journal, is_cut_mark, mark, without_journal
from reconciler.model.outcome import Doubt, Outcome, Result, Run, Status, exit_code_of
from reconciler.model.paging import Paging, Said, plain, read_paging, whole_count
from reconciler.model.percent import (
    parse_interval,
    parse_percent,
    parse_rate,
    parse_share,
    percent_text,
)
from reconciler.model.period import Period
from reconciler.model.plan import read_plan
from reconciler.model.policy_input import exact
from reconciler.model.purse import Opening, Purse
from reconciler.model.team import TeamBudget
from reconciler.model.usage import fits, nanos
from reconciler.model.usage_summary import share_of_month
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.yaml_types import (
    YamlNumber,
    exact_version,
    parse_amount,
    parse_day,
    parse_ratio,
    shown,
)
from reconciler.model.year_targets import YearTargets

D = Decimal
WRITTEN: dict[Callable[[Any], Any], list[Any]] = {
    parse_amount: [
        *(12500, "12500", "12500.5", YamlNumber("0.10"), 0, "9999999999999.99", "0.00"),
        *("-5", "-5.00", "-5.5.5", "-", -7, "1.005", "1.000", "0.125", "1234.500", "12.500", "999.125", "100.1250"),
        *("10000000000000", "99999999999999", "99999999999999.5", "12,500", "12 500.00", "1'234'567", "12_500"),
        *("$12500", "12500 USD", "eur 12500", "£12,500.50", "007", "$007", "0", "1e5", "", "  5 ", "abc", "1.2.3"),
        *(True, False, None, {}, [], (), {"a": 1}, 1.5, date(2026, 7, 1), "1" * 80, "1,2345", "12,500,00"),
    ],
    parse_ratio: [
        1,
        "1.9",
        YamlNumber("0.000001"),
        100,
        "100.000001",
        "0",
        "0.0",
        0,
        101,
        "1.1234567",
        None,
        [],
        True,
        "x",
    ],
    parse_day: [
        *("2026-07-31", date(2026, 7, 31), "2026-02-30", "2026/7/1", "2026.07.31", "2026-7-5", "31.07.2026", ""),
        *("0000-01-01", "2026-13-01", "2026-1-32", None, 20260731, datetime(2026, 7, 31, tzinfo=UTC), "soon"),
    ],
    exact_version: [1, "1", 1.0, "1.0", 2, True, None, "2", [1]],
    parse_percent: [
        "18%",
        "-18%",
        "+18.5%",
        "0.0001%",
        "999999%",
        "1000000%",
        "18.12345%",
        "18",
        "0.18",
        18,
        D("0.18"),
    ],
    parse_rate: [
        "18%",
        "-100%",
        "-100.1%",
        "+5%",
        "18 %",
        "18 percent",
        "18pct",
        "0.5",
        "1",
        "1.0",
        "1.5",
        "-200",
        None,
        [],
    ],
    parse_share: ["0%", "100%", "130", "100.0001%", "-1%", "30", "0,3", "30,5%", "1.", "0.", "x%", "0.3%", "%"],
    parse_interval: ["1%", "99.9999%", "100%", "0.5%", "0%", "80", "0.8", True, {}],
    Period.parse: ["2026-06", "2026-6", "x"],
    TypeAdapter(Period).validate_python: [
        *(JUNE, "2026-06", "2026-6", "202606", "2026.06", "2026/6", "06/2026", "6-2026", "2026-06-01", "2026-06-02"),
        *("2026-13", "0000-06", "6/0000", "June", 202606, 2026.06, None, "20266", "13/2026"),
    ],
}


def told(read: Callable[[Any], Any], value: Any) -> str:
    try:
        return str(read(value))
    except PydanticCustomError as error:
        facts: dict[str, Any] = error.context or {}
        cure = f"; the fix is {facts['cure']!r}" if "cure" in facts else ""
        return f"{error.type}: {facts['sentence']}; {facts['hint']}{cure}"
    except ValidationError as error:
        (problem,) = error.errors()
        return f"{problem['type']}: {problem['msg']} {problem.get('ctx')}"
    except ValueError as error:
        return f"refused: {error}"


def test_what_values_of_the_yaml_stand_for_or_why_not(golden: Callable[[str, str], None]) -> None:
    names = ("amount", "ratio", "day", "version", "percent", "rate", "share", "interval", "month", "month of a file")
    lines = [
        f"{name} {value!r}: {told(read, value)}"
        for name, (read, values) in zip(names, WRITTEN.items(), strict=True)
        for value in values
    ]
    golden("model/values.txt", "\n".join([*lines, ""]))


def test_what_a_refusal_says_to_write_is_accepted() -> None:
    for read, values in WRITTEN.items():
        for value in values:
            proposed = re.findall(r"`([^`]+)`", told(read, value).partition("; ")[2])
            for text in proposed if read is not exact_version else ():
                assert not re.search("refused|invalid", told(read, text)), (value, text)


@pytest.mark.parametrize(("length", "is_whole"), [(60, True), (61, False)])
def test_a_long_value_is_quoted_to_its_sixtieth_character(length: int, is_whole: bool) -> None:
    assert shown("x" * length) == (f"`{'x' * 60}`" if is_whole else f"`{'x' * 59}…`")
    assert (shown(True), shown("True"), shown(None)) == ("`true`", "`True`", "`None`")


@pytest.mark.parametrize(
    ("fraction", "text"),
    [("0.18", "18%"), ("1", "100%"), ("0", "0%"), ("0.125", "12.5%"), ("10", "1000%"), ("-0.05", "-5%")],
)
def test_a_fraction_is_written_as_yaml_writes_it(fraction: str, text: str) -> None:
    assert percent_text(D(fraction)) == text


def test_cents_are_rounded_half_to_even_and_what_can_be_moved_is_cut() -> None:
    assert [cents(text) for text in ("0.005", "0.015", "0.025", "-0.005")] == [
        D("0.00"),
        D("0.02"),
        D("0.02"),
        D("0.00"),
    ]
    assert str(cents(D("-0.001"))) == "0.00"
    assert [whole_cents_of(D(text)) for text in ("1.009", "-1.009")] == [D("1.00"), D("-1.00")]
    assert payable(D("120.75"), "JPY") == 120
    assert payable(D("-120.75"), "JPY") == -120
    assert payable(D("120.75"), "USD") == D("120.75")
    assert [is_payable(D(text), code) for text, code in (("1.5", "JPY"), ("1", "JPY"), ("1.5", "EUR"))] == [
        False,
        True,
        True,
    ]
    assert available_money(D("10.009"), D("0.002"), "USD") == usd("10.00")
    assert available_money(D("3"), D("5"), "USD") == usd(0)


def test_money_is_compared_at_the_cent_and_added_in_its_currency() -> None:
    one, same, more = usd("1.00"), usd("1.00"), usd("1.01")
    assert (one < same, one <= same, one > same, one >= same) == (False, True, False, True)
    assert (one < more, one <= more, one > more, one >= more) == (True, True, False, False)
    assert (one + more, more - one, -one) == (usd("2.01"), usd("0.01"), usd("-1.00"))
    assert total([one, more], "USD") == usd("2.01")
    with pytest.raises(ValueError, match=r"^USD and EUR cannot be netted$"):
        total([Money(D(1), "EUR")], "USD")


def test_a_month_knows_its_edges() -> None:
    december = Period(2026, 12)
    assert (december.plus(1), december.plus(-12), Period(2027, 1).plus(-1)) == (
        Period(2027, 1),
        Period(2025, 12),
        december,
    )
    assert (december.first, december.last, december.end, december.days) == (
        date(2026, 12, 1),
        date(2026, 12, 31),
        date(2027, 1, 1),
        31,
    )
    assert december.start_instant == datetime(2026, 12, 1, tzinfo=UTC)
    assert december.end_instant == datetime(2027, 1, 1, tzinfo=UTC)
    assert december.start_instant.tzinfo is UTC
    assert Period(2027, 2).months_since(december) == 2
    assert [moment in december for moment in (date(2026, 12, 1), date(2026, 11, 30), date(2027, 1, 1))] == [
        True,
        False,
        False,
    ]
    assert (str(Period(33, 4)), december.name) == ("0033-04", "December 2026")
    assert Period.of(date(2026, 6, 18)) == JUNE


OPERATION = f"2026-06-{'0123456789abcdef0123'}"


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        (mark(OPERATION), True),
        (f"before {mark(OPERATION)} after", True),
        (mark(OPERATION)[:-1], True),
        (f"[kt-budgets op={OPERATION[:16]}", True),
        (f"[kt-budgets op={OPERATION[:16]}…", True),
        (f"[kt-budgets op={OPERATION[:16]} ...", True),
        (f"[kt-budgets op={OPERATION[:15]}", False),
        (f"[kt-budgets op={OPERATION[:15]}x", False),
        (f"[kt-budgets op={OPERATION[:15]}9", False),
        (f"[kt-budgets op=2026-07{OPERATION[7:18]}", False),
        (f"[kt-budgets op={OPERATION[:16]} and more", False),
        ("[kt-budgets op=", False),
        (OPERATION, False),
        ("", False),
        (None, False),
    ],
)
def test_a_mark_that_was_cut_names_its_operation_from_eight_digits_on(text: str | None, is_named: bool) -> None:
    assert carries(text, OPERATION) == is_named


def test_a_mark_is_cut_where_its_end_is_missing() -> None:
    assert is_cut_mark(mark(OPERATION)[:-1])
    assert is_cut_mark(f"{mark(OPERATION)} {mark(OPERATION)[:20]}")
    assert not is_cut_mark(mark(OPERATION))
    assert not is_cut_mark(f"{mark(OPERATION)[:20]} {mark(OPERATION)}")
    assert not is_cut_mark("by hand")
    assert not is_cut_mark(None)


def test_an_operation_of_a_made_up_past_has_no_journal() -> None:
    made_up = without_journal(OPERATION)
    assert made_up == f"2026-06-{'0' * 12}cdef0123"
    assert len(made_up) == len(OPERATION)
    assert has_no_journal(made_up)
    assert not has_no_journal(OPERATION)
    assert not has_no_journal(f"{made_up[:19]}1{made_up[20:]}")


def test_an_entry_of_a_ledger_funds_the_month_of_its_mark_else_of_its_date() -> None:
    july = entry("x", "allocate", "5", operation=f"2026-07-{'1' * 20}")
    assert (july.funds(JULY), july.funds(JUNE)) == (True, False)
    hand = entry("x", "reclaim", "5")
    assert (hand.funds(JUNE), hand.funds(JULY), hand.operation) == (True, False, None)
    assert replace(hand, known_as=OPERATION).operation == OPERATION
    assert replace(july, known_as=OPERATION).operation == f"2026-07-{'1' * 20}"
    for kind, signed, settled in (("allocate", 5, 0), ("reclaim", -5, 0), ("settle", 5, 5), ("refund", 5, -5)):
        found = entry("x", kind, "5")
        assert (found.signed, found.settled) == (D(signed), D(settled))
        assert found.funds(JUNE) == (kind in ("allocate", "reclaim"))


def test_a_wallet_says_what_was_funded_settled_and_spent() -> None:
    east = timezone(timedelta(hours=2))
    late = LedgerEntry("z", "settle", D("1.005"), "USD", "", datetime(2026, 7, 1, 1, tzinfo=east))
    held = replace(
        live_wallet(
            "team_a", entry("a", "allocate", "10"), entry("b", "reclaim", "3"), entry("c", "refund", "2"), late
        ),
        beyond_cents=D("0.004"),
    )
    assert (held.funded(JUNE), held.funded(JULY)) == (usd(7), usd(0))
    assert [one.id for one in held.funding(JUNE)] == ["a", "b"]
    assert (held.settled(JUNE), held.spent(JUNE), held.spent(JULY)) == (D("-0.995"), usd("-1.00"), usd(0))
    assert (held.spent_on(date(2026, 6, 30)), held.spent_on(date(2026, 7, 1))) == (D("1.005"), D(0))
    assert held.spendable == D("0.004")
    assert replace(held, available=None).money_left == usd(0)
    assert held.shows_after(late.created_at - timedelta(seconds=1))
    assert not held.shows_after(late.created_at)


def test_what_cannot_be_understood_is_called_by_what_could_be_read() -> None:
    found = Unreadable("billing_budget", "bud_1", ("team", "", "x"), "why")
    assert (found.key, found.name) == ("team/x", "x")
    assert [found.may_be(key) for key in (("team", "a", "x"), ("team", "a", "y"), ("user", "a", "x"))] == [
        True,
        False,
        False,
    ]
    assert replace(found, parts=("", "", "")).key == "bud_1"
    assert replace(found, parts=("",), id="").key == "without a name"


def test_a_purse_is_empty_when_nothing_is_there_and_nothing_comes() -> None:
    def opens(added: str) -> tuple[Opening, ...]:
        return (Opening(JULY, D(0)), Opening(JULY.plus(1), D(added)))

    assert [Purse(D(left), D(0), opens(added)).is_empty for left, added in (("0", "0"), ("0", "1"), ("1", "0"))] == [
        True,
        False,
        False,
    ]
    assert Purse(D(-1), D(0), opens("-1")).is_empty
    assert (Purse(D(-1)).held, Purse(D(2)).held) == (D("0.00"), D(2))
    assert Purse(D(2), D(3)).plus(D(5)) == Purse(D(7), D(3))
    assert Purse(D(2), D(3), opens("1")).plus(D(5)) == Purse(D(2), D(3), opens("6"))


def run(*statuses: Status, converged: bool = True, doubts: tuple[Doubt, ...] = ()) -> Run:
    done = tuple(Outcome(op=str(n), kind="allocate", team="a", status=one) for n, one in enumerate(statuses))
    return Run(run="r", outcomes=done, converged=converged, doubts=doubts)


def doubt(kind: Any) -> Doubt:
    return Doubt(wallet=WalletRef.team("t"), kind=kind, operations=(), reason="r", hint="h")


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Result(run(Status.APPLIED, Status.ALREADY_APPLIED)), ExitCode.DONE),
        (Result(run()), ExitCode.DONE),
        (Result(run(Status.APPLIED, converged=False)), ExitCode.PARTIAL),
        (Result(run(Status.APPLIED, Status.SKIPPED)), ExitCode.PARTIAL),
        (Result(run(Status.UNKNOWN), interrupted=True), ExitCode.INTERRUPTED),
        (Result(run(Status.UNKNOWN), stopped=RefusedError("no")), ExitCode.UNKNOWN),
        (Result(run(Status.APPLIED), stopped=RefusedError("no")), ExitCode.REFUSED),
        (Result(run(Status.REFUSED), denied="no"), ExitCode.REMOTE),
        (Result(run(Status.REFUSED, Status.APPLIED), denied="no"), ExitCode.PARTIAL),
        (Result(run(Status.APPLIED), stale={"a": "moved"}), ExitCode.STALE),
        (Result(run(doubts=(doubt("foreign"),))), ExitCode.STALE),
        (Result(run(doubts=(doubt("stale"),))), ExitCode.UNKNOWN),
        (Result(run(doubts=(doubt("unknown"),)), stale={"a": "moved"}), ExitCode.UNKNOWN),
    ],
)
def test_a_run_ends_with_the_most_serious_of_what_happened(result: Result, code: ExitCode) -> None:
    assert result.exit_code is code
    assert result.document() is result.run


def test_wallets_in_doubt_stand_for_an_exit_code() -> None:
    assert [exit_code_of([doubt(kind)]) for kind in ("stale", "unknown", "foreign", "unreadable")] == [
        ExitCode.UNKNOWN,
        ExitCode.UNKNOWN,
        ExitCode.STALE,
        ExitCode.STALE,
    ]
    assert exit_code_of([]) is None
    assert ("doubts" in run().fields(), "left_out" in run().fields()) == (False, False)
    assert run(doubts=(doubt("stale"),)).fields()["doubts"][0]["kind"] == "stale"
    assert run().fields()["outcomes"] == []


def test_of_several_exit_codes_the_most_serious_counts_and_one_that_is_not_known_more_than_any() -> None:
    assert most_serious([]) is ExitCode.DONE
    assert most_serious([0, 7, 5]) is ExitCode.STALE
    assert most_serious([8, 9, 130]) is ExitCode.INTERRUPTED
    assert most_serious([1, 130]) is ExitCode.BUG


def test_landings_are_done_part_by_part() -> None:
    a, b = Landing("a", frozenset({"x", "y"})), Landing("b", frozenset({"x"}))
    assert moved_on(None, {"x": "b"}, [a, b]) == (None, {"x": "b"})
    assert moved_on(None, {"x": "b", "y": "a"}, [a, b]) == ("b", {})
    assert moved_on("a", {"x": "b", "z": "?"}, [a, b]) == ("b", {"z": "?"})
    assert moved_on("b", {}, [a, b]) == ("b", {})
    assert is_done((), 0, {}, {})
    assert not is_done(("x",), 1, {"x": "a"}, {"a": 0, "b": 1})
    assert is_done(("x",), 1, {"x": "b"}, {"a": 0, "b": 1})
    assert Landing("0123456789abcdef").name == "the direct push 0123456789ab"
    assert Landing("0123", pull_request=6).name == "#6"


def test_an_acknowledgement_covers_its_key_to_its_last_day() -> None:
    facts = {"key": "k", "until": "2026-06-18", "reason": "r", "approved_by": "a"}
    accepted = Acknowledgement.model_validate(facts)
    assert accepted.covers("k", date(2026, 6, 18))
    assert not accepted.covers("k", date(2026, 6, 19))
    assert not accepted.covers("other", date(2026, 6, 18))


def test_json_has_one_form_for_each_purpose() -> None:
    document = {"b": "é", "a": [1, 2]}
    assert json_text(document) == '{\n  "a": [\n    1,\n    2\n  ],\n  "b": "é"\n}\n'
    assert json_line(document) == '{"a": [1, 2], "b": "é"}'
    assert json_line(document, sort_keys=False, ensure_ascii=True) == '{"b": "\\u00e9", "a": [1, 2]}'
    assert json_text(document, sort_keys=False, ensure_ascii=True).startswith('{\n  "b": "\\u00e9"')
    assert canonical_json(document) == '{"a":[1,2],"b":"é"}'
    assert digest_of({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    for write in (json_text, json_line, canonical_json):
        with pytest.raises(ValueError, match="JSON compliant"):
            write(float("nan"))


def test_what_was_declared_is_kept_by_section_with_teams_where_there_are_some() -> None:
    objects = {"billing_budget": {"b": "x", "a": "y"}, "export_schedule": {"s": "", "r": ""}}
    facts = declared_facts(objects)
    assert json.dumps(facts) == '{"billing_budgets": {"a": "y", "b": "x"}, "export_schedules": ["r", "s"]}'
    assert read_declared(facts) == objects
    assert read_declared({}) == {"billing_budget": {}, "export_schedule": {}}
    assert json.dumps(declared_facts({})) == '{"billing_budgets": {}, "export_schedules": []}'
    assert [LastApplied(objects=objects).of(kind) for kind in kinds()] == list(objects.values())


@pytest.mark.parametrize(
    ("month_cost", "counted", "left_out", "share"),
    [
        ("1", "2", "1", 0.333333),
        ("1", "0", "0", None),
        ("0", "5", "0", 0.0),
        ("1", "-2", "1", None),
        ("2", "0", "3", 0.666667),
    ],
)
def test_how_much_of_a_month_something_is(month_cost: str, counted: str, left_out: str, share: float | None) -> None:
    assert share_of_month(D(month_cost), D(counted), D(left_out)) == share


def test_billionths_are_machine_numbers_as_long_as_every_sum_fits() -> None:
    assert (fits(2**61 - 1), fits(2**61)) == (True, False)
    assert nanos([2**60, -(2**60) + 1]).dtype == "int64"
    assert nanos([2**60, -(2**60)]).dtype == object


def test_a_probability_keeps_its_decimals() -> None:
    assert (exact(0.1), exact(1e-05)) == (D("0.1"), D("0.00001"))


def years() -> Iterator[str]:
    year = desired().organization.fiscal_year.value
    known = YearTargets(year, "USD", D("1200"), 1)
    for one in (
        known,
        replace(known, teams=2, over=(), whole=False),
        replace(known, over=(JUNE,), spent=D("7.5")),
        replace(known, over=(JUNE, JULY), spent=D("7.5"), by_target=(JULY.plus(1),)),
        replace(known, over=(), by_target=(JUNE, JULY)),
        replace(known, currency="", total=D(10) ** 16),
        replace(known, total=D("9999999999999990.00")),
        replace(known, total=D("9999999999999990.01")),
    ):
        yield from (one.sentence(D("1000")), one.cure(D("1000")))


def test_what_is_said_of_a_year_that_costs_more_than_its_target(golden: Callable[[str, str], None]) -> None:
    golden("model/years.txt", "\n".join([*years(), ""]))


PAGINGS: list[dict[str, Any]] = [
    {"data": []},
    {"nextCursor": "c"},
    {"next_cursor": None},
    {"next": ""},
    {"next": False, "has_more": False},
    {"next": "c", "has_more": False},
    {"next": "c", "hasMore": True},
    {"has_more": 1},
    {"has_more": 0},
    {"has_more": "true"},
    {"has_more": None},
    {"more": "yes"},
    {"more": "No"},
    {"more": "maybe"},
    {"more": {"href": "/x"}},
    {"truncated": True},
    {"truncated": 1},
    {"is_last": True},
    {"is_last": False},
    {"last": "/page/7"},
    {"complete": True},
    {"cursor": "asked"},
    {"cursor": "other"},
    {"cursor": "asked", "next": "n"},
    {"nextPage": 3},
    {"nextPage": "3", "hasMore": False},
    {"nextOffset": 20},
    {"next_page": None},
    {"total": 5, "total_count": 5},
    {"total": 5, "total_count": "6"},
    {"total": 5.5, "totalItems": 4},
    {"count": 2, "pages": 3, "page": 1, "offset": 0, "limit": 50},
    {"page": {"number": 2, "size": 10, "total": 7, "next": "n"}},
    {"number": 2, "size": 10},
    {"links": {"next": {"href": "/next"}}},
    {"links": [{"rel": "next", "href": "/n"}, {"rel": "prev", "href": "/p"}, "odd", {"href": "/x"}]},
    {"links": {"next": {}}},
    {"links": {"next": {"title": "t"}}},
    {"meta": {"pagination": {"page": {"next": "deep"}}}},
    {"meta": {"pagination": {"page": {"meta": {"next": "too deep"}}}}},
    {"other": {"next": "elsewhere"}},
]


def test_what_lists_say_of_further_pages(golden: Callable[[str, str], None]) -> None:
    def read(document: dict[str, Any]) -> str:
        try:
            found = read_paging(document, asked={"asked"})
        except ValueError as error:
            return f"refused: {error}"
        usual = Paging()
        slots = Paging.__dataclass_fields__
        return ", ".join(
            f"{name}={getattr(found, name)!r}" for name in slots if getattr(found, name) != getattr(usual, name)
        )

    golden("model/pages.txt", "\n".join([*(f"{json.dumps(one)}: {read(one)}" for one in PAGINGS), ""]))


def test_what_is_said_beside_a_list_counts_first() -> None:
    found = read_paging({"next": "below", "total": 5}, beside=[("next", "Link", "above"), ("total", "X-Total", 5)])
    assert (found.next, found.total) == ("above", Said("X-Total", 5))


def test_a_count_is_digits_or_a_whole_number() -> None:
    values = [5, 0, "5", "12" * 9, "1" * 19, "1" * 18, -1, True, 5.0, "5.0", "", "٣", None]
    assert [whole_count(value) for value in values] == [
        *(5, 0, 5, int("12" * 9), None, int("1" * 18)),
        *(None, None, None, None, None, None, None),
    ]
    assert plain("Next_Page-Token 2") == "nextpagetoken2"


def broken(**changes: Any) -> str:
    return json.dumps({**json.loads(sealed_plan().text()), **changes})


def files() -> Iterator[tuple[str, str]]:
    text = sealed_plan().text()
    yield "no JSON", '{"a": \n  tru}'
    yield "not a number", '{"format": NaN}'
    yield "too deep", "[" * 100_000
    yield "a list", "[]"
    yield "nothing", "{}"
    yield "another document", json.dumps({"format": "kt-budgets.run/1" + "x" * 100})
    yield "edited", text.replace("org_acme", "org_evil")
    yield "wrong places", broken(currency=5, changes=[{"kind": "allocate"}], **{"a-b": 1, "ä": 2, "ok": 3})
    yield "many wrong places", broken(**{f"x{number}": 1 for number in range(51)})
    yield "no number", broken(funds={"available": "1e999999", "after": None, "allocated": "0", "reclaimed": "0"})
    yield "a kind that there is not", broken(unmanaged=[{"kind": "thing", "key": "k", "name": "n"}])


def test_what_is_said_of_a_file_that_is_no_plan(golden: Callable[[str, str], None]) -> None:
    lines = []
    for name, text in files():
        with pytest.raises(BudgetsError) as refused:
            read_plan(text, name="my.json")
        lines.append(f"{name}: {type(refused.value).__name__} {refused.value.message}; {refused.value.hint}")
    golden("model/plans.txt", "\n".join([*lines, ""]))


TEAM = TeamBudget.model_validate(
    {
        "version": 1,
        "team": "support",
        "wallets": {"prod": {"team_id": "team_p", "monthly": 5}, "dev": {"team_id": "team_d", "monthly": 5}},
        "billing_budgets": [
            {"name": "first", "amount": 5, "alert_percentages": [100, 80]},
            {"name": "dev", "amount": 5, "environment": "dev", "hard_limit": True, "period": "weekly"},
            {"name": "by-id", "amount": 5, "scope": {"type": "team", "id": "team_d"}},
            {"name": "theirs", "amount": 5, "scope": {"type": "team", "id": "team_x"}},
            {"name": "agents", "amount": 5, "scope": {"type": "agent", "id": "team_d"}},
            {"name": "none", "amount": 5, "environment": "stage"},
        ],
    }
)


def test_an_alert_of_the_yaml_watches_what_it_says_else_the_first_wallet() -> None:
    found = [BILLING_BUDGETS.declared(one, TEAM, currency="USD") for one in TEAM.billing_budgets]
    assert [one and (one.environment, one.value.scope_type, one.value.scope_id) for one in found] == [
        ("prod", "team", "team_p"),
        ("dev", "team", "team_d"),
        ("dev", "team", "team_d"),
        (None, "team", "team_x"),
        (None, "agent", "team_d"),
        None,
    ]
    first, dev = (one.value for one in found[:2] if one)
    assert first == billing_budget("first", "5", scope_id="team_p", alert_percentages=(80, 100))
    assert dev == billing_budget("dev", "5", scope_id="team_d", hard_limit=True, period="weekly")
    bare = TEAM.model_copy(update={"wallets": {}})
    assert BILLING_BUDGETS.declared(TEAM.billing_budgets[0], bare, currency="USD") is None
    assert BILLING_BUDGETS.declared(TEAM.billing_budgets[0], None, currency="USD") is None
    assert BILLING_BUDGETS.declared("x", TEAM, currency="USD") is None


def stray(**fields: Any) -> str:
    return BILLING_BUDGETS.stray(billing_budget("x", "5", **fields), currency="USD").reason


def test_why_an_alert_cannot_be_declared_is_said_in_full() -> None:
    assert stray() == ""
    assert stray(currency="EUR", scope_type="planet", period="hourly", alert_percentages=(D("0.5"), 300)) == (
        "YAML cannot declare it is in EUR and its alert percentages 0.5%, 300% and its scope planet team_support"
        " and its period hourly"
    )
    found = BILLING_BUDGETS.stray(billing_budget("x", "5", currency="EUR"), currency="USD")
    assert (found.amount, found.currency) == (D(5), "EUR")


def test_an_alert_is_sent_as_it_was_read_with_what_git_wants_on_top() -> None:
    body = BILLING_BUDGETS.body(
        {"name": "x", "amount": "5.00", "scope_type": "team", "scope_id": "t", "scope": {"id": "old", "more": 1}}
    )
    assert body == {"name": "x", "amount": D(5), "scope": {"id": "t", "type": "team", "more": 1}}
    assert BILLING_BUDGETS.body({"amount": "5", "scope": {"id": "old"}}) == {"amount": D(5), "scope": {"id": "old"}}
    assert BILLING_BUDGETS.body({"amount": "5", "scope": "odd"}) == {"amount": D(5), "scope": {}}
    assert EXPORT_SCHEDULES.body({"name": "w", "s3": {"bucket": "b"}}) == {
        "name": "w",
        "s3_bucket": "b",
        "s3_prefix": "",
    }
    assert EXPORT_SCHEDULES.body({"name": "w", "s3": {"bucket": "b", "prefix": "p"}})["s3_prefix"] == "p"
    assert EXPORT_SCHEDULES.body({"name": "w"}) == {"name": "w"}
    assert BILLING_BUDGETS.unclear(("team", "t", "x"), "") == "team/t/x (without an id)"
    assert BILLING_BUDGETS.unclear(("team", "t", "x"), "bud_1") == "team/t/x (bud_1)"
    assert EXPORT_SCHEDULES.unclear(("weekly",), "s") == "the export schedule weekly"
    literals = BILLING_BUDGETS.literals(billing_budget("x", "5", hard_limit=True))
    assert literals == {"amount": "5.00", "alert_percentages": "[80, 100]", "hard_limit": "true", "period": "monthly"}
    assert EXPORT_SCHEDULES.literals(EXPORT_SCHEDULES.stored({"name": "w", "s3": {"bucket": "b"}})) == {}
