"""Rules about the organization: the sum of all wallets, names that may be there once only, and owners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.findings import Finding, Keys, Severity
from reconciler.meant import close_to
from reconciler.model.approvals import OWNER
from reconciler.model.kinds.registry import kinds
from reconciler.model.organization import OrganizationBudget
from reconciler.model.yaml_types import shown
from reconciler.model.year_targets import ANNUAL_TARGET_EXCEEDED, YearTargets
from reconciler.source.context import Context, TeamView, year_target
from reconciler.source.problem import problem

_PASSWORD = re.compile(r"https?://[^/]*@|://[^/@]*:[^/@]*@")


def organization_problems(context: Context, views: Sequence[TeamView], *, whole: bool) -> Iterator[Finding]:
    """Yield what is wrong with org.yaml as a whole. `whole`: every team's file could be looked at."""
    shape = context.organization
    if shape is None or shape.model is None:
        return
    org = shape.model
    for kind in kinds():
        if not kind.of_teams:
            declared = [kind.declared(entry, None, currency=org.currency) for entry in getattr(org, kind.section, ())]
            names = {place: kind.key(owned.value)[-1] for place, owned in enumerate(declared) if owned}
            keys: list[Keys] = [(kind.section, shape.index(kind.section, place), "name") for place in names]
            yield from _repeated(names.values(), keys, f"duplicate-{kind.code}", f"the {kind.noun}")
    places: list[Keys] = [("environments", index) for index in range(len(org.environments))]
    yield from _repeated(org.environments, places, "duplicate-environment", "the environment", fix="")
    if org.journal is not None and _PASSWORD.search(org.journal):
        message = "the address of the journal holds a password, which everybody who can read git would know"
        cure = "take it out, let git's credential helper give it, and make a new one: this one is known by now"
        yield problem("journal-password", message, cure, ("journal",))
    yield from _annual_target(context, views, whole=whole)


def _repeated(
    names: Iterable[str], keys: Iterable[Keys], code: str, what: str, *, fix: str | None = None
) -> Iterator[Finding]:
    seen = set()
    for name, place in zip(names, keys, strict=True):
        if name in seen:
            yield problem(code, f"{what} {shown(name)} is here a second time", "remove one of them", place, fix=fix)
        seen.add(name)


def _annual_target(context: Context, views: Sequence[TeamView], *, whole: bool) -> Iterator[Finding]:
    """Yield a warning when the twelve monthly targets of all wallets are more than the year may cost."""
    shape, year = context.organization, context.fiscal_year
    target = shape.model.annual_target if shape and shape.model else None
    if target is None or year is None:
        return
    present = [view for view in views if view.team.state == "present"]
    total = sum((year_target(wallet, year) for view in present for wallet in view.team.wallets.values()), Decimal(0))
    if total <= target:
        return
    known = whole and all(view.whole("wallets") for view in present)
    found = YearTargets(year, context.currency, total, len(present), whole=known)
    hint = found.cure(target) if known else "correct the other files first: the sum is not whole without them"
    yield problem(ANNUAL_TARGET_EXCEEDED, found.sentence(target), hint, ("annual_target",), severity=Severity.WARNING)


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
