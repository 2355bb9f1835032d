"""Rules about the organization: the sum of all wallets, and names that may be there once only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.findings import Finding, Keys, Severity
from reconciler.model.kinds.registry import kinds
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
