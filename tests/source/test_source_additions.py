"""Entries are added in place: what a person wrote stays to the last character, and nothing else is said."""

from __future__ import annotations

import pytest

from reconciler.source.additions import add_entries
from reconciler.source.edits import EditError
from reconciler.source.parse import parse

DEV = [["dev:", "  team_id: t-dev", "  # usual", "  monthly: 5.00"]]
ALERT = [["- name: late", "  amount: 5.00"]]


@pytest.mark.parametrize(
    ("text", "key", "entries", "expected"),
    [
        (
            "team: a  # ours\nwallets:\n    prod: {team_id: t, monthly: 1.00}  # big\n    # dev comes later\n\n"
            "owners: [x]\n",
            "wallets",
            DEV,
            "team: a  # ours\nwallets:\n    prod: {team_id: t, monthly: 1.00}  # big\n    dev:\n      team_id: t-dev\n"
            "      # usual\n      monthly: 5.00\n    # dev comes later\n\nowners: [x]\n",
        ),
        (
            "wallets: {prod: {team_id: t, monthly: 1.00}}  # one line\n",
            "wallets",
            DEV,
            "wallets: {prod: {team_id: t, monthly: 1.00}, dev: {team_id: t-dev, monthly: 5.00}}  # one line\n",
        ),
        (
            "billing_budgets:\n- name: early\n  amount: 1.00\n# the end",
            "billing_budgets",
            ALERT,
            "billing_budgets:\n- name: early\n  amount: 1.00\n- name: late\n  amount: 5.00\n# the end",
        ),
        (
            "team: a\nbilling_budgets: []\n",
            "billing_budgets",
            ALERT,
            "team: a\nbilling_budgets: [{name: late, amount: 5.00}]\n",
        ),
        ("team: a", "billing_budgets", ALERT, "team: a\nbilling_budgets:\n  - name: late\n    amount: 5.00\n"),
        ("environments: [prod, dev,]\n", "environments", [["- lab"]], "environments: [prod, dev, lab,]\n"),
        ("environments:\r\n  - prod\r\n", "environments", [["- lab"]], "environments:\r\n  - prod\r\n  - lab\r\n"),
    ],
    ids=["lines", "brackets", "list", "empty-brackets", "missing", "trailing-comma", "windows"],
)
def test_entries_are_added_and_nothing_else_changes(
    text: str, key: str, entries: list[list[str]], expected: str
) -> None:
    assert expected == add_entries(text, key, entries)
    assert parse(expected.replace("\r\n", "\n").encode()).flaws == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{team: a, wallets: {}}\n", "wallets"),
        ("a: &x {prod: {monthly: 1.00}}\nwallets: *x\n", "wallets"),
        ("wallets: 12\n", "wallets"),
        ("wallets:\n  dev: {monthly: 1.00}\n", "wallets"),
        ("- a\n", "wallets"),
        ("wallets:\n", "wallets"),
    ],
    ids=["one-line", "alias", "number", "there-already", "list", "nothing"],
)
def test_what_nothing_can_be_added_to_is_refused(text: str, key: str) -> None:
    with pytest.raises(EditError):
        add_entries(text, key, DEV)
