"""What a run comes to, how landings are done, and the one form that JSON has for each purpose."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from reconciler.findings import ExitCode, RefusedError
from reconciler.model.applied import LastApplied, declared_facts, read_declared
from reconciler.model.approvals import Acknowledgement
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.json_text import canonical_json, digest_of, json_line, json_text
from reconciler.model.kinds.registry import kinds
from reconciler.model.landing import Landing, is_done, moved_on
from reconciler.model.merges import most_serious
from reconciler.model.outcome import Doubt, Outcome, Result, Run, Status, exit_code_of
from reconciler.model.outlook import Score
from reconciler.model.policy_input import exact
from reconciler.model.usage import fits, nanos
from reconciler.model.usage_summary import share_of_month
from reconciler.model.wallet_ref import WalletRef

D = Decimal


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


def test_people_call_a_landing_by_its_request_or_its_commit() -> None:
    assert USUAL.landed(None, "0123456789abcdef") == "the direct push 0123456789ab"
    assert USUAL.landed(6, "0123") == "#6"
    assert USUAL.task("apply.yml") == "apply.yml"
    assert USUAL.given("put-back") == "put-back"
    other = ForgeWords(sign="!", variables="OF_")
    assert other.landed(6, "0123") == "!6"
    assert other.task("apply.yml") == "OF_TASK=apply"
    assert other.given("put-back") == "OF_PUT_BACK"


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


def test_a_score_is_written_to_six_digits_and_one_that_is_not_known_as_null() -> None:
    written = TypeAdapter(list[Score]).dump_json([0.12345678, 0.5, 0.0, None])
    assert json.loads(written) == [0.123457, 0.5, 0.0, None]
