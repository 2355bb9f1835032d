"""Hunks: the smallest run of lines, and applying it gives the edited text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.source.hunks import Hunk, hunk_of, hunks

TEXTS = st.lists(st.sampled_from(["a", "b", "", "  c"]), min_size=1, max_size=8)


@given(old=TEXTS, new=TEXTS)
def test_a_hunk_makes_of_one_text_the_other(old: list[str], new: list[str]) -> None:
    hunk = hunk_of("".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new))

    if hunk is None:
        assert old == new
        return
    assert old[hunk.start_line - 1 : hunk.line] == hunk.original.split("\n")
    middle = hunk.replacement.split("\n") if hunk.replacement or len(new) >= len(old) else []
    candidates = [[*old[: hunk.start_line - 1], *some, *old[hunk.line :]] for some in (middle, [""], [])]
    assert new in candidates


@pytest.mark.parametrize(
    ("before", "after", "hunk"),
    [
        ("a\nb\nc\n", "a\nx\nc\n", Hunk(2, 2, "b", "x")),
        ("a\nb\n", "a\nb\nc\n", Hunk(2, 2, "b", "b\nc")),
        ("a\nb\n", "x\na\nb\n", Hunk(1, 1, "a", "x\na")),
        ("a\nb\nc\n", "a\nc\n", Hunk(2, 2, "b", "")),
        ("a\r\nb\r\n", "a\r\nx\r\n", Hunk(2, 2, "b", "x")),
        ("a\nb", "a\nb\n", None),
        ("", "a\n", None),
    ],
)
def test_a_hunk_is_as_small_as_it_can_be(before: str, after: str, hunk: Hunk | None) -> None:
    assert hunk_of(before, after) == hunk


def test_edits_of_one_line_share_a_hunk_and_impossible_ones_are_left_out() -> None:
    def apply(text: str, edit: tuple[str, str]) -> str | None:
        return text.replace(*edit) if edit[0] in text else None

    edits = [("a", "A"), ("b", "B"), ("ab", "-"), ("c", "C"), ("z", "Z")]
    found = list(hunks("ab\nx\nc\n", edits, apply))

    assert found == [(Hunk(1, 1, "ab", "-"), (("ab", "-"),)), (Hunk(3, 3, "c", "C"), (("c", "C"),))]
