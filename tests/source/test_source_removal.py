"""An item taken out of a list: its lines and its comments go, those of its neighbours stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.findings import Keys
from reconciler.source.edits import EditError
from reconciler.source.parse import parse
from reconciler.source.removal import remove_item

BLOCK = """\
team: web
billing_budgets:   # what warns us
  # the alert of May
  - name: a   # first
    amount: 1.00

  # finance asked
  # for this one
  - name: b
    alert_percentages:
      - 80   # early
      - 100
    amount: 2.00   # second

  # nobody remembers why
  - {name: c, amount: 3.00}   # third
  # the end of the list
owners: []   # nobody yet
"""


def test_an_item_goes_with_its_lines_and_its_own_comments() -> None:
    edited = remove_item(BLOCK, ("billing_budgets", 1))

    gone = BLOCK[BLOCK.index("  # finance") : BLOCK.index("\n  # nobody")]
    assert edited == BLOCK.replace(gone, "")


def test_the_first_item_takes_its_comment_along_where_the_next_has_one_too() -> None:
    edited = remove_item(BLOCK, ("billing_budgets", 0))

    assert edited == BLOCK.replace("  # the alert of May\n  - name: a   # first\n    amount: 1.00\n", "")


def test_a_comment_above_the_first_item_alone_is_that_of_the_list() -> None:
    text = "list:\n  # agreed in May\n  - a\n  - b   # second\n"

    assert remove_item(text, ("list", 0)) == "list:\n  # agreed in May\n  - b   # second\n"
    assert remove_item(text, ("list", 1)) == "list:\n  # agreed in May\n  - a\n"


def test_the_last_item_leaves_what_comes_after_the_list() -> None:
    edited = remove_item(BLOCK, ("billing_budgets", 2))

    assert edited == BLOCK.replace("  # nobody remembers why\n  - {name: c, amount: 3.00}   # third\n", "")


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("a: 1\nlist:   # why\n  # one\n  - x\nb: 2\n", "a: 1\nlist: []   # why\nb: 2\n"),
        ("a: 1\nlist:\n- name: x\n  y: 1", "a: 1\nlist: []\n"),
        ("list: [x]  # why\n", "list: []  # why\n"),
        ("list: [\n  x,  # one\n]\n", "list: []\n"),
        ("list:\r\n  - x\r\nb: 2\r\n", "list: []\r\nb: 2\r\n"),
    ],
)
def test_the_only_item_leaves_an_empty_list(text: str, edited: str) -> None:
    assert remove_item(text, ("list", 0)) == edited


@pytest.mark.parametrize(
    ("text", "index", "edited"),
    [
        ("list: [a, {b: 1}, c]  # all\n", 0, "list: [{b: 1}, c]  # all\n"),
        ("list: [a, {b: 1}, c]  # all\n", 1, "list: [a, c]  # all\n"),
        ("list: [a, {b: 1}, c]  # all\n", 2, "list: [a, {b: 1}]  # all\n"),
        ("list: [\n  a,  # first\n  b,  # second\n]\n", 1, "list: [\n  a,  # first\n]\n"),
        ("list: [\n  a,  # first\n  b   # second\n]\n", 1, "list: [\n  a,  # first\n]\n"),
        ("list: [\n  a,  # first\n  b   # second\n]\n", 0, "list: [\n  b   # second\n]\n"),
        ("list: [a,\n  b, c]\n", 1, "list: [a, c]\n"),
        ("list: [\n  {a: 1,\n   b: 2},  # both\n  c]\n", 0, "list: [\n  c]\n"),
    ],
)
def test_an_item_between_brackets_goes_with_its_comma(text: str, index: int, edited: str) -> None:
    assert remove_item(text, ("list", index)) == edited


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("list: [a]\n", ("other", 0)),
        ("list: [a]\n", ("list", 1)),
        ("list: [a]\n", ("list",)),
        ("list: [a]\n", ()),
        ("list: &l [a, b]\nother: *l\n", ("list", 0)),
        ("list: &l [a, b]\nother: *l\n", ("other", 0)),
        ("list: [&x a, *x]\n", ("list", 0)),
        ("list: [a,  # first\n  b]\n", ("list", 0)),
        ("list:\n  - - a\n    - b\n", ("list", 0, 0)),
        ("list:\n  - - a\n", ("list", 0, 0)),
        ("- a\n", (0,)),
        ("list: [a\n", ("list", 0)),
        ("list: !!seq [a]\n", ("list", 0)),
        ("", ("list", 0)),
    ],
)
def test_what_cannot_be_taken_out_in_place_is_refused(text: str, keys: Keys) -> None:
    with pytest.raises(EditError) as caught:
        remove_item(text, keys)

    assert caught.value.hint


ITEMS = st.lists(st.sampled_from(["x", "{a: 1}", '"q # q"', "[1, 2]"]), min_size=1, max_size=5)


@given(items=ITEMS, data=st.data(), flow=st.booleans(), commented=st.booleans())
def test_every_other_item_and_comment_stays(items: list[str], data: st.DataObject, flow: bool, commented: bool) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    if flow:
        text = f"list: [{', '.join(items)}]\nend: 1\n"
    else:
        notes = [f"  # above {n}\n" if commented else "" for n in range(len(items))]
        text = "list:\n" + "".join(
            f"{note}  - {item}   # beside {n}\n" for n, (note, item) in enumerate(zip(notes, items, strict=True))
        )
        text += "end: 1\n"

    edited = remove_item(text, ("list", index))

    before, after = parse(text.encode()).value, parse(edited.encode()).value
    assert after == {**before, "list": before["list"][:index] + before["list"][index + 1 :]}
    gone = {line for line in text.splitlines() if line not in edited.splitlines()}
    if not flow and len(items) > 1:
        assert all(f"beside {index}" in line or f"above {index}" in line for line in gone)


@pytest.mark.parametrize(
    ("text", "edited"),
    [
        ("li:\n  -\n    a: 1\n  - b\n", "li:\n  - b\n"),
        ("li:\n  -  # first\n\n    a: 1\n    # of a\n  # of b\n  - b\n", "li:\n  # of b\n  - b\n"),
        ('"li":\n  - a\nb: 1\n', '"li": []\nb: 1\n'),
        ("'li':  # all\n  - a\n", "'li': []  # all\n"),
        ("li: &l\n  - a\n", "li: &l []\n"),
        ("li: &l [a]\n", "li: &l []\n"),
        ("li:\n- &x {a: 1}\n- {a: 2}\n", "li:\n- {a: 2}\n"),
    ],
)
def test_dashes_alone_quoted_keys_and_anchors_are_no_obstacle(text: str, edited: str) -> None:
    assert remove_item(text, ("li", 0)) == edited
