"""Rules about owners: each is somebody whom the forge can ask for an approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.findings import Finding, Keys, Severity
from reconciler.meant import close_to
from reconciler.model.approvals import OWNER
from reconciler.model.organization import OrganizationBudget
from reconciler.model.yaml_types import shown
from reconciler.source.context import Context, TeamView
from reconciler.source.problem import problem


def team_owner_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    """Yield a warning for each owner of a team who can approve nothing."""
    known = _known(context.organization.model) if context.organization else ()
    named = ((name, ("owners", view.shape.index("owners", place))) for place, name in enumerate(view.team.owners))
    yield from _nobody(named, known)


def organization_owner_problems(context: Context) -> Iterator[Finding]:
    """Yield a warning for each owner in org.yaml who can approve nothing."""
    shape = context.organization
    if shape is None or shape.model is None:
        return
    org = shape.model
    named: list[tuple[str, Keys]] = [(name, ("owners", shape.index("owners", n))) for n, name in enumerate(org.owners)]
    for key, names in (("finance", org.approvals.finance), ("platform", org.approvals.platform)):
        named += [(name, ("approvals", key, place)) for place, name in enumerate(names)]
    yield from _nobody(named, _known(org))


def _known(org: OrganizationBudget | None) -> tuple[str, ...]:
    names = (*org.owners, *org.approvals.finance, *org.approvals.platform) if org else ()
    return tuple(name for name in names if OWNER.fullmatch(name))


def _nobody(named: Iterable[tuple[str, Keys]], known: Iterable[str]) -> Iterator[Finding]:
    for name, keys in named:
        if OWNER.fullmatch(name.strip()) is None:
            close = close_to(name, known)
            cure = f"write `{close[0]}`" if close else "write `@login` or `@organization/team`"
            message = f"{shown(name)} is nobody on the forge, so nobody can approve as this owner"
            yield problem("owner-is-nobody", message, cure, keys, severity=Severity.WARNING)
