"""A bare number beside money would count millionths of it: rules say which unit they mean."""

from __future__ import annotations

import pytest

from reconciler.model.rule import RuleSet
from reconciler.policy.rule_set import Flaw, flaws

PARAMETERS = {"limit": 2500, "most": "USD 2500.00", "growth": "20%"}


def flaws_of(asserts: str, *, each: str = "change") -> list[Flaw]:
    rule = {"name": "own", "level": "deny", "owner": "o", "reason": "r", "message": "m", "each": each}
    rules = RuleSet.model_validate({"parameters": PARAMETERS, "rules": [{**rule, "assert": asserts}]})
    return list(flaws(rules, "USD"))


@pytest.mark.parametrize(
    ("asserts", "begins", "message", "hint"),
    [
        ("change.amount <= 2500", "2500", "`change.amount` is money, and 2500 would be 2500 millionths of it",
         'write `usd("2500.00")`'),
        ("2500 >= change.amount", "2500", "2500 millionths", 'write `usd("2500.00")`'),
        ("change.amount > -0x10", "0x10", "0x10 millionths", 'write `usd("16.00")`'),
        ("change.amount + 5 < usd('9.00')", "5", "5 millionths", 'write `usd("5.00")`'),
        ("usd('9.00') != 5 || true", "5", "`usd(…)` is money", 'write `usd("5.00")`'),
        ("part(percent('20%'), change.amount) < 100", "100", "`part(…)` is money", 'write `usd("100.00")`'),
        ("share(change.amount, usd('10.00')) <= 20", "20", "`share(…)` is a share", 'write `percent("20%")`'),
        ("change.amount < params.limit", "change.amount", "is money, and `params.limit` is a number",
         'write the parameter with its unit, as in `limit: "USD 2500.00"`'),
        ("percent('5%') < params.limit", "percent", "is a share, and `params.limit` is a number",
         'write the parameter with its unit, as in `limit: "20%"`'),
        ("change.amount < params.growth", "change.amount", "is money, and `params.growth` is a share",
         "take the share of some money: `part(params.growth, change.amount)`"),
        ("change . amount < plan.changes", "change", "`change.amount` is money, and `plan.changes` is a number",
         "compare money with money, a share with a share, and a number with a number"),
        ("days(today.date, today.date) < change.amount", "days", "`days(…)` is a number",
         "compare money with money, a share with a share, and a number with a number"),
        ("change.amount < 1000000000000", "1000000000000", "is money", 'write `usd("1000000000000.00")`'),
        ("change.amount < 1000000000001", "1000000000001", "is money",
         "compare money with money, a share with a share, and a number with a number"),
        ("params.growth < 999999", "999999", "is a share", 'write `percent("999999%")`'),
        ("params.growth < 1000000", "1000000", "is a share",
         "compare money with money, a share with a share, and a number with a number"),
    ],
)  # fmt: skip
def test_money_and_shares_are_held_against_nothing_else(asserts: str, begins: str, message: str, hint: str) -> None:
    (found,) = flaws_of(asserts)
    assert (found.code, found.keys, found.hint) == ("rule-units", ("rules", 0, "assert"), hint)
    assert message in found.message
    assert asserts[found.offset :].startswith(begins)


@pytest.mark.parametrize(
    "asserts",
    [
        "change.amount > 0 && 0 < change.amount",
        "change.amount <= params.most && change.amount - params.most < usd('1.00')",
        "change.amount <= 2 * params.most",
        "change.amount * 2 > params.most / 3",
        "share(change.amount, params.most) <= params.growth",
        "part(params.growth, params.most) >= change.amount",
        "plan.changes < 5 && 5 > params.limit && today.weekday - 1 < 6",
        "days(today.date, date('2026-06-30')) < 5",
        "(change.amount) < params.most",
        "change.team.size() < 40 && plan.teams.size() < 5",
        "plan.teams[change.team] < usd('5.00')",
        "[change.amount].exists(one, one < 5)",
        "-1 < plan.changes",
        "(1 + 2) * 3 < plan.changes",
    ],
)
def test_what_is_of_one_unit_or_cannot_be_told_is_left_alone(asserts: str) -> None:
    assert flaws_of(asserts) == []


@pytest.mark.parametrize("asserts", ["change.amount <", "< 5", ") < 5", "part( < 5", "change.amount < part(5", "-"])
def test_what_is_no_expression_is_told_once(asserts: str) -> None:
    assert {found.code for found in flaws_of(asserts)} == {"rule-expression"}


def test_when_is_looked_at_as_well() -> None:
    rule = {"name": "own", "level": "deny", "owner": "o", "reason": "r", "message": "m", "when": "change.amount > 5"}
    rules = RuleSet.model_validate({"rules": [{**rule, "assert": "change.amount < 7"}]})
    assert [(found.keys[-1], found.hint) for found in flaws(rules, "EUR")] == [
        ("when", 'write `eur("5.00")`'),
        ("assert", 'write `eur("7.00")`'),
    ]


def test_a_cure_is_one(subtests: pytest.Subtests) -> None:
    for asserts, cured in (
        ("change.amount <= 2500", 'change.amount <= usd("2500.00")'),
        ("share(change.amount, params.most) <= 20", 'share(change.amount, params.most) <= percent("20%")'),
        ("params.growth < 999999", 'params.growth < percent("999999%")'),
        ("change.amount < 1000000000000", 'change.amount < usd("1000000000000.00")'),
        ("change.amount < params.growth", "change.amount < part(params.growth, change.amount)"),
    ):
        with subtests.test(asserts):
            assert flaws_of(asserts) != []
            assert flaws_of(cured) == []
