"""What counts as declared after a run: everything, what its teams declare, or what was declared before."""

from __future__ import annotations

from apply.loop import Loop
from worlds import billing_budget, desired

from reconciler.journal.declared import Declared, Landed, declared_by
from reconciler.model.applied import LastApplied
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.landing import ORGANIZATION, Landing

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


def test_what_belongs_to_no_team_is_finished_with_a_landing_of_the_organization() -> None:
    before = LastApplied("c0ffee", unfinished=frozenset({"", "aa"}))
    weekly = ExportSchedule.model_validate(
        {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}}
    )
    wanted = desired(schedules=[weekly], teams=["bb"])
    landed = Landed("beef", frozenset({ORGANIZATION}), (Landing("beef", frozenset({ORGANIZATION})),))
    now = declared_by(Loop(wanted).plan(), wanted, landed, before=before)
    assert (now.objects["export_schedule"], now.unfinished) == ({"weekly": ""}, frozenset({"aa"}))
