"""Edits in place: the diff is the one line that was meant, and anything doubtful is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source.trees import SUPPORT

from reconciler.findings import ExitCode, Keys
from reconciler.source.edits import EditError, set_value
from reconciler.source.parse import parse

COMMENTED = """\
# what the team needs
version: 1
team: web   # the web
wallets:
  prod:
    team_id: 'team_web'
    monthly: 12345678901.10   # agreed in May

  # nobody uses this one
  dev: {team_id: team_web_dev, monthly: "007.50"}  # odd
billing_budgets:
- name: web
  amount: 1.10
  alert_percentages: [80,  100]
"""


def changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Return the lines that only one of two texts has."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("keys", "literal", "old", "new"),
    [
        (
            ("wallets", "prod", "monthly"),
            "14500.00",
            "    monthly: 12345678901.10   # agreed in May",
            "    monthly: 14500.00   # agreed in May",
        ),
        (
            ("wallets", "dev", "monthly"),
            '"8.00"',
            '  dev: {team_id: team_web_dev, monthly: "007.50"}  # odd',
            '  dev: {team_id: team_web_dev, monthly: "8.00"}  # odd',
        ),
        (("team",), "site", "team: web   # the web", "team: site   # the web"),
        (("billing_budgets", 0, "amount"), "2.00", "  amount: 1.10", "  amount: 2.00"),
        (
            ("billing_budgets", 0, "alert_percentages", 1),
            "95",
            "  alert_percentages: [80,  100]",
            "  alert_percentages: [80,  95]",
        ),
        (
            ("billing_budgets", 0, "alert_percentages"),
            "[50]",
            "  alert_percentages: [80,  100]",
            "  alert_percentages: [50]",
        ),
    ],
)
def test_one_value_is_replaced_and_nothing_else(keys: Keys, literal: str, old: str, new: str) -> None:
    assert changed(COMMENTED, set_value(COMMENTED, keys, literal)) == ([old], [new])


@pytest.mark.parametrize(
    ("keys", "literal", "new"),
    [
        (("wallets", "prod", "overrides"), "{2026-11: 9.00}", "    overrides: {2026-11: 9.00}"),
        (("name",), "Web", "name: Web"),
        (("billing_budgets", 0, "hard_limit"), "true", "  hard_limit: true"),
    ],
)
def test_a_missing_key_is_added_as_a_line_at_the_end_of_its_mapping(keys: Keys, literal: str, new: str) -> None:
    assert changed(COMMENTED, set_value(COMMENTED, keys, literal)) == ([], [new])


def test_a_missing_key_is_added_inside_of_braces() -> None:
    edited = set_value(SUPPORT, ("wallets", "prod", "overrides", "2026-12"), "16000.00")

    assert "overrides: {2026-11: 15000.00, 2026-12: 16000.00}}" in edited


def test_a_line_is_added_after_a_last_value_of_several_lines() -> None:
    text = "a:\n  b: [1,\n    2]\n  c: |\n    text\nd: 1\n"

    assert set_value("a:\n  b: [1,\n    2]\nd: 1\n", ("a", "c"), "3") == "a:\n  b: [1,\n    2]\n  c: 3\nd: 1\n"
    with pytest.raises(EditError):
        set_value(text, ("a", "e"), "1")


def test_a_line_is_added_after_folded_text() -> None:
    assert set_value("a:\n  c: >-\n    text\nd: 1\n", ("a", "e"), "1") == "a:\n  c: >-\n    text\n  e: 1\nd: 1\n"


def test_a_file_without_a_last_line_end_gets_one() -> None:
    assert set_value("a: 1", ("b",), "2") == "a: 1\nb: 2\n"


def test_windows_line_ends_are_kept() -> None:
    text = COMMENTED.replace("\n", "\r\n")

    edited = set_value(set_value(text, ("team",), "site"), ("name",), "Web")

    assert edited == set_value(set_value(COMMENTED, ("team",), "site"), ("name",), "Web").replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("text", "literal", "edited"),
    [
        ("a:\n  - 50\n  - 80\nb: 1\n", "[50, 90]", "a:\n  - 50\n  - 90\nb: 1\n"),
        ("a:\n  - 50  # half\n  - 80  # most\n", "[40, 80]", "a:\n  - 40  # half\n  - 80  # most\n"),
        ("a:\n- 50\n- 80\n", "[50]", "a:\n- 50\n"),
        ("a:\n- 50\n- 80\n", "[80]", "a:\n- 80\n"),
        ("a:\n  # half\n  - 50\n  # most\n  - 80\n", "[80]", "a:\n  # most\n  - 80\n"),
        ("a:\n  # both\n  - 50\n  - 80\n", "[80]", "a:\n  # both\n  - 80\n"),
        ("a:\n  - 50  # half\n  # most\n  - 80", "[50, 80, 100]", "a:\n  - 50  # half\n  # most\n  - 80\n  - 100\n"),
        ("a:\n  - 50  # half\n  - 80\n", "[25, 50, 80]", "a:\n  - 25\n  - 50  # half\n  - 80\n"),
        ("a:\n  - 50\n  # most\n  - 80\n", "[50, 60, 80]", "a:\n  - 50\n  - 60\n  # most\n  - 80\n"),
        ("a:\n  - 10\n  - 20\n  - 30\n", "[11, 12, 30, 40]", "a:\n  - 11\n  - 12\n  - 30\n  - 40\n"),
        ("a:\n  - 10\n  - 20\n", "[5]", "a:\n  - 5\n"),
        ('a:\r\n  - "50"\r\n', "[50, 90]", "a:\r\n  - 50\r\n  - 90\r\n"),
        ("a:\n  -  # low\n    50\n  - 80\n", "[60, 80]", "a:\n  -  # low\n    60\n  - 80\n"),
        ("a: &p\n  - 50\nb: 1\n", "[60]", "a: &p\n  - 60\nb: 1\n"),
        ("p: &p [1]\na: *p\n", "[60]", "p: &p [1]\na: [60]\n"),
        ("a: &p [50]  # why\n", "[60]", "a: &p [60]  # why\n"),
        ('"a": [50]\n', "[60]", '"a": [60]\n'),
    ],
)
def test_a_list_is_written_as_it_was_written_and_what_stays_keeps_its_comments(
    text: str, literal: str, edited: str
) -> None:
    assert set_value(text, ("a",), literal) == edited


@pytest.mark.parametrize(
    ("text", "keys", "literal"),
    [
        ("a: &x 1\nb: *x\n", ("a",), "2"),
        ("a:\n  b: 1\n", ("a",), "2"),
        ("a:\n  - 1\n", ("a",), "2"),
        ("a: >-\n  b\n", ("a",), "2"),
        ("a: 1\n", ("a",), "b: c"),
        ("a: 1\n", ("a",), "2 # why"),
        ("a: 1\n", ("a",), "2\nb: 3"),
        ("a: 1\n", ("a",), ""),
        ("a: 1\n", ("a",), "["),
        ("a: {b: 1}\n", ("a", "b"), "2, c: 3"),
        ("a: 1\n", ("b", "c"), "2"),
        ("a: {}\n", ("a", "b"), "2"),
        ("a: [1]\n", ("a", 1), "2"),
        ("a: 1\n", (), "2"),
        ("- 1\n", (0,), "2"),
        ("", ("a",), "2"),
        ("a: [\n", ("a",), "2"),
        ("a: 1\na: 2\n", ("a",), "3"),
        ("\ufeffa: 1\n", ("a",), "3"),
    ],
)
def test_what_cannot_be_done_in_place_is_refused(text: str, keys: Keys, literal: str) -> None:
    with pytest.raises(EditError) as caught:
        set_value(text, keys, literal)

    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.FINDINGS


@given(cents=st.integers(0, 999_999_999_999_999))
def test_an_amount_is_read_back_as_it_was_set(cents: int) -> None:
    literal = f"{cents // 100}.{cents % 100:02d}"

    edited = parse(set_value(COMMENTED, ("wallets", "dev", "monthly"), literal).encode()).value

    assert Decimal(literal) == edited["wallets"]["dev"]["monthly"]
    assert Decimal("12345678901.10") == edited["wallets"]["prod"]["monthly"]
