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
