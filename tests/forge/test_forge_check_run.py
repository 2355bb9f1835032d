"""The check run: verdict, annotations in batches, and the record that only our own app can write."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from forge.forge_world import HEAD, allocate, plan
from forge.github_standin import State, answer, lost
from hypothesis import given
from hypothesis import strategies as st
from worlds import billing_budget, object_change

from reconciler.forge.check import PLAN, CheckVerdict, Written
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.check_run import annotation, our_check_runs, publish_check
from reconciler.forge.github.repository import Repository
from reconciler.http.failures import ForbiddenError
from reconciler.model.change import Reclaim
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan
from reconciler.model.plan_finding import PlanFinding
from reconciler.policy.plan_record import NOTHING, PlanRecord, read_record, record_of, record_text
from reconciler.report.remarks import remarks


def finding(**fields: Any) -> PlanFinding:
    told = {
        "path": "a",
        "line": 1,
        "column": 0,
        "severity": "warning",
        "code": "code",
        "message": "message",
        "hint": "",
    }
    return PlanFinding.model_validate({**told, **fields})


def verdict(*, annotations: int = 0, summary: str = "Summary.", record: PlanRecord | None = None) -> CheckVerdict:
    listed = tuple(finding(path=f"budgets/teams/{number}.yaml", line=number + 1) for number in range(annotations))
    text = record_text(record) if record else "no record"
    return CheckVerdict("success", "Support gets USD 2,000 more", summary, text, listed)


def publish(channel: Channel, repository: Repository, content: CheckVerdict) -> bool:
    return publish_check(channel, repository, HEAD, content, app="github-actions") is Written.PUBLISHED


def test_a_check_run_carries_verdict_annotations_and_record(
    github: State, channel: Channel, repository: Repository
) -> None:
    record = record_of(plan(allocate()), repository=str(repository), pull_request=128, head=HEAD)
    assert publish(channel, repository, verdict(annotations=1, record=record))
    (check,) = github.checks
    assert (check["name"], check["status"], check["conclusion"]) == (PLAN, "completed", "success")
    assert check["annotations"][0]["start_line"] == 1
    (read,) = our_check_runs(channel, repository, HEAD, app="github-actions")
    assert read.record == record


def test_many_annotations_arrive_once_each_in_batches(github: State, channel: Channel, repository: Repository) -> None:
    publish(channel, repository, verdict(annotations=137))
    (check,) = github.checks
    assert len({item["path"] for item in check["annotations"]}) == 137
    assert len(check["annotations"]) == 137


def test_the_same_verdict_is_published_once(github: State, channel: Channel, repository: Repository) -> None:
    publish(channel, repository, verdict(annotations=60))
    assert not publish(channel, repository, verdict(annotations=60))
    assert len(github.checks) == 1


def test_another_verdict_is_a_new_check_run(github: State, channel: Channel, repository: Repository) -> None:
    publish(channel, repository, verdict())
    assert publish(channel, repository, verdict(summary="Another."))
    assert len(github.checks) == 2


def test_an_old_run_that_is_started_again_overwrites_no_newer_record(
    github: State, channel: Channel, repository: Repository
) -> None:
    newer, older = (recorded(plan(allocate(amount=amount)), run=run) for amount, run in RUNS)
    publish(channel, repository, verdict(record=newer))
    said = publish_check(channel, repository, HEAD, verdict(record=older), app="github-actions")
    assert said is Written.SUPERSEDED
    assert len(github.checks) == 1
    assert publish(channel, repository, verdict(record=newer.model_copy(update={"run": (1005, 2)})))


RUNS = (("2000.00", (1005, 1)), ("9000.00", (1001, 3)))


def test_a_check_run_that_was_never_finished_is_done_again(
    github: State, channel: Channel, repository: Repository
) -> None:
    github.fail(r"PATCH .*/check-runs/.*", answer(502))
    with pytest.raises(Exception, match="502"):
        publish(channel, repository, verdict())
    assert publish(channel, repository, verdict())
    assert [check["status"] for check in github.checks] == ["in_progress", "completed"]


def test_a_lost_answer_leaves_a_complete_check_run(github: State, channel: Channel, repository: Repository) -> None:
    github.fail(r"POST .*/check-runs", lost)
    publish(channel, repository, verdict())
    assert github.checks[-1]["status"] == "completed"


def test_a_check_run_of_another_app_is_not_ours(github: State, channel: Channel, repository: Repository) -> None:
    publish(channel, repository, verdict())
    assert our_check_runs(channel, repository, HEAD, app="other-app") == ()


def test_a_person_cannot_write_a_check_run(github: State, github_url: str, repository: Repository) -> None:
    from reconciler.forge.github.channel import Connection

    with (
        Channel(Connection(api_url=github_url, token="ghp_dana")) as person,
        pytest.raises(ForbiddenError) as error,
    ):
        publish(person, repository, verdict())
    assert "checks: write" in error.value.hint


def test_a_long_summary_is_cut_to_what_github_takes(github: State, channel: Channel, repository: Repository) -> None:
    publish(channel, repository, verdict(summary="é line\n" * 20_000))
    summary = github.checks[0]["output"]["summary"]
    assert len(summary.encode()) <= 65_535
    assert summary.endswith("(cut; see the comment)")


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=20), max_size=8), st.text(max_size=50))
def test_a_record_is_read_back_as_it_was_written(fingerprints: dict[str, str], repository: str) -> None:
    record = record_of(
        plan(fingerprints=fingerprints or {"support": NOTHING}), repository=repository, pull_request=1, head=HEAD
    )
    assert read_record(record_text(record)) == record
    assert read_record(record_text(record).replace("\n", "\r\n")) == record


@pytest.mark.parametrize("text", [None, "", "```json\n{}\n```", "```json\n[\n```", '```json\n{"format": "x"}\n```'])
def test_anything_else_is_no_record(text: object) -> None:
    assert read_record(text) is None


def recorded(made: Plan, **about: Any) -> PlanRecord:
    return record_of(made, repository="a/b", pull_request=1, head=HEAD, **about)


def test_a_team_moved_when_its_fingerprint_is_another_and_something_is_left_to_do() -> None:
    record = recorded(plan(fingerprints={"a": "sha256:1", "b": "sha256:2", "c": NOTHING}))
    assert record.stale_teams(plan(fingerprints={"a": "sha256:1", "b": NOTHING, "c": NOTHING})) == ()
    moved = {"a": "sha256:9", "b": "sha256:2", "c": "sha256:3", "d": "sha256:4"}
    assert record.stale_teams(plan(fingerprints=moved)) == ("a", "c", "d")


def test_a_record_of_a_thousand_teams_fits_and_compares_them_as_a_whole() -> None:
    many = {f"team-{number}": f"sha256:{number:064d}" for number in range(1000)}
    record = recorded(plan(*(allocate(team) for team in many), fingerprints=many))
    assert record.fingerprints is None
    assert record.changes is None
    assert len(record_text(record)) < 65_000
    assert record.stale_teams(plan(fingerprints=many)) == ()
    assert record.stale_teams(plan(fingerprints={**many, "team-1": "sha256:0"})) == tuple(sorted(many))


ALERT = object_change(
    "create_billing_budget",
    team="support",
    environment="prod",
    key="team/team_support/monthly",
    after=billing_budget("monthly", "1"),
)


def test_a_team_of_which_a_part_was_applied_is_what_was_recorded() -> None:
    record = read_record(record_text(recorded(plan(allocate(), ALERT))))
    assert record is not None
    assert record.stale_teams(plan(ALERT)) == ()
    assert record.stale_teams(plan(allocate())) == ()
    assert record.stale_teams(plan(ALERT.model_copy(update={"after": billing_budget("monthly", "2")}))) == ("support",)
    assert record.stale_teams(plan(allocate(amount="100.00", funded_before="12400.00"))) == ("support",)
    assert record.stale_teams(plan(allocate("engineering"), ALERT)) == ("engineering",)


def test_what_a_reclaim_finds_left_does_not_make_it_another_change() -> None:
    facts = allocate(funded_before="14500.00").model_dump(exclude={"kind"})
    first, later = (Reclaim(**{**facts, "amount": left, "unreclaimable": Decimal(0)}) for left in (2000, 1500))
    assert recorded(plan(first, ALERT)).stale_teams(plan(later)) == ()


def test_a_plan_of_june_is_another_plan_in_july_even_where_its_changes_are_the_same() -> None:
    assert recorded(plan(ALERT)).stale_teams(plan(ALERT, period=Period(2026, 7))) == ("support",)
    assert recorded(plan(ALERT)).stale_teams(plan(ALERT, organization="org_other")) == ("support",)
    assert recorded(plan(ALERT)).stale_teams(plan(period=Period(2026, 7))) == ()


def test_a_record_of_an_earlier_version_is_read_and_compared_by_fingerprints() -> None:
    whole = recorded(plan(allocate(), ALERT))
    fields = whole.model_dump(mode="json", exclude={"changes", "run", "made_from", "base"})
    old = read_record(f"```json\n{json.dumps(fields)}\n```")
    assert old is not None
    assert old.stale_teams(plan(allocate(), ALERT)) == ()
    assert old.stale_teams(plan(ALERT)) == ("support",)


def test_findings_and_refusals_become_remarks_on_their_lines_each_once_and_the_worst_first() -> None:
    finding = PlanFinding(
        path="budgets/org.yaml", line=3, column=5, severity="warning", code="soft-cap", message="Free.", hint="Move it."
    )
    guard = GuardResult(
        guard="total-moved", status="refused", message="Too much.", hint="Less.", position="budgets/teams/a.yaml:7:1"
    )
    whole = GuardResult(guard="pool-exhaustion", status="refused", message="The pool is short.")
    waived = GuardResult(guard="largest-change", status="waived", message="no")
    made = plan(allocate(), findings=(finding, finding), guards=(guard, whole, waived))
    found = remarks(made, located=lambda path: f"finops/{path}")
    assert [(item.severity, item.path, item.line, item.code) for item in found] == [
        ("error", "finops/budgets/org.yaml", 1, "pool-exhaustion"),
        ("error", "finops/budgets/teams/a.yaml", 7, "total-moved"),
        ("warning", "finops/budgets/org.yaml", 3, "soft-cap"),
    ]


def test_texts_of_an_annotation_are_cut_to_what_github_takes() -> None:
    document = annotation(finding(code="t" * 500, message="m" * 99_999))
    assert len(document["title"]) == 255
    assert len(document["message"]) == 16_000
    assert "start_column" not in document
