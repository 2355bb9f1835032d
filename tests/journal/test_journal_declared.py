"""What counts as declared after a run: everything, what its teams declare, or what was declared before."""

from __future__ import annotations

import pytest
from apply.loop import Loop
from worlds import billing_budget, desired

from reconciler.journal.declared import Declared, Landed, declared_by
from reconciler.model.applied import LastApplied, part_digest
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.landing import ORGANIZATION, Landing
from reconciler.model.outcome import Outcome, Status

X, Y = billing_budget("x", "10"), billing_budget("y", "20")
FORMER = LastApplied("c0ffee", {"billing_budget": {str(X.key): "aa", "gone": "bb"}, "export_schedule": {"weekly": ""}})


def test_a_run_for_some_teams_keeps_what_was_declared_for_the_others() -> None:
    now = Declared.within({"bb"}, desired(budgets=[("bb", Y)], teams=["aa"]), before=FORMER)
    assert now == Declared(
        "c0ffee", {"billing_budget": {str(X.key): "aa", str(Y.key): "bb"}, "export_schedule": {"weekly": ""}}
    )


def test_a_first_run_for_some_teams_names_no_commit_as_applied() -> None:
    now = Declared.within({"bb"}, desired(budgets=[("bb", Y), ("aa", X)]), before=None)
    assert now == Declared(None, {"billing_budget": {str(Y.key): "bb"}, "export_schedule": {}}, whole=False)
    assert Declared.read(now.facts()) == now
    later = Declared.within(
        {"aa"},
        desired(budgets=[("bb", Y), ("aa", X)]),
        before=LastApplied(now.commit, now.objects, whole=now.whole),
    )
    assert later == Declared(
        None, {"billing_budget": {str(Y.key): "bb", str(X.key): "aa"}, "export_schedule": {}}, whole=False
    )


def test_a_run_for_all_declares_the_commit_again() -> None:
    now = Declared.of(desired(budgets=[("bb", Y)]), commit="beef", before=LastApplied(whole=False))
    assert (now.commit, now.whole) == ("beef", True)
    assert "whole" not in now.facts()


def whole(
    *, dirty: bool = False, waiting: frozenset[str] = frozenset(), before: LastApplied | None = FORMER
) -> Declared:
    """Return what a plan for all of two teams declares, as it is read again from the journal."""
    wanted = desired(budgets=[("bb", Y)], teams=["aa", "bb"])
    plan = Loop(wanted).plan()
    source = plan.source.model_copy(update={"commit": "beef", "dirty": dirty})
    made = declared_by(plan.model_copy(update={"source": source}), wanted, "all", before=before, waiting=waiting)
    return Declared.read(made.facts())


def left(team: str) -> Outcome:
    return Outcome(op=team, kind="allocate", team=team, status=Status.FAILED)


@pytest.mark.parametrize("before", [FORMER, LastApplied("c0ffee", ahead={"aa": "fade", "gone": "fade"}), None])
def test_a_plan_for_all_stands_for_its_commit_once_nothing_of_it_is_left(before: LastApplied | None) -> None:
    now = whole(before=before).after([])
    assert (now.commit, now.ahead, now.whole, now.dirty, now.unfinished) == ("beef", {}, True, False, frozenset())


def test_what_is_left_of_a_plan_for_all_keeps_its_place_and_the_organization_with_it() -> None:
    now = whole().after([left("aa")])
    assert (now.commit, now.ahead, now.unfinished) == ("c0ffee", {"bb": "beef"}, frozenset({"aa"}))
    again = LastApplied(now.commit, now.objects, now.whole, now.unfinished, now.ahead)
    assert (whole(before=again).after([]).commit, whole(before=again).after([]).ahead) == ("beef", {})


def test_a_team_that_waited_when_a_run_began_waits_when_it_is_resumed() -> None:
    now = whole(waiting=frozenset({"aa"})).after([])
    assert (now.commit, now.ahead, now.unfinished) == ("c0ffee", {"bb": "beef"}, frozenset({"aa"}))
    assert now.objects["billing_budget"][str(X.key)] == "aa"


def test_a_commit_that_is_applied_again_stays_where_something_of_it_failed() -> None:
    now = whole(before=LastApplied("beef")).after([left("aa")])
    assert (now.commit, now.ahead, now.unfinished) == ("beef", {}, frozenset({"aa"}))


def test_files_that_are_not_committed_stand_for_their_commit_only_as_a_whole() -> None:
    assert (whole(dirty=True).after([]).commit, whole(dirty=True).after([]).dirty) == ("beef", True)
    now = whole(dirty=True).after([left("aa")])
    assert (now.commit, now.ahead, now.dirty, now.unfinished) == ("c0ffee", {}, False, frozenset({"aa"}))


def test_what_belongs_to_no_team_is_finished_with_a_landing_of_the_organization() -> None:
    before = LastApplied("c0ffee", unfinished=frozenset({"", "aa"}))
    weekly = ExportSchedule.model_validate(
        {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}}
    )
    wanted = desired(schedules=[weekly], teams=["bb"])
    landed = Landed("beef", frozenset({ORGANIZATION}), (Landing("beef", frozenset({ORGANIZATION})),))
    now = declared_by(Loop(wanted).plan(), wanted, landed, before=before)
    assert (now.objects["export_schedule"], now.unfinished) == ({"weekly": ""}, frozenset({"aa"}))


def test_what_was_not_committed_is_remembered_by_its_content_until_its_part_is_applied_from_a_commit() -> None:
    made = whole(dirty=True).after([])
    assert made.uncommitted.keys() == {"aa", "bb", ORGANIZATION}
    assert Declared.read(made.facts()) == made
    before = LastApplied(made.commit, made.objects, dirty=True, uncommitted=made.uncommitted)
    assert Declared.kept(before).uncommitted == made.uncommitted
    landing = Landing("f00d", frozenset({"bb"}))
    landed = Landed("f00d", frozenset({"bb"}), (landing,))
    wanted = desired(budgets=[("bb", Y)], teams=["aa", "bb"])
    now = declared_by(Loop(wanted).plan(), wanted, landed, before=before).after([])
    assert (now.commit, now.dirty, set(now.uncommitted)) == ("f00d", False, {"aa", ORGANIZATION})
    assert whole(before=before).after([]).uncommitted == {}
    left_over = whole(dirty=True).after([left("aa")])
    assert left_over.uncommitted.keys() == {"bb"}


def test_content_is_told_by_the_files_of_a_part_whatever_their_line_ends() -> None:
    files = {"org.yaml": b"a\n", "policies/p.yaml": b"b\n", "teams/x.yaml": b"c\n"}
    windows = {path: data.replace(b"\n", b"\r\n") for path, data in files.items()}
    assert part_digest(files, "x") == part_digest(windows, "x") != part_digest(files, ORGANIZATION)
    assert part_digest(files, ORGANIZATION) != part_digest({"org.yaml": b"a\n"}, ORGANIZATION)
    assert part_digest(files, "y") == ""
