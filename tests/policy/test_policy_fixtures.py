"""What fixtures give rules to read, by which names, and what rules say of it, word for word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policy.rules import forget, rule, with_rules
from report.report_plans import JUNE

from reconciler.model.rule import EACH
from reconciler.model.rule_fixture import RuleFixture
from reconciler.policy.fixtures import FixtureError, asked_of, known_of, verdict_of
from reconciler.policy.rule_set import loaded

RAISE = {"kind": "allocate", "team": "support", "environment": "prod", "funded_before": 9_000, "amount": "2500.00"}
ALERT = {"name": "a", "amount": 80, "percentages": ["80%", "100%"], "hard_limit": True}
GIVEN: dict[str, dict[str, Any]] = {
    "nothing": {},
    "a day": {"today": "2026-12-31"},
    "a plan": {
        "plan": {
            "moved": "2500.50",
            "changes": 3,
            "drift": 1,
            "is_compared": True,
            "period": "2026-06",
            "as_of": "2026-06-18",
            "teams": {"support": "-5.00", "sales": 7},
        }
    },
    "a raise": {"change": RAISE},
    "a cut": {"change": {**RAISE, "kind": "reclaim"}},
    "a target above": {"change": {"kind": "allocate", "funded_before": 9_000, "target": 11_500}},
    "a target below": {"change": {"kind": "reclaim", "funded_before": 9_000, "target": 8_500}},
    "an amount and a target": {"change": {**RAISE, "target": 1}},
    "nothing before": {"change": {"kind": "allocate", "amount": 5, "target": 6}},
    "what was before": {"change": {"funded_before": 9_000}},
    "no kind": {"change": {"key": "x"}},
    "an alert that is changed": {"change": {"kind": "update_billing_budget", "after": ALERT, "removed": ["90%"]}},
    "a change and its wallet": {
        "change": RAISE,
        "wallet": {
            "spent": "100.00",
            "month_end": {"p50": 1},
            "history": {"2026-05": 6_000},
            "after": {"runs_out": "2%"},
        },
    },
    "a wallet": {"wallet": {"team": "sales", "is_changed": False, "month_end": {"p90": 1}}},
    "a wallet without a forecast": {"wallet": {"month_end": {"p10": 1}}},
    "an alert": {"alert": ALERT},
    "a warning": {"warning": {"name": "a", "percentage": "80%", "fires": "2.5%"}},
    "an assumption": {"assumption": {"verdict": "behind", "owed": 5, "is_owed_known": True}},
    "drift": {"drift": {"category": "changed", "amount": -5}},
    "no name of a change": {"change": {"amont": 1}},
    "no name of a scope": {"change": {"after": {"amont": 1}}},
    "a wallet of what is no change": {"wallet": {"key": "x"}},
    "no money": {"change": {"amount": "much"}},
    "money of nothing": {"change": {"amount": None, "target": True}},
    "no share": {"warning": {"percentage": "80"}},
    "a share that is a number": {"warning": {"percentage": 80}},
    "no day": {"plan": {"as_of": "2026-06-31"}},
    "no shares": {"alert": {"percentages": ["80"]}},
    "no list of shares": {"alert": {"percentages": 80}},
    "no money by name": {"plan": {"teams": {"support": "much"}}},
    "no map of money": {"plan": {"teams": "much"}},
    "yes as a number": {"plan": {"changes": True}},
    "a number as yes": {"plan": {"is_compared": 1}},
    "a number as text": {"plan": {"period": 2026}},
    "too much": {"change": {"amount": 10**15}},
}


def given(name: str) -> RuleFixture:
    return RuleFixture.model_validate({"name": "it", "expect": {"own": "passes"}, **GIVEN[name]})


def test_what_fixtures_give(golden: Callable[[str, str], None]) -> None:
    forget()
    always = known_of(given("nothing"), JUNE)
    lines = [f"{key}: {value}" for key, value in always.items()]
    for name in GIVEN:
        try:
            found = known_of(given(name), JUNE)
            lines += [f"# {name}", *sorted(f"{key}: {found[key]}" for key in found if found[key] != always.get(key))]
        except FixtureError as error:
            lines += [f"# {name}: {error}"]
    golden("policy/fixtures.txt", "\n".join([*lines, ""]))


ASKED: dict[str, dict[str, Any]] = {
    "passes": {"asserts": "change.amount == usd('2500.00')"},
    "by a parameter": {"asserts": "change.amount <= params.most"},
    "asks": {"level": "approve"},
    "warns": {"level": "warn"},
    "refuses": {},
    "does not apply": {"when": "change.is_cut"},
    "applies": {"when": "change.is_raise"},
    "of another team": {"applies_to": {"teams": ["sales"]}},
    "of this team": {"applies_to": {"teams": ["support"]}},
    "of another environment": {"applies_to": {"environments": ["dev"]}},
    "of this environment": {"applies_to": {"environments": ["prod"]}},
    "of no known value": {"asserts": "wallet.spent > 0"},
    "of no known value in when": {"when": "wallet.spent > 0"},
}


def test_what_rules_say_of_fixtures(golden: Callable[[str, str], None]) -> None:
    forget()
    known, lines = known_of(given("a raise"), JUNE), []
    for name, other in ASKED.items():
        (own,) = loaded(with_rules(rule(**other), parameters={"most": "USD 2000.00"}))
        lines.append(f"{name}: {verdict_of(own, known)}")
    golden("policy/fixtures_said.txt", "\n".join([*lines, ""]))


def test_a_rule_is_asked_of_what_a_fixture_gives() -> None:
    found = {
        name: [each for each in EACH if asked_of(given(name), loaded(with_rules(rule(each=each)))[0])]
        for name in ("nothing", "a plan", "a raise", "a change and its wallet", "drift")
    }
    assert found == {
        "nothing": ["plan"],
        "a plan": ["plan"],
        "a raise": ["plan", "change"],
        "a change and its wallet": ["plan", "change", "wallet"],
        "drift": ["plan", "drift"],
    }
