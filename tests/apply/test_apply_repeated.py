"""Of several objects with one key, the one that a run of ours made is ours, and the others are left alone."""

from __future__ import annotations

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
