"""Rules for tests: sets of them from a few words, judged on the facts of a plan."""

from __future__ import annotations

from datetime import date
from typing import Any

from worlds import ORGANIZATION

from reconciler.model.guards import Waiver
from reconciler.model.organization import OrganizationBudget
from reconciler.model.plan import GuardResult
from reconciler.model.policy_input import PolicyInput
from reconciler.model.rule import RuleSet
from reconciler.policy import rule_set
from reconciler.policy.expression import joint, language, program
from reconciler.policy.organization_rules import organization_rules
from reconciler.policy.rule import results
from reconciler.policy.vocabulary import names_for

DAY = date(2026, 6, 18)


def rule(asserts: str = "false", **other: Any) -> dict[str, Any]:
    return {
        "name": "own",
        "level": "deny",
        "owner": "@acme/finance",
        "reason": "because",
        "assert": asserts,
        "message": "no",
        **{key.rstrip("_"): value for key, value in other.items()},
    }


def with_rules(
    *rules: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    base: OrganizationBudget = ORGANIZATION,
    waivers: tuple[Waiver, ...] = (),
) -> OrganizationBudget:
    """Return an organization that has these rules in `policies/own.yaml`."""
    own = RuleSet.model_validate({"rules": list(rules), "parameters": parameters or {}}, by_alias=True, by_name=False)
    return base.model_copy(update={"policies": {"policies/own.yaml": own}, "waivers": waivers})


def judged_by(organization: OrganizationBudget, facts: PolicyInput, *, day: date = DAY) -> tuple[GuardResult, ...]:
    return results(organization_rules(organization, day=day), facts, organization.waivers, as_of=day)


def said(facts: PolicyInput, asserts: str = "false", **other: Any) -> list[tuple[str, str, str]]:
    """Return status, team and message of what one rule says."""
    parameters = other.pop("parameters", None)
    found = judged_by(with_rules(rule(asserts, **other), parameters=parameters), facts)
    return [(one.status, one.team, one.message) for one in found]


def forget() -> None:
    """Let rules be read anew: what was kept of them hides a change of what reads them."""
    for kept in (rule_set._loaded, names_for, language, program, joint):
        kept.cache_clear()
