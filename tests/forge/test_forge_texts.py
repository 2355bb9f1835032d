"""Markers, receipts, notices, and what a run of GitHub Actions says about itself."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from forge.forge_world import allocate, plan
from hypothesis import given
from hypothesis import strategies as st

from reconciler.app.change_request.verdict import comment_of
from reconciler.forge.ci_run import CiRun, Queued
from reconciler.forge.comment import LARGEST, Marked, Stamp, plan_fields, read_marked, stamped, text_digest
from reconciler.forge.github.ci_run import read_event
from reconciler.model.forge_words import USUAL
from reconciler.model.outcome import Outcome, Run, Status
from reconciler.report.comment import with_notice
from reconciler.report.receipt import receipt, with_receipt

HEAD = "a" * 40


@given(st.text(), st.integers(1, 10**9), st.tuples(st.integers(1, 10**15), st.integers(1, 99)) | st.none())
def test_a_stamped_comment_is_read_back_as_it_was_written(text: str, number: int, run: tuple[int, int] | None) -> None:
    marked = stamped(text, Stamp(number, HEAD, run))
    read = read_marked(marked.body)
    assert read
    assert read.run == run
    assert read.fields == marked.fields
    assert read.is_untouched


@pytest.mark.parametrize(
    "body",
    [None, "", "text\n<!-- kt-budgets:v1 pr=1 -->\n", "> <!-- kt-budgets:v1 -->", "<!-- kt-budgets:v2 -->\n", 7],
)
def test_a_marker_counts_at_the_very_top_only(body: object) -> None:
    assert read_marked(body) is None


def test_a_marker_without_a_run_or_with_a_strange_one_has_none() -> None:
    assert Marked({"run": "12"}, "").run is None
    assert Marked({}, "").run is None


def test_stamping_again_replaces_what_was_stamped() -> None:
    once = stamped("Text.", Stamp(1, HEAD, (1, 1)), {"valid-at": "2026-06-18", "truncated": "0"})
    again = stamped(once.text, Stamp(2, "b" * 40), once.fields)
    assert again.fields == {
        "pr": "2",
        "head": "b" * 40,
        "valid-at": "2026-06-18",
        "truncated": "0",
        "text": text_digest("Text.\n"),
    }
    assert again.text == "Text.\n"


def test_a_marker_takes_nothing_for_a_digest_that_is_none() -> None:
    odd = plan(allocate()).model_copy(update={"digest": "--> @x"})
    assert plan_fields(odd, cut=2) == {"valid-at": "2026-06-18", "actions": "", "truncated": "2"}


def test_the_comment_of_a_plan_without_end_stays_below_its_limit_with_its_marker() -> None:
    shown = comment_of(
        plan(*(allocate(f"team{number:04}") for number in range(3000))), Stamp(10**9, HEAD, (10**15, 9)), words=USUAL
    )
    assert int(shown.fields["truncated"]) > 0
    assert len(shown.body.encode()) < 59_500
    assert shown.text.startswith("### ")
    assert shown.is_untouched


def outcome(status: Status, **fields: object) -> Outcome:
    values = {"op": "2026-06-0", "kind": "allocate", "team": "support", "wallet": "team_support", "status": status}
    return Outcome.model_validate({**values, **fields})


RUN = Run(
    run="r-1",
    outcomes=(
        outcome(Status.APPLIED, environment="prod", amount=Decimal("2000.00"), transaction="txn_1"),
        outcome(Status.REFUSED, kind="reclaim", amount=Decimal("5.00"), reason="stale | @team\n<b>"),
        outcome(Status.ALREADY_APPLIED, kind="update_billing_budget", wallet=None, key="team/team_support/monthly"),
    ),
    converged=False,
)


def receipted(found: Marked, text: str) -> str:
    return with_receipt(found.text, text, is_untouched=found.is_untouched)


def test_a_receipt_says_what_became_of_every_change_and_lets_nothing_act(golden: Callable[[str, str], None]) -> None:
    text = receipt(RUN, commit=HEAD)
    assert "@team" not in text
    golden("forge/receipt.md", text)


def test_a_run_without_changes_has_a_receipt_too() -> None:
    text = receipt(Run(run="r", outcomes=(), converged=True), commit=HEAD)
    assert "nothing to do" in text
    assert "Keeptrusts is as the YAML says" in text


def test_a_receipt_of_a_thousand_outcomes_fits() -> None:
    many = Run(run="r", outcomes=(outcome(Status.FAILED, reason="_" * 9999),) * 1000, converged=False)
    text = receipt(many, commit=HEAD)
    assert "more rows are in the run's output" in text
    assert len(text) < 17_000


def test_a_receipt_and_a_plan_that_do_not_fit_together_leave_the_plan_to_the_check_run() -> None:
    plan = stamped("x" * 60_000, Stamp(1, HEAD))
    many = Run(run="r", outcomes=(outcome(Status.APPLIED),) * 1000, converged=True)
    text = receipted(plan, receipt(many, commit=HEAD))
    assert "too long to stand beside this" in text
    assert len(stamped(text, Stamp(1, HEAD, (10**15, 99))).body.encode()) <= LARGEST


def test_a_receipt_replaces_an_earlier_one_and_keeps_the_plan() -> None:
    plan = stamped("### Plan\n", Stamp(1, HEAD))
    first = receipt(RUN, commit=HEAD)
    second = receipt(Run(run="r-2", outcomes=(), converged=True), commit=HEAD)
    once = stamped(receipted(plan, first), Stamp(1, HEAD))
    twice = receipted(once, second)
    assert "r-2" in twice
    assert "r-1" not in twice
    assert twice.endswith("### Plan\n")


def test_a_receipt_does_not_stand_on_a_text_that_was_edited_by_hand() -> None:
    edited = Marked(stamped("### Plan\n", Stamp(1, HEAD)).fields, "### Everything is free\n")
    assert "Everything is free" not in receipted(edited, "receipt")


def test_a_notice_is_put_on_top_once_and_taken_back() -> None:
    noticed = with_notice(with_notice("Plan.\n", "Stale."), "Stale again.")
    assert noticed.count("Stale") == 1
    assert "> Stale again." in noticed
    assert with_notice(noticed, "") == "Plan.\n"


VARIABLES = {
    "GITHUB_REPOSITORY": "acme/ai-budgets",
    "GITHUB_SHA": "c" * 40,
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
}


def test_a_run_for_a_pull_request_names_its_own_head() -> None:
    payload = {"number": 128, "pull_request": {"number": 128, "head": {"sha": HEAD}, "base": {"sha": "b" * 40}}}
    assert read_event(VARIABLES, payload) == CiRun(
        repository="acme/ai-budgets",
        number=128,
        head=HEAD,
        base="b" * 40,
        commit="c" * 40,
        run=(42, 2),
        has_event=True,
    )


def test_a_push_says_where_its_branch_was_before() -> None:
    assert read_event({}, {"before": "a" * 40, "after": "b" * 40}) == CiRun(before="a" * 40, has_event=True)


def test_a_run_without_an_event_may_name_its_pull_request_by_its_reference() -> None:
    assert read_event({"GITHUB_REF": "refs/pull/128/merge"}, None) == CiRun(number=128, reference="refs/pull/128/merge")


def test_a_run_in_a_merge_queue_names_the_queued_pull_request() -> None:
    group = {"head_ref": f"refs/heads/gh-readonly-queue/main/pr-128-{'d' * 40}", "head_sha": "e" * 40}
    assert read_event(VARIABLES, {"merge_group": group}).queued == Queued(128, "e" * 40)


@pytest.mark.parametrize(
    "payload",
    [None, [], {"pull_request": "x"}, {"pull_request": {"number": "1", "head": 3}}, {"merge_group": {"head_ref": "x"}}],
)
def test_whatever_else_an_event_holds_says_nothing(payload: object) -> None:
    found = read_event({"GITHUB_RUN_ID": "x"}, payload)
    assert found == CiRun(has_event=payload is not None)
