"""Places found again: for findings, for plans, and only in the files that are asked for."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from source.trees import SUPPORT, write_tree

from reconciler.findings import Origin, Position
from reconciler.source.characters import readable
from reconciler.source.load import load
from reconciler.source.marks import find, mark_tree, place, positions

FILE = "budgets/teams/support.yaml"


def test_a_wallet_and_a_billing_budget_stand_where_their_value_begins(tmp_path: Path) -> None:
    desired = load(write_tree(tmp_path, {"teams/support.yaml": SUPPORT})).desired
    assert desired is not None
    wallet = Origin(FILE, ("wallets", "prod"))
    budget = Origin(FILE, ("billing_budgets", 1))
    schedule = Origin("budgets/org.yaml", ("environments", 1))

    assert {
        wallet: Position(FILE, 15, 9),
        budget: Position(FILE, 19, 5),
        schedule: Position("budgets/org.yaml", 6, 22),
    } == positions(desired.files, [wallet, budget, schedule])


def test_a_block_mapping_begins_at_its_first_key() -> None:
    text = b"version: 1\nwallets:\n  prod:\n    # first\n    team_id: a\n    monthly: 1\n"
    origin = Origin(FILE, ("wallets", "prod"))

    assert positions({FILE: text}, [origin]) == {origin: Position(FILE, 5, 5)}


def test_a_file_that_is_gone_or_broken_is_named_without_a_line() -> None:
    broken, gone = Origin(FILE, ("a",)), Origin("budgets/teams/gone.yaml", ("a",))

    assert {broken: Position(FILE), gone: Position("budgets/teams/gone.yaml")} == positions(
        {FILE: b"a: ["}, [broken, gone]
    )


def test_places_are_of_the_text_that_was_read_whatever_the_file_says_by_now(tmp_path: Path) -> None:
    root = write_tree(tmp_path, {"teams/support.yaml": SUPPORT})
    desired = load(root).desired
    assert desired is not None
    (root / "teams" / "support.yaml").write_text("# one\n# line more\n" + SUPPORT, encoding="utf-8")
    wallet = Origin(FILE, ("wallets", "prod"))

    assert positions(desired.files, [wallet]) == {wallet: Position(FILE, 15, 9)}


def test_a_way_that_ends_early_leads_to_what_is_left_of_it() -> None:
    root = mark_tree(b"a:\n  b: 1\n")
    assert root is not None

    assert place(root, ("a", "c", "d")) == (2, 3)
    assert place(root, ("a", "b"), "key") == (2, 3)
    assert find(root, ("a", "c")) is None


def test_nothing_and_too_much_have_no_marks() -> None:
    assert mark_tree(b"") is None
    assert mark_tree(b"[" * 100 + b"]" * 100) is None
    assert mark_tree(b"# only a comment\n") is None


def test_an_alias_has_a_place_of_its_own_and_what_it_repeats() -> None:
    root = mark_tree(b"a: &x {b: 1}\nc: *x\nd: *y\n? [k]\n: v\n")
    assert root is not None

    assert place(root, ("c",)) == (2, 4)
    assert place(root, ("c", "b")) == (1, 11)
    assert place(root, ("d", "b")) == (3, 4)


@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cf", "Cn", "Co")), max_size=20))
def test_columns_count_characters_whatever_they_are(name: str) -> None:
    text = "a: {k: '" + name.replace("'", "''") + "', b: 1}\n"
    root = mark_tree(readable(text.encode())[0] or b"")
    assert root is not None

    assert place(root, ("a", "b")) == (1, text.index("1}") + 1)
