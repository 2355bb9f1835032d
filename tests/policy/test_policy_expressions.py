"""What expressions of rules say of a change, and what is wrong with those that are none, word for word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from policy.rules import DAY, forget, rule, with_rules
from policy.test_policy_own_rules import SAVED

from reconciler.policy.expression import EvaluationError, ExpressionError, Language, program
from reconciler.policy.expression_cures import EXAMPLE, called, held_against
from reconciler.policy.rule_facts import rule_facts
from reconciler.policy.rule_judging import subjects
from reconciler.policy.rule_set import LoadedRule, loaded
from reconciler.policy.vocabulary import values

LONG = "9" * 50
EXPRESSIONS: dict[str, tuple[str, ...]] = {
    "names": (
        "change.amout > 1",
        "change.is_raise && change.amout > 1",
        "change.amout > 1 && change.is_raise",
        "true &&\n\n  change.teem == 'a'",
        "true &&\n  1 + 'a' > 0 &&\n true",
        "change",
        "change.team == support",
        "true && (support == change.team)",
        "nobody.team == 'a'",
        f"{'x' * 90} == 1",
        "p(params.most)",
        "change.team.x == 'a'",
        "change.team.shout() == 'A'",
        "usd() > 0",
        "days(today.date) > 0",
        "'é' != 'e' && change.amout > 1",
        "change . is_raise",
        "true && change . amout > 1",
        "change.is_raise // and more",
    ),
    "no CEL": (
        "change.amount >",
        "'a",
        "é == 'e'",
        "change.`a` == 1",
        f"{'(' * 40}true{')' * 40}",
        "usd(change.is_raise) > 0",
        "change.amount > usd(2500)",
        "[change.is_raise] == 1",
    ),
    "no yes or no": ("change.amount", "change.team", "[change.amount]", "today.date"),
    "what no rule holds": (
        "change.amount > 1.5",
        "change.amount > 15e-1",
        "change.amount > .5",
        "change.amount == 1u",
        "change.amount == 0x1U",
        "change.amount == 5",
        "change.before.hard_limit == null",
        "{'a': 1}['a'] == 1",
        "change.team == b'x'",
        'change.team == bR"x"',
        "change.team == Br'x'",
        "}",
        r"change.team != r'\' && 1.5 < 2.5 || change.team == 'x'",
        r'change.team != """\"""" && 1.5 < 2.5 || change.team == "x"',
        "change.team != '1.5 null {u} // b'",
    ),
    "texts": (
        "usd('1.234') > 0",
        f"true || usd('{LONG}.000') > 0",
        "usd(r'2500.00') == change.amount",
        'usd(R"2500.00") == change.amount',
        "usd('''2500.00''') == change.amount",
        r"usd('2500\u002e00') == change.amount",
        r"usd('25\u002e0') == change.amount",
        "usd('X2500.00X') == change.amount",
        "usd(change.team) > 0",
        r"usd(('5\n6')) > 0",
        "usd('9999999999999.00') > 0",
        "percent('20') > 0",
        f"true || percent('{LONG}') > 0",
        "percent('12.5%') == 125000",
        "usd('12500.00') == 12500000000",
        "today.date > date('2026-02-30')",
        f"true || today.date > date('{LONG}')",
        "date('20260618') == today.date",
        "date('2026-W25-4') == today.date",
        "date('2026-06-18') == today.date",
        "change.team.startsWith('1.234')",
        "change.team == ('support')",
    ),
    "lists": (
        "change.team in ['support', 1]",
        "[1, 'a'] == [1, 'a']",
        "(['a', 1]).size() == 2",
        "!(change.team in [ \n\t])",
        "change.team in ['support']",
        "[['support']] == [[change.team]]",
        "plan.teams.all(t, t in [t])",
        "plan.teams['support'] == change.amount",
        "plan.teams.all(t, plan.teams[t] > 0)",
        "plan.teams.all(t, plan.teams [t] > 0)",
        "[1, 2][0] == 1",
        "[[1], [2]][0][0] == 1",
        "wallet.history[('2026-05')] > 0",
        "'a' in ['a'] && [1].size() == 1",
        "{'a': [1, 'b']}",
        "]",
    ),
    "functions": (
        "part(percent('33.3333%'), usd('0.01')) == 3333",
        "share(usd('1.00'), usd('3.00')) == 333333",
        "share(1, 1) == 1000000",
        "share(1, 0) == 0",
        "share(change.amount, -1) == 0",
        "days(date('2026-06-30'), date('2026-07-02')) == 2",
        "share(change.amount, 'a') > 0",
        "days(change.amount, today.date) > 0",
        "part(1000000, 9223372036854775807) == 9223372036854775807",
        "part(1000001, 9223372036854775807) > 0",
        "share(9223372036854775807, 1000000) == 9223372036854775807",
        "share(9223372036854775807, 999999) > 0",
        "today.weekday == 4 && today.days_left_in_month == 12 && today.days_left_in_year == 347",
    ),
    "values": (
        "change.amount <= params.most",
        "wallet.before.target < wallet.spent",
        "change.before.amount > 0",
        "change.amount / 0 == 1",
        "change.amount * 9000000000000 > 0",
        "plan.teams['nobody'] == 0",
        f"plan.teams['{'n' * 400}'] == 0",
        "plan.teams['`nobody`'] == 0",
        "plan.teams['no\\nbody'] == 0",
    ),
}


MEANT = {
    "change.amount > usd('5.00') and change.is_raise": "change.amount > usd('5.00') && change.is_raise",
    "change.is_raise OR not wallet.is_spent_known": "change.is_raise || !wallet.is_spent_known",
    "change.team = 'support'": "change.team == 'support'",
    "change.team <> 'and'": "change.team != 'and'",
    "change.is_raise == True": "change.is_raise == true",
    "change.is_raise == 'true'": "change.is_raise == true",
    "change.is_raise)": "change.is_raise",
    "change.is_raise ||\n  ": "change.is_raise",
    "change.is_raise &&\n  (change.team == 'a'": "change.is_raise && (change.team == 'a')",
    'change.team == "support': 'change.team == "support"',
    "change.team in ['support'": "change.team in ['support']",
    "change.team == support": 'change.team == "support"',
    "change.amount > '2500.00'": "change.amount > usd('2500.00')",
    "change.amount > usd(2500)": 'change.amount > usd("2500")',
    "change.amount > usd(2500.50)": 'change.amount > usd("2500.50")',
    "change.amount > USD 2500": 'change.amount > usd("2500")',
    "change.amount > $2500.00 && change.team != '$1 20%'": (
        "change.amount > usd(\"2500.00\") && change.team != '$1 20%'"
    ),
    "change.amount >= part(20%, params.most)": 'change.amount >= part(percent("20%"), params.most)',
    "today.date > '2026-06-30'": "today.date > date('2026-06-30')",
}
"""What people write, and what they are told to write."""


def own() -> LoadedRule:
    return loaded(with_rules(rule(), parameters={"most": "USD 2500.00"}))[0]


def verdicts() -> Iterator[str]:
    seen, spoken = rule_facts(SAVED, DAY), own().language
    (change,) = subjects("change", seen, SAVED) or ()
    known = {**dict(values("plan", seen.plan)), **dict(values("today", seen.today)), **own().parameters}
    facts = spoken.facts({**known, **change.values})
    for title, listed in EXPRESSIONS.items():
        yield f"# {title}"
        for expression in listed:
            yield expression
            try:
                yield f"  {program(spoken, expression).judge(facts)}"
            except ExpressionError as error:
                yield f"  at {error.offset}: {error}; {error.hint}"
            except EvaluationError as error:
                yield f"  no value: {error} [{error.unknown}]"


def test_what_expressions_say(golden: Callable[[str, str], None]) -> None:
    forget()
    golden("policy/rules_written.txt", "\n".join([*verdicts(), ""]))


@pytest.mark.parametrize("wrong", MEANT)
def test_the_rule_that_is_meant_is_named_once_it_was_tried(wrong: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        program(own().language, wrong)
    assert caught.value.hint == f"write `{MEANT[wrong]}`"
    program(own().language, MEANT[wrong])


def _hint(spoken: Language, expression: str) -> str | None:
    try:
        program(spoken, expression)
    except ExpressionError as error:
        return error.hint
    return None


def test_every_error_of_an_expression_has_a_cure_whose_examples_are_rules() -> None:
    spoken = own().language
    written = [one for listed in EXPRESSIONS.values() for one in listed]
    assert [one for one in written if _hint(spoken, one) == ""] == []
    for function in spoken.functions:
        (example,) = re.findall("`(.+)`", called(function, spoken.functions))
        program(spoken, f"{example} == {example}")
    (example,) = re.findall("`(.+)`", EXAMPLE)
    program(spoken, example)
    for value, type_ in (("change.amount", "int"), ("change.team", "string"), ("today.date", "timestamp")):
        examples = re.findall("`(.+?)`", held_against(type_, spoken.functions))
        for example in examples:
            program(spoken, f"{value} {example}")
    assert "size(…)" in held_against("list<int>", spoken.functions)


def test_a_long_expression_is_not_tried_in_every_way() -> None:
    with pytest.raises(ExpressionError) as caught:
        program(own().language, " and ".join(["change.is_raise"] * 400))
    assert caught.value.hint == EXAMPLE
