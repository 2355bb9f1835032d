"""Dated steps and overrides in YAML: what is refused, where, and the cure, which is tried."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from source.trees import write_tree

from reconciler.findings import Finding
from reconciler.model.period import Period
from reconciler.source.cures import suggested_cures
from reconciler.source.load import load, read


def tree(tmp_path: Path, wallet: str) -> Path:
    text = f"version: 1\nteam: web\nwallets:\n  prod: {{team_id: web, {wallet}}}\n"
    return write_tree(tmp_path, {"teams/web.yaml": text})


def only(tmp_path: Path, wallet: str) -> Finding:
    [finding] = [each for each in load(tree(tmp_path, wallet)).findings if each.code != "annual-target-exceeded"]
    return finding


def column(wallet: str, text: str) -> int:
    return f"  prod: {{team_id: web, {wallet}}}".rindex(text) + 1


FIRST = "{amount: 12000, from: 2026-06}"
STEPS = [
    (f"monthly: [{{amount: 1000, from: 2026-10}}, {FIRST}]", "steps-out-of-order", "2026-06"),
    (f"monthly: [{FIRST}, {FIRST}]", "doubled-step", "{amount: 12000, from: 2026-06}"),
    (f"monthly: [{FIRST}, {{amount: 7000, from: 2026-06}}]", "doubled-step", "{amount: 7000"),
    ("monthly: [{amount: 1, from: 2026-07}]", "gap-before-first-step", "2026-07"),
    ("monthly: [{amount: 1, from: 2026-06, until: 2026-05}]", "step-ends-first", "2026-05"),
    (
        "monthly: [{amount: 1, from: 2026-06, until: 2026-08}, {amount: 2, from: 2026-10}]",
        "gap-between-steps",
        "2026-08",
    ),
    (
        "monthly: [{amount: 1, from: 2026-06, until: 2026-10}, {amount: 2, from: 2026-09}]",
        "steps-overlap",
        "2026-10",
    ),
    (f"monthly: [{FIRST}, {{amount: 2000, from: 2062-07}}]", "step-far-ahead", "2062-07"),
    (f"monthly: [{FIRST}, {{amount: 2000, from: 2026-09, until: 2026-12}}]", "last-step-ends", "2026-12"),
    (f'monthly: [{FIRST}], overrides: {{2026-10: "20%"}}', "invalid-override", '"20%"'),
    ('monthly: 0.00, overrides: {2026-10: "+20%"}', "override-of-nothing", '"+20%"'),
    ('monthly: 9999999999999.99, overrides: {2026-10: "+20%"}', "invalid-amount", '"+20%"'),
    ('monthly: 1.00, overrides: {2026-10: "+1001%"}', "invalid-override", '"+1001%"'),
    ('monthly: 1.00, overrides: {2026-10: "-101%"}', "invalid-percentage", '"-101%"'),
    ("monthly: 1.00, overrides: {2026-10: {amount: 0, demand: as usual}}", "invalid-override", "as usual"),
    ('monthly: 0.00, overrides: {2026-10: {amount: 0, demand: "+20%"}}', "override-of-nothing", '"+20%"'),
    ('monthly: 9999999999999.99, overrides: {2026-10: {amount: 0, demand: "+20%"}}', "invalid-amount", '"+20%"'),
    ("monthly: 1.00, overrides: {2028-10: {amount: 0, demand: usual}}", "override-outside-fiscal-year", "2028-10"),
    ("monthly: 1.00, overrides: {2026-10: {amount: 0}}", "missing-key", "{amount: 0}"),
    ("monthly: 1.00, overrides: {2026-10: {amont: 0, demand: usual}}", "unknown-key", "amont"),
    ("monthly: []", "invalid-amount", "[]"),
    ("monthly: {amount: 1, from: 2026-06}", "invalid-amount", "{amount: 1, from"),
    ("monthly: [{amount: 1}]", "missing-key", "{amount: 1}"),
    ("monthly: [{amount: 1, from: 2026-06, to: 2026-07}]", "unknown-key", "to:"),
]


@pytest.mark.parametrize(("wallet", "code", "at"), STEPS)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, wallet: str, code: str, at: str) -> None:
    found = only(tmp_path, wallet)

    assert (found.code, found.position.line, found.position.column) == (code, 4, column(wallet, at))
    assert found.is_error or code == "last-step-ends"
    assert found.hint


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"monthly: [{FIRST}, {FIRST}]", f"monthly: [{FIRST}]"),
        (
            "monthly: [{amount: 1, from: 2026-06, until: 2026-10}, {amount: 2, from: 2026-09}]",
            "monthly: [{amount: 1, from: 2026-06, until: 2026-08}, {amount: 2, from: 2026-09}]",
        ),
        (
            "monthly: 1.00, overrides: {2026-10: {amount: 0, demand: As usual}}",
            "monthly: 1.00, overrides: {2026-10: {amount: 0, demand: usual}}",
        ),
        (
            "monthly: 1.00, overrides: {2026-10: {amont: 0, demand: usual}}",
            "monthly: 1.00, overrides: {2026-10: {amount: 0, demand: usual}}",
        ),
    ],
)
def test_what_can_only_mean_one_thing_is_suggested(tmp_path: Path, before: str, after: str) -> None:
    [change] = suggested_cures(read(tree(tmp_path, before)))

    assert change.replacement.strip() == f"prod: {{team_id: web, {after}}}"
    assert load(tree(tmp_path, after)).findings == ()


@pytest.mark.parametrize(
    "cured",
    [
        "monthly: [{amount: 0.00, from: 2026-06}, {amount: 1, from: 2026-07}]",
        "monthly: [{amount: 1, from: 2026-06, until: 2026-08}, {amount: 0, from: 2026-09}, {amount: 2, from: 2026-10}]",
        f"monthly: [{FIRST}, {{amount: 2000, from: 2026-09, until: 2026-12}}, {{amount: 12000.00, from: 2027-01}}]",
        "monthly: [{amount: 1, from: 2026-06, until: 2026-08}]",
        "monthly: [{amount: 1, from: 2020-01}, {amount: 2, from: 2029-06}]",
        "monthly: 1.00, overrides: {2026-10: +20%, 2026-11: -100%, 2026-12: '+1000%'}",
        "monthly: 1.00, overrides: {2026-10: {amount: 0, demand: usual}, 2026-11: {amount: 1, demand: +20%}}",
    ],
)
def test_the_cures_and_what_is_right_have_no_finding(tmp_path: Path, cured: str) -> None:
    assert load(tree(tmp_path, cured)).findings == ()


def test_steps_in_lines_of_their_own_are_read_alike(tmp_path: Path) -> None:
    lines = (
        "version: 1\nteam: web\nwallets:\n  prod:\n    team_id: web\n    monthly:\n"
        "      - amount: 12000.00\n        from: 2026-06\n      - amount: 14000.00   # three more regions\n"
        "        from: 2026-10\n    overrides:\n      2026-11: +20%\n"
    )
    desired = load(write_tree(tmp_path, {"teams/web.yaml": lines})).desired

    assert desired is not None
    [wallet] = desired.wallets.values()
    targets = [wallet.target(Period(2026, month)).amount for month in (6, 9, 10, 11, 12)]
    assert targets == [12000, 12000, 14000, Decimal("16800.00"), 14000]


def test_a_share_that_the_currency_has_no_coin_for_is_told(tmp_path: Path) -> None:
    from source.trees import ORGANIZATION

    text = "version: 1\nteam: web\nwallets:\n  prod: {team_id: web, monthly: 1001, overrides: {2026-10: +50%}}\n"
    files = {"org.yaml": ORGANIZATION.replace("USD", "JPY"), "teams/web.yaml": text}
    found = [each for each in load(write_tree(tmp_path, files)).findings if each.code == "no-such-coin"]

    assert [(each.position.column, each.hint) for each in found] == [(60, "write `1501` or `1502`")]


def test_the_year_is_the_sum_of_what_each_month_gets(tmp_path: Path) -> None:
    from source.trees import ORGANIZATION

    steps = "monthly: [{amount: 100, from: 2026-06}, {amount: 200, from: 2027-05}], overrides: {2026-10: +50%}"
    text = f"version: 1\nteam: web\nwallets:\n  prod: {{team_id: web, {steps}}}\n"
    org = ORGANIZATION.replace("annual_target: 700000.00", "annual_target: 1349.99")
    [found] = load(write_tree(tmp_path, {"org.yaml": org, "teams/web.yaml": text})).findings

    assert "USD 1,350.00 in FY2027" in found.message
