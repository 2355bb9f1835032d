"""What rules say of each kind of thing, word for word: where it stands, whom it is about, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from policy.rules import DAY, forget, judged_by, rule, with_rules
from policy.test_policy_own_rules import BARE, SAVED
from report.report_plans import ASSUMPTIONS, Wallet, plan
from worlds import ORGANIZATION, billing_budget, desired, object_change

from reconciler.model.drift import DriftItem
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import GuardResult
from reconciler.model.policy_input import Declared, PolicyInput
from reconciler.model.rule import EACH, MOST_RULES
from reconciler.policy.explain import explained
from reconciler.policy.facts import Told, declared_objects, facts_of, judged
from reconciler.policy.rule_facts import rule_facts
from reconciler.policy.rule_judging import subjects, verdicts
from reconciler.policy.rule_message import worded_value
from reconciler.policy.rule_set import Flaw, RuleSetError, flaws, loaded
from reconciler.policy.vocabulary import names_for, values

SAID = {
    "plan": "{plan.changes} of {plan.moved} on {today.date}, {plan.is_compared}, {plan.settings_change}, {plan.period}",
    "change": "{change.is_cut} {change.key} {change.verb} {change.amount} in {change.environment}, {wallet.spent}",
    "wallet": "{wallet.id} of {wallet.environment} {wallet.month_end.p90} {wallet.after.runs_out}",
    "alert": "{alert.name} {alert.environment} {alert.percentages}",
    "warning": "{warning.name} {warning.environment} {warning.fires}",
    "assumption": "{assumption.name} {assumption.verdict}",
    "drift": "{drift.category} {drift.key}",
}
UNKNOWN = {
    "plan": "plan.pool < 0",
    "change": "wallet.last_month < 0",
    "wallet": "wallet.last_month < 0",
    "drift": "drift.amount < 0",
    "assumption": "assumption.owed < 0",
}


ALERT = billing_budget("x", "80.00", alert_percentages=(50, 90, 100))
SWITCHED = ALERT.model_copy(update={"hard_limit": True, "alert_percentages": (90,)})
OF_ALERT = {"key": "team/team_support/x", "team": "support"}
SCHEDULE = ExportSchedule.model_validate({"name": "w", "cron": "0 6 * * MON", "window": "7d", "s3": {"bucket": "b"}})
CUT = Wallet(team="sales", funded="9000", target="6000")
CHANGES = (
    CUT.change(),
    object_change("create_billing_budget", **OF_ALERT, environment="prod", after=SWITCHED),
    object_change("update_billing_budget", **OF_ALERT, before=ALERT, after=SWITCHED),
    object_change("update_billing_budget", **OF_ALERT, before=SWITCHED, after=SWITCHED),
    object_change("delete_billing_budget", **OF_ALERT, before=ALERT).model_copy(update={"key": "team_sales"}),
    object_change("delete_export_schedule", key="w", before=SCHEDULE),
)
DECLARED = Declared(since="c0ffee", organization=True, teams=(), retargeted=Decimal("7.50"), hard_limits={})
OWED = ASSUMPTIONS.model_copy(
    update={"assumptions": (ASSUMPTIONS.assumptions[2].model_copy(update={"owed": Decimal(340)}),)}
)
BY_HAND = (
    DriftItem.model_validate({"class": "changed", "team": "support", "key": "team/team_support/x"}),
    DriftItem.model_validate({"class": "unmanaged", "team": "", "amount": "-5.00"}),
)


def many() -> PolicyInput:
    """Return facts with a cut, changes of objects, a forecast that is worth nothing, and what nobody is sure of."""
    objects = list(declared_objects(desired(budgets=[("support", ALERT)], schedules=[SCHEDULE]), None))
    of_none = (one.model_copy(update={"environment": None}) for one in objects)
    told = Told(objects=(*objects, *of_none), declared=DECLARED)
    worthless = replace(CUT, confidence="none").forecast()
    made = plan(*CHANGES, impact=(worthless,), assumptions=(OWED,), drift=BY_HAND)
    return facts_of(judged(made, ORGANIZATION, told))


MANY = many()


def told(one: GuardResult) -> str:
    return f"{one.status} {one.guard} [{one.team}] {one.position} {one.owner}: {one.message}\n  {one.hint}"


def organizations() -> Iterator[tuple[str, OrganizationBudget, PolicyInput]]:
    """Yield what is tried, by its name, with the facts that it is judged by."""
    for each in EACH:
        of_prod: dict[str, Any] = (
            {} if each in ("plan", "assumption", "drift") else {"applies_to": {"environments": ["prod"]}}
        )
        for name, facts in (("known", SAVED), ("bare", BARE)):
            yield f"{each} {name}", with_rules(rule(each=each, message=SAID[each])), facts
            yield f"{each} {name} of prod", with_rules(rule(each=each, **of_prod)), facts
            yield f"{each} {name} asks", with_rules(rule(each=each, level="approve")), facts
            if each in UNKNOWN:
                yield f"{each} {name} unknown", with_rules(rule(UNKNOWN[each], each=each)), facts
    yield "division", with_rules(rule("1 / (plan.changes - plan.changes) == 1", each="plan")), SAVED
    yield "division in when", with_rules(rule(when="1 / (plan.changes - plan.changes) == 1")), SAVED
    yield "no rule", with_rules(), SAVED
    yield "does not load", with_rules(rule("nonsense")), SAVED
    yield "another currency", with_rules(rule()), SAVED.model_copy(update={"currency": "EUR"})
    yield "two sets", two_sets(), SAVED


def two_sets() -> OrganizationBudget:
    here, there = with_rules(rule()), with_rules(rule("true"), rule(name="other", each="plan"))
    sets = {"inside": there.policies["policies/own.yaml"], **here.policies}
    return here.model_copy(update={"policies": sets})


def test_what_rules_say(golden: Callable[[str, str], None]) -> None:
    forget()
    lines = []
    for name, organization, facts in organizations():
        lines += [f"# {name}", *map(told, judged_by(organization, facts))]
        day = facts.as_of + timedelta(days=1)
        lines += [f"  about {[one.about for one in verdicts(organization, day, facts)]}"]
    golden("policy/rules_said.txt", "\n".join([*lines, ""]))


def test_why_rules_say_it(golden: Callable[[str, str], None]) -> None:
    forget()
    lines = []
    for each in EACH:
        asserts = {"change": "change.amount <= usd('1000.00')", "wallet": "wallet.after.target < usd('1.00')"}
        own = with_rules(rule(asserts.get(each, "false"), each=each, message=SAID[each]))
        for facts in (SAVED, BARE, MANY):
            lines += [f"# {each}", *(str(one) for rule_ in loaded(own) for one in explained(rule_, facts, DAY))]
    golden("policy/rules_explained.txt", "\n".join([*lines, ""]))


EXPLAINED: dict[str, dict[str, Any]] = {
    "passes": {"asserts": "change . target > usd('1.00')"},
    "does not apply": {"when": "change.target < usd('1.00')"},
    "of its team and environment": {"applies_to": {"teams": ["support"], "environments": ["prod"]}},
    "nobody knows whether it applies": {"when": "change.before.hard_limit"},
    "a smaller amount": {"asserts": "change.amount <= usd('1000.00')"},
    "a lower target": {"asserts": "change.target <= usd('9999.99')"},
    "less afterwards": {"asserts": "change.funded_after < usd('10000.01')"},
    "less in the wallet": {"asserts": "wallet.after.target <= usd('9500.00')"},
    "more in the wallet": {"asserts": "change.target > usd('20000.00') && wallet.after.target == change.target"},
    "a higher target": {"asserts": "change.target >= usd('20000.00')"},
    "ten times the target": {"asserts": "change.target >= usd('115000.00')"},
    "more than ten times the target": {"asserts": "change.target > usd('115000.00')"},
    "ten times what was before": {"asserts": "change.target >= usd('90000.00')"},
    "more than ten times what was before": {"asserts": "change.target > usd('90000.00')"},
    "ten": {"asserts": "change.target >= usd('10.00')"},
    "more than ten": {"asserts": "change.target > usd('10.00')"},
    "no target": {"asserts": "change.target < usd('0.00')"},
    "where it does not apply": {"when": "change.amount > usd('100.00')"},
    "beside what does not move": {"asserts": "plan.changes < 0 || change.target < usd('10000.00')"},
    "beside what else moves": {"asserts": "plan.moved < 0 || change.target < usd('10000.00')"},
    "beside a forecast": {"asserts": "wallet.after.ceiling < 0 || change.target < usd('10000.00')"},
    "beside both": {"when": "plan.moved > 0", "asserts": "wallet.after.ceiling < change.target"},
    "nothing that moves": {"asserts": "change.team.startsWith('x') && wallet.history.size() > 3"},
}
SMALL = facts_of(judged(plan(Wallet(funded="0", target="0.50").change()), ORGANIZATION, Told()))


def test_which_target_would_pass(golden: Callable[[str, str], None]) -> None:
    forget()
    lines = []
    for name, own in EXPLAINED.items():
        (one,) = loaded(with_rules(rule(**own)))
        lines += [f"# {name}"]
        for facts in (SAVED, BARE, MANY.model_copy(update={"changes": MANY.changes[:1]}), SMALL):
            for found in explained(one, facts, DAY):
                read = ", ".join(f"{value.name} {value.value}" for value in found.read)
                lines.append(f"{found.outcome} [{found.because}] [{found.would_pass}] by {read}")
    golden("policy/rules_would_pass.txt", "\n".join([*lines, ""]))


def test_what_rules_are_asked_of(golden: Callable[[str, str], None]) -> None:
    lines = []
    for facts in (SAVED, BARE, MANY):
        seen = rule_facts(facts, DAY)
        lines.append(str(dict(values("plan", seen.plan))))
        for each in EACH:
            found = subjects(each, seen, facts)
            lines.append(f"# {each}" if found is not None else f"# {each}: not told")
            lines += [f"{one.team} {one.environment} {one.about} {one.position}: {one.values}" for one in found or ()]
    golden("policy/rules_asked.txt", "\n".join([*lines, ""]))


def test_a_change_of_a_wallet_of_which_nothing_is_known_tells_nothing_of_it() -> None:
    facts = MANY.model_copy(update={"wallets": {}})
    (first, *_) = subjects("change", rule_facts(facts, DAY), facts) or ()
    assert {name.partition(".")[0] for name in first.values} == {"change"}


def test_the_names_that_rules_read(golden: Callable[[str, str], None]) -> None:
    forget()
    general = names_for("plan")
    found = [(name, one) for each in EACH[1:] for name, one in names_for(each).items() if name not in general]
    listed = (f"{name}: {one}" for name, one in (*general.items(), *found))
    golden("policy/rules_names.txt", "\n".join([*listed, ""]))


FLAWED: dict[str, dict[str, Any]] = {
    "expression": {"assert": "change.amont < 1"},
    "when": {"when": "wallet"},
    "message": {"message": "{change.amont}"},
    "within an expression": {"assert": "true && change.amont < 1"},
    "within a message": {"message": "it is {change.amont}"},
    "a brace": {"message": "it { is"},
    "a brace behind a name": {"message": "{change.amount} and }"},
    "a long name": {"message": f"{{{'x' * 90}}}"},
    "parameters": {
        "parameters": {"a": "USD 5.00", "b": "20%", "c": "2026-06-18", "d": ("x", "y"), "e": "text", "f": 7}
    },
    "currency": {"parameters": {"most": "EUR 5.00"}},
    "teams of a plan": {"each": "plan", "applies_to": {"teams": ["a"]}},
    "environments of drift": {"each": "drift", "applies_to": {"environments": ["a"], "teams": ["b"]}},
    "environments of assumptions": {"each": "assumption", "applies_to": {"environments": ["a"], "teams": ["b"]}},
    "ends before it begins": {"from": "2026-06-02", "until": "2026-06-01"},
    "of one day": {"from": "2026-06-02", "until": "2026-06-02"},
    "nothing": {},
}


def test_what_is_wrong_with_rules(golden: Callable[[str, str], None]) -> None:
    forget()
    lines = []
    for name, changes in FLAWED.items():
        given = dict(changes)
        organization = with_rules(
            rule("true", name="first"),
            {**rule("true"), **{k: v for k, v in given.items() if k != "parameters"}},
            parameters=given.get("parameters"),
        )
        rules = organization.policies["policies/own.yaml"]
        lines += [f"# {name}", *(str(one) for one in flaws(rules, "USD"))]
        try:
            lines.append(f"{len(loaded(organization))} loaded: {loaded(organization)[0].parameters}")
        except RuleSetError as error:
            lines.append(f"{error.set_name}: {error}")
    golden("policy/rules_wrong.txt", "\n".join([*lines, ""]))


def test_more_rules_than_an_organization_can_have_are_one_flaw() -> None:
    rules = with_rules(*(rule("true", name=f"own-{n}") for n in range(MOST_RULES + 1))).policies["policies/own.yaml"]
    (flaw,) = flaws(rules, "USD")
    message = "there are 501 rules here; an organization can have 500"
    assert flaw == Flaw("too-many-rules", message, "let one rule speak of several teams, with `applies_to`", ("rules",))
    assert list(flaws(rules.model_copy(update={"rules": rules.rules[1:]}), "USD")) == []


def test_values_are_worded_on_one_line_and_cut() -> None:
    longest = len(worded_value("x" * 1_000, "text", "USD"))
    assert worded_value("x" * longest, "text", "USD") == "x" * longest
    assert worded_value("x" * (longest + 1), "text", "USD") == "x" * (longest - 1) + "…"
    assert worded_value("a`b\x07\u202e", "text", "USD") == "a'b??"
    assert worded_value(date(2026, 6, 1), "day", "USD") == worded_value("2026-06-01", "day", "USD") == "2026-06-01"
    assert worded_value({"2026-05": 5_000_000, "2026-06": 0}, "moneys", "USD") == "2026-05 USD 5.00, 2026-06 USD 0.00"
