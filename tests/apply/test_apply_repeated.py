"""Of several objects with one key, the one that a run of ours made is ours, and the others are left alone."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from apply.loop import Loop
from worlds import JUNE, billing_budget, desired, wallet

from reconciler.journal.history import history_of
from reconciler.journal.own_objects import own_objects
from reconciler.model.desired import Desired
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS
from reconciler.model.kinds.export_schedule import EXPORT_SCHEDULES, ExportSchedule
from reconciler.model.outcome import Status
from reconciler.model.write import WriteResult, Written
from reconciler.plan.drift import classify

WEEKLY = ExportSchedule.model_validate(
    {"name": "weekly", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "artifacts"}}
)
WALLETS = [wallet("support", "prod", "100")]
GIT = desired(WALLETS, [("support", billing_budget("monthly", "100"))], [WEEKLY])


def with_strangers(wanted: Desired = GIT) -> Loop:
    """Return what was applied once, and beside it an object of each name whose id sorts first."""
    loop = Loop(wanted)
    assert [each.status for each in loop.apply().run.outcomes] == [Status.APPLIED] * 3
    for kind in (BILLING_BUDGETS, EXPORT_SCHEDULES):
        (ours,) = loop.world.stores[kind.path].values()
        other = {"amount": "7.00"} if kind is BILLING_BUDGETS else {"window": "30d"}
        stranger = {**{name: value for name, value in ours.items() if name != "created_at"}, **other, "id": "0_by_hand"}
        ours.pop("created_at", None)
        loop.world.stores[kind.path]["0_by_hand"] = stranger
    return loop


def strangers(loop: Loop) -> list[dict[str, Any]]:
    return [dict(loop.world.stores[kind.path]["0_by_hand"]) for kind in (BILLING_BUDGETS, EXPORT_SCHEDULES)]


def test_a_stranger_of_the_same_name_is_neither_compared_nor_changed() -> None:
    loop = with_strangers()
    before = strangers(loop)
    assert loop.plan().changes == ()
    loop.wanted = desired(
        WALLETS,
        [("support", billing_budget("monthly", "120"))],
        [WEEKLY.model_copy(update={"window": "14d"})],
    )
    done = loop.apply()
    assert sorted(each.kind for each in loop.plan().changes) == []
    assert [each.status for each in done.run.outcomes] == [Status.APPLIED] * 2
    assert done.run.converged
    assert strangers(loop) == before


def test_drift_tells_strangers_and_no_difference_of_ours() -> None:
    loop = with_strangers()
    read = loop.world.live(organization="org_acme", wallets={}, period=JUNE)
    live = own_objects(read, history_of(loop.records()).transactions)
    found = classify(GIT, live, JUNE, day=date(2026, 6, 18), applied=GIT)
    objects = [(each.item.category, each.needs_person) for each in found if each.item.wallet is None]
    assert objects == [("unmanaged", False)] * 2
    assert all("0_by_hand, which is left alone" in each.item.sentence for each in found if each.item.wallet is None)
    assert own_objects(replace(read, objects={}), {}) == replace(read, objects={})


def forgetful(path: str, id: str) -> WriteResult:
    """Answer that an object is deleted, and keep it."""
    return Written(id)


@pytest.mark.parametrize("stays", [False, True])
def test_ours_is_deleted_and_done_whatever_else_has_its_name(stays: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = with_strangers()
    if stays:
        monkeypatch.setattr(loop.world, "drop", forgetful)
    loop.wanted = desired(WALLETS)
    result = loop.apply()
    assert [each.status for each in result.run.outcomes] == [Status.APPLIED] * 2
    assert all(("not as planned" in each.reason) == stays for each in result.run.outcomes)
    assert result.run.converged is not stays
    assert all(strangers(loop))


def by_hand(loop: Loop, id: str, **other: str) -> None:
    schedule = {**EXPORT_SCHEDULES.body(EXPORT_SCHEDULES.document(WEEKLY)), **other, "id": id}
    loop.world.stores[EXPORT_SCHEDULES.path][id] = schedule


def test_of_two_by_hand_neither_is_git_s_and_the_one_that_stays_is() -> None:
    loop = Loop(desired(WALLETS, [], [WEEKLY]))
    by_hand(loop, "sch_a", window="30d")
    by_hand(loop, "sch_b", window="31d")
    before = deepcopy(loop.world.stores[EXPORT_SCHEDULES.path])
    plan = loop.plan()
    assert [change.kind for change in plan.changes] == ["allocate"]
    assert loop.apply(plan).run.converged
    assert loop.world.stores[EXPORT_SCHEDULES.path] == before
    del loop.world.stores[EXPORT_SCHEDULES.path]["sch_b"]
    assert [each.transaction for each in loop.apply().run.outcomes] == ["sch_a"]
    (only,) = loop.world.stores[EXPORT_SCHEDULES.path].values()
    assert only["window"] == "7d"


def test_ours_stands_for_its_name_where_nothing_tells_which_is_the_oldest() -> None:
    loop = with_strangers()
    read = loop.world.live(organization="org_acme", wallets={}, period=JUNE).of(EXPORT_SCHEDULES)
    assert (read.objects, len(read.rivals[("weekly",)])) == ({}, 2)
    own = own_objects(
        loop.world.live(organization="org_acme", wallets={}, period=JUNE), history_of(loop.records()).transactions
    ).of(EXPORT_SCHEDULES)
    assert own.rivals == {}
    assert [each.id for each in own.others] == ["0_by_hand"]
    assert own.objects[("weekly",)].value == WEEKLY


def test_where_two_appear_after_the_comparison_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(desired(WALLETS, [], [WEEKLY]))
    allocate = loop.world.allocate

    def meanwhile(*args: Any, **kwargs: Any) -> WriteResult:
        for id in ("sch_a", "sch_b"):
            by_hand(loop, id, window="30d")
        return allocate(*args, **kwargs)

    monkeypatch.setattr(loop.world, "allocate", meanwhile)
    moved, created = loop.apply().run.outcomes
    assert (moved.status, created.status) == (Status.APPLIED, Status.FAILED)
    assert "nothing was sent: Keeptrusts holds weekly 2 times, as sch_a and sch_b" in created.reason
    assert sorted(loop.world.stores[EXPORT_SCHEDULES.path]) == ["sch_a", "sch_b"]
