"""An organization's own rules in CEL: only true passes, what is unknown or wrong refuses everything and says where."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from policy.rules import DAY, judged_by, rule, said, with_rules
from policy.test_policy_rules import RULES, saved
from policy.test_policy_rules import said as said_in_python
from report.report_plans import Wallet, plan
from worlds import ORGANIZATION

from reconciler.clock import SystemClock
from reconciler.model.guards import Waiver
from reconciler.model.policy_input import PolicyInput
from reconciler.model.rule_facts import RuleFacts
from reconciler.policy import expression, organization_rules, rule_judging
from reconciler.policy.expression import INSTALL
from reconciler.policy.facts import Told, facts_of, judged
from reconciler.policy.rule_facts import LARGEST, MILLION, micros, rule_facts
from reconciler.policy.rule_set import Flaw, flaws

OWN: dict[str, dict[str, Any]] = {
    "below-p90": {
        "each": "change",
        "when": "change.is_money && change.environment == 'prod'",
        "assert": "change.target >= wallet.month_end.p90",
    },
    "above-a-fifth": {"when": "change.is_raise", "assert": "change.amount * 5 <= change.funded_before"},
    "may-run-out": {"each": "wallet", "assert": 'wallet.after.runs_out <= percent("2%")'},
    "unwatched-limit": {"each": "alert", "when": "alert.hard_limit", "assert": 'percent("80%") in alert.percentages'},
    "end-of-quarter": {"each": "plan", "when": "plan.changes > 0", "assert": "today.days_left_in_quarter >= 3"},
    "missed-promise": {"each": "assumption", "assert": 'assumption.verdict != "behind"'},
    "by-hand": {"each": "drift", "assert": 'drift.category != "changed"'},
    "doubled": {"when": "change.is_money", "assert": "change.target <= 2 * wallet.last_month"},
}


SAVED = saved()
BARE = facts_of(judged(plan(Wallet(funded="9000").change()), ORGANIZATION, Told()))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"target": "11980"},
        {"target": "10800"},
        {"limit": False},
        {"as_of": date(2026, 8, 28)},
        {"as_of": date(2026, 8, 27)},
        {"may": "5750"},
        {"may": "5749.99"},
    ],
    ids=str,
)
def test_rules_in_cel_say_what_the_same_rules_say_in_python(changes: dict[str, Any]) -> None:
    facts = saved(**changes)
    mine = with_rules(*(rule(**{"name": name, "asserts": own["assert"], **own}) for name, own in OWN.items()))
    assert {one.guard for one in judged_by(mine, facts, day=facts.as_of)} == said_in_python(facts, *RULES)


def test_only_true_passes() -> None:
    assert said(saved(), "true") == []
    assert said(saved(), "false") == [("refused", "support", "no (because)")]
    assert said(saved(), "false", when="false") == []


@pytest.mark.parametrize(
    ("asserts", "why"),
    [
        ("wallet.before.target > 0", "`wallet.before.target` is not known"),
        ("wallet.spent != usd('3.00')", "`wallet.spent` is not known"),
        ("!(wallet.spent in [1, 2])", "`wallet.spent` is not known"),
        ("change.before.hard_limit == false", "`change.before.hard_limit` is not known"),
        ("change.amount / 0 == 1", "divide by zero"),
        ("change.amount % 0 == 1", "modulus by zero"),
        ("change.amount * 9000000000000 > 0", "integer overflow"),
        ("share(change.amount, 0) >= 0", "nothing is a share of nothing, or of less"),
        ("plan.teams['nobody'] == 0", 'Key not found in map : "nobody"'),
        ("usd(change.team) > 0", "`support` is no amount; write it as `12500.00`".replace("`", "'")),
    ],
)
@pytest.mark.parametrize("level", ["deny", "warn", "approve"])
@pytest.mark.parametrize("key", ["when", "assert"])
def test_what_has_no_value_refuses_everything_whatever_the_level(asserts: str, why: str, level: str, key: str) -> None:
    bare = facts_of(judged(plan(Wallet(funded="9000").change()), ORGANIZATION, Told()))
    own = {"when": asserts, "asserts": "true"} if key == "when" else {"asserts": asserts}
    (found,) = judged_by(with_rules(rule(level=level, **own)), bare)
    assert (found.guard, found.status, found.team, found.position) == (
        "own",
        "refused",
        "",
        "budgets/policies/own.yaml",
    )
    assert found.message == f"the rule cannot be judged: `{key}` of support: {why}"
    assert "waivers:" not in found.hint
    assert found.hint


def changed(*teams: tuple[str, str]) -> PolicyInput:
    """Return the facts of a plan that raises these wallets without anything known of what they spend."""
    wallets = [Wallet(team=team, environment=environment) for team, environment in teams]
    return facts_of(judged(plan(*(wallet.change() for wallet in wallets)), ORGANIZATION, Told()))


def test_what_a_rule_cannot_be_judged_of_is_refused_once_and_named() -> None:
    teams = ("ops", "prod"), ("sales", "prod"), ("support", "dev")
    ((_, _, two),) = said(changed(*teams[:2]), "wallet.spent > 0")
    assert "`assert` of 2 changes (ops / prod, sales / prod): " in two
    assert said(changed(*teams), "wallet.spent > 0") == [
        (
            "refused",
            "",
            "the rule cannot be judged: `assert` of 3 changes (ops / prod, sales / prod, support / dev):"
            " `wallet.spent` is not known",
        )
    ]


def test_of_many_things_that_a_rule_cannot_be_judged_of_the_first_are_named() -> None:
    ((_, _, message),) = said(changed(*((f"team{number:02}", "prod") for number in range(15))), "wallet.spent > 0")
    assert message.startswith("the rule cannot be judged: `assert` of 15 changes (team00 / prod, team01 / prod, ")
    assert message.endswith(", team11 / prod and 3 more): `wallet.spent` is not known")
    ((_, _, message),) = said(changed(*((f"team{number:02}", "prod") for number in range(12))), "wallet.spent > 0")
    assert message.endswith(", team11 / prod): `wallet.spent` is not known")


def test_things_that_are_nobody_s_are_counted_without_names() -> None:
    facts = changed(("ops", "prod"), ("sales", "prod"))
    nobody = tuple(change.model_copy(update={"team": "", "environment": ""}) for change in facts.changes)
    ((_, _, message),) = said(facts.model_copy(update={"changes": nobody}), "change.funded_before / 0 > 0")
    assert message.startswith("the rule cannot be judged: `assert` of 2 changes: ")


def test_what_a_rule_lacks_is_said_once_for_each_fact_and_beside_what_it_judges() -> None:
    facts = changed(("ops", "prod"), ("sales", "prod"), ("support", "prod"))
    asserts = "change.team == 'ops' ? wallet.spent > 0 : change.team == 'sales' ? wallet.before.target > 0 : false"
    assert said(facts, asserts) == [
        ("refused", "", "the rule cannot be judged: `assert` of ops: `wallet.spent` is not known"),
        ("refused", "", "the rule cannot be judged: `assert` of sales: `wallet.before.target` is not known"),
        ("refused", "support", "no (because)"),
    ]


def test_what_has_no_value_matters_only_where_it_decides() -> None:
    bare = facts_of(judged(plan(Wallet().change()), ORGANIZATION, Told()))
    assert said(bare, "wallet.before.target > 0 || change.is_raise") == []
    assert said(bare, "wallet.before.target > 0", when="wallet.has_forecast") == []
    assert [status for status, _, _ in said(bare, "wallet.before.target > 0 || change.is_cut")] == ["refused"]


def test_levels_refuse_tell_or_ask_the_owner() -> None:
    found = {level: judged_by(with_rules(rule(level=level)), saved())[0] for level in ("deny", "warn", "approve")}
    assert {level: (one.status, one.owner) for level, one in found.items()} == {
        "deny": ("refused", ""),
        "warn": ("warned", ""),
        "approve": ("asks", "@acme/finance"),
    }
    assert "have @acme/finance approve it" in found["approve"].hint


def test_a_message_tells_the_figures_as_people_read_them() -> None:
    message = "{change.team} {change.amount} {params.most} {today.date} {wallet.month_end.p90} {change.is_raise}"
    more = " {plan.teams} {params.named} {params.day} {params.floor} {params.three} {change.removed}"
    parameters = {
        "most": "12.5%",
        "named": ["a", "b"],
        "day": "2026-06-30",
        "floor": "USD 7.50",
        "three": 3,
    }
    (found,) = said(saved(), message=message + more, parameters=parameters)
    assert found[2] == (
        "support USD 2,500.00 12.5% 2026-06-18 USD 11,980.00 yes support USD 2,500.00 a, b 2026-06-30 USD 7.50 3 –"
        " (because)"
    )


def test_a_rule_speaks_of_its_teams_environments_and_days() -> None:
    facts = saved()
    assert said(facts, applies_to={"teams": ["support"], "environments": ["prod"]})
    assert said(facts, applies_to={"teams": ["sales"]}) == []
    assert said(facts, applies_to={"environments": ["dev"]}) == []
    day = timedelta(days=1)
    assert said(facts, from_=str(DAY))
    assert said(facts, until=str(DAY))
    assert said(facts, from_=str(DAY + day)) == []
    assert said(facts, until=str(DAY - day)) == []


def test_a_rule_that_begins_between_plan_and_apply_holds_for_apply_and_one_that_ends_there_still_does() -> None:
    week = DAY + timedelta(days=7)
    for own in ({"from_": "2026-06-20"}, {"until": "2026-06-20"}, {"from_": "2026-06-20", "until": "2026-06-21"}):
        assert judged_by(with_rules(rule(**own)), saved(), day=week), own


def test_a_waiver_of_a_rule_lets_its_team_pass_until_its_day_and_nothing_that_cannot_be_judged() -> None:
    waiver = Waiver(rule="own", team="support", until=DAY, reason="launch", approved_by="@ada")
    (found,) = judged_by(with_rules(rule(), waivers=(waiver,)), saved())
    assert (found.status, found.hint) == ("waived", "waived until 2026-06-18 by @ada: launch")
    (late,) = judged_by(with_rules(rule(), waivers=(waiver,)), saved(), day=DAY + timedelta(days=1))
    assert late.status == "refused"
    assert "`- {rule: own, team: support, until: 2026-07-03" in late.hint
    whole = waiver.model_copy(update={"team": None})
    for asserts in ("false", "change.amount / 0 == 1"):
        (found,) = judged_by(with_rules(rule(asserts), waivers=(whole,)), saved())
        assert found.status == "refused"


def test_a_plan_that_does_not_tell_its_alerts_is_refused_where_a_rule_asks_of_them() -> None:
    bare = facts_of(plan(Wallet().change()))
    (found,) = judged_by(with_rules(rule("true", each="alert")), bare)
    assert found.message == "the rule cannot be judged: the plan does not tell what there is of alerts"


def test_rules_of_another_currency_refuse_everything() -> None:
    (found,) = judged_by(with_rules(rule("true")), saved().model_copy(update={"currency": "EUR"}))
    assert (found.guard, found.status, found.team) == ("policies", "refused", "")


def test_rules_that_do_not_load_refuse_everything_and_say_where() -> None:
    (found,) = judged_by(with_rules(rule("true"), rule("change.amout > 1", name="other")), saved())
    assert (found.guard, found.status, found.position) == ("policies", "refused", "budgets/policies/own.yaml")
    assert found.message == "the rules do not load: `change.amout` is nothing that this rule can read"
    bare = saved().model_copy(update={"changes": ()})
    (found,) = judged_by(with_rules(rule("true"), rule("change.amout > 1", name="other")), bare)
    assert found.position == "policies/own.yaml"


def test_rules_without_their_runtime_refuse_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cel_expr_python", None)
    expression.language.cache_clear()
    (found,) = judged_by(with_rules(rule("true", reason="without a runtime")), saved())
    said = "rules are judged with CEL, which is not installed"
    assert (found.status, found.message, found.hint) == ("refused", f"the rules do not load: {said}", INSTALL)
    found_in = flaws(with_rules(rule()).policies["policies/own.yaml"], "USD")
    assert list(found_in) == [Flaw("rules-not-installed", said, INSTALL, ("rules", 0))]
    expression.language.cache_clear()


def test_judging_ends_when_it_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule_judging, "LONGEST_SECONDS", -1.0)
    (found,) = judged_by(with_rules(rule("true")), saved())
    assert (found.status, found.message) == ("refused", "judging the rules takes too long")
    assert (found.hint, found.position) == ("write simpler rules", "budgets/policies/own.yaml")


def test_what_could_not_be_judged_until_then_is_said_where_judging_takes_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([0.0, 0.0, 2 * rule_judging.LONGEST_SECONDS])
    monkeypatch.setattr(SystemClock, "monotonic", lambda _: next(times))
    found = judged_by(with_rules(rule("wallet.spent > 0")), changed(("ops", "prod"), ("sales", "prod")))
    assert sorted(one.message for one in found) == [
        "judging the rules takes too long",
        "the rule cannot be judged: `assert` of ops: `wallet.spent` is not known",
    ]


def test_money_that_no_rule_can_count_refuses_everything() -> None:
    facts = saved()
    huge = facts.changes[0].model_copy(update={"amount": Decimal(10**13)})
    (found,) = judged_by(with_rules(rule("true")), facts.model_copy(update={"changes": (huge,)}))
    assert found.message.startswith("the rules cannot be judged: 10,000,000,000,000.00 is more")
    assert (found.hint, found.position) == ("make the change smaller", "")
    assert micros(LARGEST / Decimal(MILLION)) == LARGEST
    with pytest.raises(OverflowError):
        micros(Decimal(LARGEST + 1) / MILLION)


ASSERTS = (
    "true",
    "false",
    "change.is_raise // a remark",
    "wallet.spent > 0",
    "change.amount / 0 == 1",
    "change.is_cut",
)


@pytest.mark.parametrize("together", [1, 2, 40])
@pytest.mark.parametrize("whole", [SAVED, BARE], ids=["with forecast", "bare"])
def test_rules_that_are_asked_together_say_what_each_says_alone(
    together: int, whole: PolicyInput, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [
        rule(asserts, name=f"r{place}", **({} if when is None else {"when": when}))
        for place, (asserts, when) in enumerate((one, other) for one in ASSERTS for other in (None, *ASSERTS))
    ]
    monkeypatch.setattr(rule_judging, "TOGETHER", together)
    alone = [found for one in rules for found in judged_by(with_rules(one), whole)]
    assert sorted(judged_by(with_rules(*rules), whole), key=str) == sorted(alone, key=str)
    assert len({one.status + one.team for one in alone}) == 2


def test_a_rule_that_goes_over_too_many_values_refuses_and_says_so() -> None:
    values = ", ".join(map(str, range(25)))
    inner = f"[{values}].all(b, [{values}].all(c, a + b + c >= 0))"
    ((status, _, message),) = said(SAVED, f"[{values}].all(a, {inner})")
    assert (status, message.rpartition(": ")[2]) == ("refused", "it goes over too many values")


def test_an_organization_without_rules_has_none_and_needs_no_runtime() -> None:
    assert organization_rules.organization_rules(ORGANIZATION, day=DAY) == ()


def test_the_facts_that_rules_read_are_those_of_the_plan(golden: Callable[[str, str], None]) -> None:
    found = rule_facts(saved(), DAY)
    golden("policy/rule-facts.json", found.text())
    assert RuleFacts.model_validate(found.fields()) == found


def names() -> Iterator[str]:
    yield from ("a\u202eb", "`x` @everyone [l](http://x)", "<script>", "x" * 500)


@pytest.mark.parametrize("name", list(names()))
def test_no_name_of_an_alert_ends_the_code_of_a_sentence_or_hides_in_it(name: str) -> None:
    facts: PolicyInput = saved()
    assert facts.objects
    one = facts.objects[0].model_copy(update={"value": {**facts.objects[0].value, "name": name}})
    facts = facts.model_copy(update={"objects": (one,)})
    ((_, _, message),) = said(facts, each="alert", message="`{alert.name}` is not right")
    assert message.count("`") == 2
    assert message.isprintable()
    assert len(message) < 200


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (rule("change.amount < 0 && wallet.team != 'a' && wallet.is_changed"), False),
        (rule("plan.changes > 0", each="plan"), False),
        (rule("change.amount < 0", when="wallet.has_forecast"), True),
        (rule("wallet.spent < change.target"), True),
        (rule("wallet.team != 'a'", each="wallet"), True),
        (rule("warning.fires > 0", each="warning"), True),
        (rule("assumption.team != 'a'", each="assumption"), True),
        (rule("nonsense"), False),
    ],
    ids=str,
)
def test_which_rules_look_at_what_usage_tells(one: dict[str, Any], *, expected: bool) -> None:
    assert organization_rules.look_ahead(with_rules(rule("true"), {**one, "name": "other"})) is expected
    assert not organization_rules.look_ahead(ORGANIZATION)
