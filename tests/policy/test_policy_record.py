"""The record of a reviewed plan: what it says, how it is read, and when a team has moved since."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from logged import logged
from policy.test_policy_facts import BARE, SWITCHED
from worlds import JUNE

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.json_text import canonical_json
from reconciler.model.plan import GuardResult, Plan, Scope
from reconciler.policy import plan_record
from reconciler.policy.facts import facts_of
from reconciler.policy.plan_record import (
    NOTHING,
    PlanRecord,
    change_digests,
    pending,
    read_record,
    record_of,
    record_text,
)
from reconciler.policy.rulings import Conclusion, Ruling, State, conclusion_of


def test_teams_are_stale_by_the_plan_that_is_there_now() -> None:
    known = record()
    plan = BARE.model_copy(update={"changes": (*BARE.changes, SWITCHED)})
    assert known.stale_teams(plan) == ()
    other = {**BARE.fingerprints, "support": "sha256:other"}
    assert known.stale_teams(plan.model_copy(update={"fingerprints": other})) == ()
    assert known.stale_teams(plan.model_copy(update={"fingerprints": {**other, "new": "sha256:new"}})) == ("new",)
    larger = BARE.changes[1].model_copy(update={"amount": Decimal(7)})
    changed = plan.model_copy(update={"fingerprints": other, "changes": (BARE.changes[0], larger)})
    assert known.stale_teams(changed) == ("support",)
    assert known.stale_teams(plan.model_copy(update={"organization": "org_other"})) == ("sales", "support")
    assert known.stale_teams(plan.model_copy(update={"period": JUNE.plus(1)})) == ("sales", "support")


def test_what_others_in_front_change_counts_where_something_else_is_made_of_it() -> None:
    nothing = record(fingerprints={}, changes={}, all_fingerprints="sha256:none")
    shown, due = BARE.fingerprints, BARE.changes
    about: dict[str, Any] = {"organization": BARE.organization, "period": BARE.period}
    teams = tuple(sorted({change.team for change in due}))
    assert nothing.moved(shown, due, **about) == teams
    assert nothing.moved(shown, due, **about, in_front=due) == ()
    assert nothing.moved({}, (), **about, in_front=due) == teams, "what they change is to be taken back"
    more = (*due, due[1].model_copy(update={"amount": Decimal(7)}))
    assert nothing.moved(shown, more, **about, in_front=due) == (due[1].team,)
    assert record(fingerprints={}, changes=None).moved(shown, due, **about, in_front=due) == teams, "nobody noted it"


PLAN = BARE.model_copy(update={"changes": (*BARE.changes, SWITCHED)})


def record(shown: Plan = PLAN, **changes: Any) -> PlanRecord:
    made = record_of(
        shown,
        repository="a/b",
        pull_request=7,
        head="c0ffee",
        run=(4, 2),
        base="ba5e",
    )
    return made.model_copy(update=changes)


def test_a_record_says_which_plan_was_shown_where_and_is_read_as_it_is_written(
    golden: Callable[[str, str], None],
) -> None:
    text = record_text(record())
    golden("policy/record.md", text)
    assert read_record(text) == record()
    assert read_record(text.replace("\n", "\r\n")) == record()
    assert read_record(f"before\n{text}after") == record()


@pytest.mark.parametrize(
    "text", [None, 5, "", "```json\n{}\n```", "```json\nnot json\n```", "text {}"], ids=lambda text: repr(text)[:12]
)
def test_what_is_no_record_is_none(text: object) -> None:
    assert read_record(text) is None


def moved(known: PlanRecord, now: dict[str, str], *changes: Any, **other: Any) -> tuple[str, ...]:
    facts = {"organization": known.organization, "period": known.period, **other}
    return known.moved(now, changes, **facts)


def test_teams_move_when_their_fingerprint_is_another_and_not_when_part_of_their_changes_is_left() -> None:
    known = record()
    prints = dict(known.fingerprints or {})
    assert set(prints) == {"sales", "support"}
    assert moved(known, prints) == ()
    other = {**prints, "support": "sha256:other"}
    assert moved(known, other) == ()
    (allocate,) = (change for change in BARE.changes if change.team == "support")
    assert moved(known, other, allocate) == ()
    assert moved(known, other, allocate.model_copy(update={"amount": Decimal(7)})) == ("support",)
    assert moved(record(changes=None), other) == ("support",)
    assert moved(known, {**prints, "new": "sha256:new"}) == ("new",)
    assert moved(known, {**prints, "done": NOTHING}) == ()
    assert moved(known, prints, organization="org_other") == ("sales", "support")
    assert moved(known, prints, period=JUNE.plus(1)) == ("sales", "support")
    assert moved(known, {"support": NOTHING}, period=JUNE.plus(1)) == ()


def test_a_record_that_was_too_small_for_fingerprints_compares_them_all_at_once() -> None:
    known = record(fingerprints=None, changes=None)
    prints = dict(record().fingerprints or {})
    assert moved(known, prints) == ()
    assert moved(known, {**prints, "support": "sha256:other"}) == ("sales", "support")


def test_a_reclaim_is_the_same_change_however_much_is_left_to_take_back() -> None:
    (reclaim,) = (change for change in BARE.changes if isinstance(change, Reclaim))
    (allocate,) = (change for change in BARE.changes if isinstance(change, Allocate))
    digests = change_digests([reclaim, allocate, SWITCHED])
    assert {team: len(found) for team, found in digests.items()} == {"sales": 1, "support": 2}
    assert list(digests) == ["sales", "support"]
    assert all(len(digest) == 16 and ":" not in digest for found in digests.values() for digest in found)
    less = {"amount": Decimal(3), "unreclaimable": Decimal(47), "funded_after": Decimal(87), "op": "x", "position": "y"}
    assert change_digests([reclaim.model_copy(update=less)])["sales"] == digests["sales"]
    assert change_digests([reclaim.model_copy(update={"target": Decimal(3)})])["sales"] != digests["sales"]
    for field in ("amount", "funded_after"):
        assert change_digests([allocate.model_copy(update={field: Decimal(3)})])["support"][0] not in digests["support"]
    assert pending({"b": "x", "a": "y", "c": NOTHING}) == {"a": "y", "b": "x"}
    assert list(pending({"b": "x", "a": "y"})) == ["a", "b"]


@pytest.mark.parametrize(
    ("mine", "other", "is_older"),
    [((4, 2), (4, 3), True), ((4, 2), (5, 1), True), ((4, 2), (4, 2), False), ((4, 2), (3, 9), False)],
)
def test_a_record_is_older_by_its_run_and_its_attempt(
    mine: tuple[int, int], other: tuple[int, int], is_older: bool
) -> None:
    assert record(run=mine).is_older_than(record(run=other)) == is_older
    assert not record(run=None).is_older_than(record(run=other))
    assert not record(run=mine).is_older_than(record(run=None))


def test_a_record_leaves_out_what_a_check_run_has_no_room_for_the_least_needed_first() -> None:
    def shape(teams: int, changes: int) -> tuple[bool, bool, bool]:
        many = tuple(
            BARE.changes[1].model_copy(update={"team": f"team{number:05}", "amount": Decimal(number)})
            for number in range(changes)
        )
        prints = {f"team{number:05}": f"sha256:{number:064}" for number in range(teams)}
        made = record_of(
            BARE.model_copy(update={"changes": many, "fingerprints": prints}), repository="a", pull_request=1, head="c"
        )
        assert len(record_text(made)) < 65_000
        return made.fingerprints is not None, made.changes is not None, made.effects is not None

    assert shape(10, 10) == (True, True, True)
    assert shape(10, 1500) == (True, True, False)
    assert shape(10, 2500) == (True, False, False)
    assert shape(1000, 10) == (False, False, False)


@pytest.mark.parametrize(
    ("states", "conclusion"),
    [
        ([], "success"),
        (["nothing", "approved"], "success"),
        (["approved", "waiting"], "waiting"),
        (["waiting", "refused", "approved"], "failure"),
    ],
)
def test_a_check_says_what_is_worst(states: list[State], conclusion: Conclusion) -> None:
    assert conclusion_of([Ruling(1, "head", state) for state in states]) == conclusion


def test_a_record_names_the_teams_that_its_plan_was_about() -> None:
    assert record().scope is None
    scope = Scope(since="c0ffee", teams=("sales",), of=2)
    made = record_of(BARE.model_copy(update={"scope": scope}), repository="a", pull_request=1, head="c")
    assert made.scope == ("sales",)


def test_what_just_fits_into_a_check_run_is_in_its_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four parts, each of which is there while something is left of the room for all; what refuses always is."""
    said = tuple(GuardResult.model_validate({"guard": "own", "status": status}) for status in ("refused", "asks"))
    shown = PLAN.model_copy(update={"guards": said})
    prints, digests = (len(canonical_json(value)) for value in (record().fingerprints, record().changes))
    parts = (facts_of(PLAN).effects, *said)
    others = sum(len(canonical_json(one.model_dump(mode="json"))) for one in parts)

    def kept(room: int) -> tuple[bool, bool, bool, bool]:
        monkeypatch.setattr(plan_record, "_LARGEST", room)
        made = record(shown)
        assert made.refused == said[:1]
        return made.fingerprints is not None, made.changes is not None, made.effects is not None, bool(made.asks)

    assert kept(prints) == (False, False, False, False)
    assert kept(prints + 1) == (True, False, False, False)
    assert kept(prints + digests) == (True, False, False, False)
    assert kept(prints + digests + 1) == (True, True, False, False)
    assert kept(prints + digests + others) == (True, True, False, False)
    assert kept(prints + digests + others + 1) == (True, True, True, True)


def test_forecasts_are_in_a_record_as_far_as_there_is_room_for_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = logged()
    of_request = {7: (shown,)}
    monkeypatch.setattr(plan_record, "logged_forecasts", lambda _, pull_request=None: of_request.get(pull_request, ()))
    whole = record()
    parts = (whole.fingerprints, whole.changes, facts_of(PLAN).effects.model_dump(mode="json"))
    needed = sum(len(canonical_json(part)) for part in (*parts, [shown.model_dump(mode="json")]))

    def forecasts(room: int) -> object:
        monkeypatch.setattr(plan_record, "_LARGEST", room)
        return record().forecasts

    assert (forecasts(needed), forecasts(needed + 1)) == (None, (shown,))
    assert read_record(record_text(whole)) == whole
