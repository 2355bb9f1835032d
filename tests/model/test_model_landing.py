"""What is applied of the landings: one commit and the parts that are ahead of it tell all that is left."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.landing import ORGANIZATION, Landing, is_done, moved_on

PARTS = (ORGANIZATION, "support", "shadow", "legal")
landings = st.lists(st.frozensets(st.sampled_from(PARTS)), max_size=8).map(
    lambda listed: tuple(Landing(f"c{number}", parts) for number, parts in enumerate(listed))
)
applications = st.lists(st.tuples(st.integers(0, 7), st.frozensets(st.sampled_from(PARTS))), max_size=12)


def left(found: tuple[Landing, ...], commit: str | None, ahead: dict[str, str]) -> set[tuple[str, str]]:
    """What is still to be applied: landings and their parts."""
    order = {landing.commit: number for number, landing in enumerate(found)}
    at = order.get(commit or "", -1)
    return {
        (landing.commit, part)
        for number, landing in enumerate(found)
        if number > at
        for part in landing.parts
        if not is_done([part], number, ahead, order)
    }


@given(found=landings, steps=applications)
def test_what_is_left_to_apply_is_what_no_application_was_about(
    found: tuple[Landing, ...], steps: list[tuple[int, frozenset[str]]]
) -> None:
    commit: str | None = None
    ahead: dict[str, str] = {}
    furthest: dict[str, int] = {}
    for number, parts in steps:
        if number >= len(found):
            continue
        applied = {part for part in found[number].parts & parts if furthest.get(part, -1) < number}
        furthest |= dict.fromkeys(applied, number)
        commit, ahead = moved_on(commit, {**ahead, **dict.fromkeys(applied, found[number].commit)}, found)
        expected = {
            (landing.commit, part)
            for position, landing in enumerate(found)
            for part in landing.parts
            if furthest.get(part, -1) < position
        }
        assert left(found, commit, ahead) == expected


@given(found=landings, steps=applications)
def test_the_commit_only_goes_forward_and_what_it_has_passed_is_ahead_no_more(
    found: tuple[Landing, ...], steps: list[tuple[int, frozenset[str]]]
) -> None:
    order = {landing.commit: number for number, landing in enumerate(found)}
    commit: str | None = None
    ahead: dict[str, str] = {}
    for number, parts in steps:
        if number >= len(found):
            continue
        before = order.get(commit or "", -1)
        commit, ahead = moved_on(commit, {**ahead, **dict.fromkeys(parts, found[number].commit)}, found)
        at = order.get(commit or "", -1)
        assert at >= before
        assert all(order[passed] > at for passed in ahead.values())
        assert moved_on(commit, ahead, found) == (commit, ahead)


def test_a_landing_without_values_is_passed_by_itself() -> None:
    found = (Landing("a"), Landing("b", frozenset({"support"})), Landing("c"))
    assert moved_on("start", {}, found) == ("a", {})
    assert moved_on("start", {"support": "b"}, found) == ("c", {})


def test_a_landing_of_which_a_part_is_refused_holds_the_commit_and_nothing_else() -> None:
    found = (Landing("a", frozenset({"support", "shadow"})), Landing("b", frozenset({"legal"})))
    assert moved_on("start", {"support": "a", "legal": "b"}, found) == ("start", {"support": "a", "legal": "b"})
    assert moved_on("start", {"support": "a", "legal": "b", "shadow": "a"}, found) == ("b", {})


def test_a_part_that_is_ahead_of_what_is_listed_stays_so() -> None:
    found = (Landing("a", frozenset({"support"})),)
    assert moved_on("start", {"support": "a", "legal": "elsewhere"}, found) == ("a", {"legal": "elsewhere"})


def test_a_landing_tells_its_teams_unless_it_is_about_the_organization() -> None:
    assert Landing("a", frozenset({"support", "legal"})).teams == ("legal", "support")
    assert Landing("a", frozenset({"support", ORGANIZATION})).teams is None
