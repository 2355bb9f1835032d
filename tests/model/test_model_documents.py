"""What documents leave out, put first and say in which order; what is kept in manifests and logs."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import desired, live, wallet

from reconciler.findings import ExitCode, Finding, Position, Severity, UsageError
from reconciler.model.change_request import CommentDocument
from reconciler.model.document import ErrorDocument
from reconciler.model.exports import ExportsManifest, KeptExport
from reconciler.model.forecast import ForecastNotice, MonthEnd, WalletForecast, WalletNotice
from reconciler.model.forecast_log import LoggedForecast, logged_forecasts
from reconciler.model.forge_words import ForgeWords
from reconciler.model.frozen import document
from reconciler.model.json_text import PART, digest_of, digest_of_fields
from reconciler.model.merges import LandingOutcome, Merges, most_serious
from reconciler.model.money import Funds
from reconciler.model.outcome import Run
from reconciler.model.percent import Interval, Rate, Share
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, Tool, Unmanaged, read_plan, sealed, sealed_bytes
from reconciler.model.plan_finding import FindingsDocument
from reconciler.model.policy_input import PolicyInput, WalletFacts
from reconciler.model.sealing import sealed_text
from reconciler.model.suggestion import SuggestedChange, SuggestionsDocument
from reconciler.model.team import GrowthStep, TeamBudget
from reconciler.model.usage_summary import UsageSummary, share_of_month
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import make_plan

JUNE = Period(2026, 6)


def plan(**more: Any) -> Plan:
    wanted = desired([wallet("support", "prod", "100")])
    diff = make_plan(wanted, live(), JUNE)
    return Plan(
        tool=Tool(version="1.2"),
        organization="org_acme",
        currency="USD",
        period=JUNE,
        as_of=date(2026, 6, 18),
        source=Source(commit="c0ffee", dirty=False, tree_digest="sha256:é"),
        changes=diff.changes,
        fingerprints=dict(diff.fingerprints),
        funds=diff.funds,
        **more,
    )


def test_a_sealed_plan_and_its_bytes_are_what_the_plan_says_itself() -> None:
    made, saved = sealed_bytes(plan())
    assert made == sealed(plan())
    assert saved.decode() == made.text()
    assert made.text() == json.dumps(made.fields(), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert sealed_bytes(made) == (made, saved)
    assert read_plan(made.text()) == made


def test_a_document_whose_seal_comes_first_is_sealed_by_all_that_follows() -> None:
    first = min(Plan.model_fields)
    digest, saved = sealed_text(plan(), seal=first)
    assert digest == digest_of(plan().model_dump(mode="json", exclude={first}))
    assert json.loads(saved)[first] == digest


@pytest.mark.parametrize("count", [PART, PART + 1, 2 * PART])
def test_a_plan_of_many_parts_is_written_as_one_of_few(count: int) -> None:
    items = tuple(Unmanaged(kind="wallet", key=f"é\n{number}", name="]") for number in range(count))
    made, saved = sealed_bytes(plan(unmanaged=items))
    assert made == sealed(plan(unmanaged=items))
    assert saved.decode() == made.text()


@pytest.mark.parametrize("count", [PART, PART + 1])
def test_what_a_plan_was_judged_by_is_written_in_parts_as_well(count: int) -> None:
    facts = {WalletRef.team(f"é {number}"): WalletFacts(team="]", environment="}") for number in range(count)}
    about: dict[str, Any] = {"organization": "org_acme", "currency": "USD", "period": JUNE, "as_of": date(2026, 6, 18)}
    judged = plan(policy_input=PolicyInput(**about, funds=plan().funds, changes=plan().changes, wallets=facts))
    made, saved = sealed_bytes(judged)
    assert made == sealed(judged)
    assert saved.decode() == made.text()


@pytest.mark.parametrize("count", [0, 1, PART, PART + 1, 2 * PART, 2 * PART + 1])
def test_a_digest_that_is_made_in_parts_is_that_of_the_whole(count: int) -> None:
    listed = [{"é": [number], '"': {"b": None, "a": "]"}} for number in range(count)]
    document = {"b": listed, "digest": "x", 'a"': {f"ü{number}": number for number in range(count)}, "c": 1}
    for without in (*document, "nothing"):
        rest = {name: value for name, value in document.items() if name != without}
        assert digest_of_fields(document, without=without) == digest_of(rest)


def test_a_plan_that_is_none_says_which_file_and_where_up_to_fifty_places() -> None:
    with pytest.raises(UsageError, match=r"^plan\.json does not say what it is"):
        read_plan("{}")
    for count, more in ((50, ""), (51, "; and 1 more")):
        names = {f"{number:02d}{'x' * 90}": 1 for number in range(count)}
        with pytest.raises(UsageError) as refused:
            read_plan(json.dumps({**plan().fields(), **names}), name="it.json")
        told = str(refused.value)
        assert told.startswith("it.json is no valid plan: ")
        assert told.endswith(f"Extra inputs are not permitted{more}")
        assert f'$["00{"x" * 78}"]: Extra' in told
        assert told.count("Extra inputs") == 50


def test_a_document_that_is_made_fast_is_what_validation_would_make() -> None:
    amounts = {name: Decimal("1.00") for name in ("available", "after", "allocated", "reclaimed")}
    made, checked = document(Funds, dict(amounts)), Funds(**amounts)
    assert made == checked
    assert made.model_fields_set == checked.model_fields_set == set(amounts)
    assert made.model_extra is checked.model_extra is None
    assert made.__pydantic_private__ is checked.__pydantic_private__ is None
    assert (
        made.model_copy(update={"after": None}).model_dump_json()
        == Funds(**{**amounts, "after": None}).model_dump_json()
    )


@given(st.lists(st.sampled_from(("available", "after", "allocated", "reclaimed")), min_size=2, unique=True))
def test_a_document_that_another_process_sent_is_what_it_was_there(updated: list[str]) -> None:
    whole = Funds(**dict.fromkeys(("available", "after", "allocated", "reclaimed"), Decimal("1.00")))
    partly = TeamBudget.model_validate(
        {"version": 1, "team": "support", "wallets": {"prod": {"team_id": "t", "monthly": 1}}}
    )
    changed = whole.model_copy(update=dict.fromkeys(updated, Decimal("2.00")))
    for sent in ((whole, changed, whole), (partly, partly.wallets["prod"])):
        back = pickle.loads(pickle.dumps(sent))  # noqa: S301
        assert back == sent
        assert [one.model_fields_set for one in back] == [one.model_fields_set for one in sent]
        assert [one.model_dump_json() for one in back] == [one.model_dump_json() for one in sent]


def test_what_fields_one_document_was_given_is_not_told_of_another() -> None:
    named = GrowthStep.model_validate({"reason": "new", "rate": "1%", "from": "2026-06"})
    first, second = pickle.loads(pickle.dumps((TeamBudget(version=1, team="a"), TeamBudget(version=1, team="b"))))  # noqa: S301
    later = first.model_copy(update={"owners": ("@acme/a",)})
    assert later.model_fields_set == {"version", "team", "owners"}
    assert first.model_fields_set == second.model_fields_set == {"version", "team"}
    assert pickle.loads(pickle.dumps(named)) == named  # noqa: S301


def test_a_comment_says_only_what_was_asked_for_and_always_the_number() -> None:
    found = CommentDocument(pull_request=None, comment="left", url="", check="none", suggestions=0).fields()
    assert found == {
        "format": "kt-budgets.comment/1",
        "pull_request": None,
        "comment": "left",
        "url": "",
        "check": "none",
        "suggestions": 0,
    }


def test_an_error_is_one_line_in_the_order_of_its_fields_with_what_waits_first() -> None:
    error = ErrorDocument(exit_code=3, error="no \udc80 file", hint="")
    assert error.text() == '{"format": "kt-budgets.error/1", "exit_code": 3, "error": "no ? file", "hint": ""}\n'
    assert list(error.model_copy(update={"waiting": ()}).fields()) == [
        "waiting",
        "format",
        "exit_code",
        "error",
        "hint",
    ]


def test_findings_are_ascii_and_suggestions_are_not_each_in_the_order_of_their_fields() -> None:
    finding = Finding(Position("a.yaml", 3, 5), "code", Severity.ERROR, "é", "ü")
    text = FindingsDocument.of([finding]).text()
    assert "\\u00e9" in text
    assert list(json.loads(text)["findings"][0]) == list(FindingsDocument.of([finding]).fields()["findings"][0])
    assert list(json.loads(text)) == ["format", "findings"]
    (found,) = FindingsDocument.of([finding]).findings
    assert (found.code, found.severity, found.message, found.hint) == ("code", "error", "é", "ü")
    assert (found.path, found.line, found.column) == ("a.yaml", 3, 5)
    change = SuggestedChange(path="a", start_line=1, line=2, original="é", replacement="z", key="k")
    suggested = SuggestionsDocument(command="x", suggestions=(change,)).text()
    assert "é" in suggested
    assert list(json.loads(suggested)) == ["format", "command", "suggestions"]
    assert list(json.loads(suggested)["suggestions"][0])[:3] == ["path", "start_line", "line"]


def test_a_run_stands_in_a_landing_as_it_is_printed_alone() -> None:
    run = Run(run="r", outcomes=(), converged=True)
    landings = [
        LandingOutcome(pull_request=None, commit=f"{number}", base=None, teams=(), status="nothing", run=found)
        for number, found in enumerate((run, None))
    ]
    merges = Merges(head="h", applied_commit=None, landings=tuple(landings))
    assert [landing["run"] for landing in merges.fields()["landings"]] == [run.fields(), None]


def test_a_code_that_is_not_known_here_is_the_most_serious() -> None:
    assert most_serious([]) is ExitCode.DONE
    assert most_serious([0, 5]) is ExitCode.STALE


def kept(first: int, last: int, job: str = "job") -> KeptExport:
    days = {"first_day": date(2026, 6, first), "last_day": date(2026, 6, last)}
    return KeptExport(file="f", digest="sha256:0", size=1, job=job, rows=1, cost=Decimal(1), **days)


def test_a_manifest_keeps_a_file_for_each_first_day_and_forgets_what_was_asked_for_it() -> None:
    june = [date(2026, 6, day) for day in range(1, 31)]
    empty = ExportsManifest(organization="org", currency="USD")
    asked = (
        empty.asking(june[9], june[18], "later").asking(june[0], june[8], "early").asking(june[9], june[19], "again")
    )
    assert [(one.first_day.day, one.last_day.day, one.job) for one in asked.asked] == [
        (1, 9, "early"),
        (10, 20, "again"),
    ]
    assert (asked.job_of(june[9], june[19]), asked.job_of(june[9], june[18])) == ("again", None)
    held = asked.keeping(kept(10, 20)).keeping(kept(1, 9, "first")).keeping(kept(1, 9, "second"))
    assert [(one.first_day.day, one.job) for one in held.exports] == [(1, "second"), (10, "job")]
    assert held.asked == ()
    assert asked.keeping(kept(10, 20)).asked == asked.asked[:1]
    assert (held.of(june[0], june[8]), held.of(june[0], june[9])) == (kept(1, 9, "second"), None)


def test_what_starts_a_workflow_is_filled_in_by_names_or_as_one_text() -> None:
    inputs = {"pull-request": "7", "teams": "a;b"}
    assert ForgeWords().filled("plan.yml", inputs) == inputs
    assert ForgeWords(variables="KT_").filled("plan.yml", inputs) == {"KT_PULL_REQUEST": "7", "KT_TEAMS": "a;b"}
    whole = ForgeWords(whole="budgets.yml")
    assert whole.filled("plan.yml", inputs) == {"do": "plan", "options": "pull-request=7; teams=a,b"}
    assert whole.filled("drift.yml", {}) == {"do": "drift"}
    assert whole.planned_by(7) == "`gh workflow run budgets.yml -f do=plan -f options=pull_request=7`"
    assert ForgeWords().planned_by(7) == "`gh workflow run plan.yml -f pull_request=7`"


def forecast(**more: Any) -> WalletForecast:
    values: dict[str, Any] = {
        "team": "support",
        "environment": "prod",
        "wallet": WalletRef.team("team_support"),
        "currency": "EUR",
        "period": JUNE,
        "as_of": date(2026, 6, 18),
        "data_as_of": None,
        "history_days": 40,
        "confidence": "low",
        "spend_to_date": Decimal(5),
        "month_end": MonthEnd(quantiles={"0.1": Decimal(6), "0.5": Decimal(7), "0.9": Decimal(8)}),
        "alerts": (),
        "months": (),
        "levers": (),
    }
    return WalletForecast.model_construct(**{**values, **more})


def test_what_is_logged_of_a_forecast_is_what_the_plan_said() -> None:
    usage: dict[str, Any] = {"digest": "sha256:9"}
    said = {"impact": (forecast(), forecast(month_end=MonthEnd(quantiles={})))}
    made = sealed(plan()).model_copy(update={**said, "usage": UsageSummary.model_construct(None, **usage)})
    (logged,) = logged_forecasts(made, pull_request=7)
    assert logged == LoggedForecast(
        organization="org_acme",
        team="support",
        environment="prod",
        wallet=WalletRef.team("team_support"),
        currency="EUR",
        period=JUNE,
        as_of=date(2026, 6, 18),
        spend_to_date=Decimal(5),
        quantiles={"0.1": Decimal(6), "0.5": Decimal(7), "0.9": Decimal(8)},
        confidence="low",
        method=forecast().method,
        version="1.2",
        usage="sha256:9",
        plan=made.digest,
        pull_request=7,
    )
    assert logged_forecasts(made.model_copy(update={"usage": None}))[0].usage is None


def test_what_was_seen_of_a_wallet_names_it_in_its_sentence_and_beside_it() -> None:
    seen = WalletNotice(code="quiet", message="spent nothing", hint="look")
    assert ForecastNotice.of(seen, team="support", environment="prod") == ForecastNotice(
        code="quiet", message="support/prod spent nothing", hint="look", team="support", environment="prod"
    )


@pytest.mark.parametrize(("kind", "example"), [(Rate, "18%"), (Share, "30%"), (Interval, "80%")])
def test_a_percentage_shows_its_own_example(kind: Any, example: str) -> None:
    assert any(example in str(part) for part in get_args(kind))


@pytest.mark.parametrize(("cost", "counted", "share"), [("0.25", "0.5", 0.5), ("0", "0", None), ("1", "2", 0.5)])
def test_a_share_of_a_month_is_said_from_the_first_cent_on(cost: str, counted: str, share: float | None) -> None:
    assert share_of_month(Decimal(cost), Decimal(counted), Decimal(0)) == share


def test_the_last_instant_of_a_month_is_not_the_first_of_the_next() -> None:
    assert datetime(2026, 6, 1, tzinfo=UTC) in JUNE
    assert datetime(2026, 7, 1, tzinfo=UTC) not in JUNE
