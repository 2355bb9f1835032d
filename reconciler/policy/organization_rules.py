"""An organization's own rules, beside the guards. What judges them is imported only where there are some."""

from __future__ import annotations

from datetime import date
from functools import partial

from reconciler.model.organization import OrganizationBudget
from reconciler.policy.rule import POLICIES, BuiltIn, GuardRule


def organization_rules(organization: OrganizationBudget, *, day: date) -> tuple[GuardRule, ...]:
    """Return the organization's own rules, as they hold on `day`: nothing where it has none."""
    if not organization.policies:
        return ()
    from reconciler.policy.rule_judging import verdicts

    return (BuiltIn(POLICIES, "deny", partial(verdicts, organization, day)),)


_PLAIN = frozenset(f"wallet.{name}" for name in ("id", "team", "environment", "is_changed"))
"""What is known of a wallet without usage."""


def look_ahead(organization: OrganizationBudget) -> bool:
    """Whether one of the rules is asked of what usage tells: wallets that do not change, forecasts, months before."""
    if not organization.policies:
        return False
    from reconciler.policy.rule_set import RuleSetError, loaded
    from reconciler.policy.tokens import names_in

    try:
        rules = [rule.setting for rule in loaded(organization)]
    except RuleSetError:
        return False
    return any(
        rule.each in ("wallet", "warning", "assumption")
        or any(name.startswith("wallet.") and name not in _PLAIN for name in names_in(rule.when, rule.asserts))
        for rule in rules
    )
