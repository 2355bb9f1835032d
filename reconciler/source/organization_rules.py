"""Rules about the organization: the sum of all wallets, names that may be there once only, and owners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from reconciler.findings import Finding, Keys, Origin, Severity
from reconciler.meant import close_to, did_you_mean
from reconciler.model.approvals import OWNER
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.money import CURRENCIES
from reconciler.model.organization import OrganizationBudget
from reconciler.model.yaml_types import shown
from reconciler.model.year_targets import ANNUAL_TARGET_EXCEEDED, YearTargets
from reconciler.source.context import Context, TeamView
from reconciler.source.declared import declared
from reconciler.source.problem import dotted, problem

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
    yield from _currency(context)
    places: list[Keys] = [("environments", index) for index in range(len(org.environments))]
    yield from _repeated(org.environments, places, "duplicate-environment", "the environment", fix="")
    named = [(one.name, place) for place, one in enumerate(org.waivers) if one.name]
    places = [("waivers", shape.index("waivers", place), "name") for _, place in named]
    yield from _repeated([name for name, _ in named], places, "duplicate-waiver", "the waiver")
    if org.journal is not None and _PASSWORD.search(org.journal):
        message = "the address of the journal holds a password, which everybody who can read git would know"
        cure = "take it out, let git's credential helper give it, and make a new one: this one is known by now"
        yield problem("journal-password", message, cure, ("journal",))
    yield from _annual_target(context, views, whole=whole)


def _currency(context: Context) -> Iterator[Finding]:
    if context.currency and context.currency not in CURRENCIES:
        same_letters = sorted(code for code in CURRENCIES if sorted(code) == sorted(context.currency))
        hint = did_you_mean(same_letters) or "write the currency that Keeptrusts counts your money in, such as USD"
        message = f"{shown(context.currency)} is no currency of ISO 4217"
        yield problem("unknown-currency", message, hint, ("currency",), severity=Severity.WARNING)


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
    model = shape.model if shape else None
    target = model.annual_target if model else None
    if model is None or target is None or year is None:
        return
    present = [view for view in views if view.team.state == "present"]
    wallets = (wallet for view in present for wallet in view.team.wallets.values())
    total = sum((wallet.over(year.periods) for wallet in wallets), Decimal(0))
    if total <= target:
        return
    known = whole and all(view.whole("wallets") for view in present)
    keeps = model.unused == "keep"
    found = YearTargets(year, context.currency, total, len(present), keeps=keeps, whole=known)
    hint = found.cure(target) if known else "correct the other files first: the sum is not whole without them"
    yield problem(ANNUAL_TARGET_EXCEEDED, found.sentence(target), hint, ("annual_target",), severity=Severity.WARNING)


def team_owner_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    """Yield a warning for each owner of a team who can approve nothing."""
    named = ((name, ("owners", view.shape.index("owners", place))) for place, name in enumerate(view.team.owners))
    yield from _nobody(named, context.organization.model if context.organization else None)


def organization_owner_problems(context: Context) -> Iterator[Finding]:
    """Yield a warning for each owner in org.yaml who can approve nothing."""
    shape = context.organization
    if shape is None or shape.model is None:
        return
    org = shape.model
    named: list[tuple[str, Keys]] = [(name, ("owners", shape.index("owners", n))) for n, name in enumerate(org.owners)]
    for key, names in (("finance", org.approvals.finance), ("platform", org.approvals.platform)):
        named += [(name, ("approvals", key, place)) for place, name in enumerate(names)]
    yield from _nobody(named, org)


def _known(org: OrganizationBudget | None) -> tuple[str, ...]:
    names = (*org.owners, *org.approvals.finance, *org.approvals.platform) if org else ()
    return tuple(name for name in names if OWNER.fullmatch(name))


def _nobody(named: Iterable[tuple[str, Keys]], org: OrganizationBudget | None) -> Iterator[Finding]:
    for name, keys in named:
        if OWNER.fullmatch(name.strip()) is None:
            close = close_to(name, _known(org))
            cure = f"write `{close[0]}`" if close else "write `@login` or `@organization/team`"
            message = f"{shown(name)} is nobody on the forge, so nobody can approve as this owner"
            yield problem("owner-is-nobody", message, cure, keys, severity=Severity.WARNING)


Found = tuple[str, Finding]


def identity_problems(views: Iterable[TeamView], currency: str) -> Iterator[Found]:
    """Yield, with the path of its file, every name that is wrong or taken; `currency` is the organization's."""
    views = sorted(views, key=lambda view: view.path)
    yield from _file_names(views)
    yield from _teams(views)
    yield from _wallets(views)
    for kind in kinds():
        if kind.of_teams:
            yield from _objects(kind, views, currency)


def _file_names(views: Iterable[TeamView]) -> Iterator[Found]:
    for view in views:
        if view.team.team != view.stem:
            message = f"the team is {shown(view.team.team)}, but the file is named {shown(view.stem + '.yaml')}"
            hint = f"write `team: {view.stem}`, or rename the file to {view.team.team}.yaml"
            yield view.path, problem("team-file-mismatch", message, hint, ("team",))


def _teams(views: Sequence[TeamView]) -> Iterator[Found]:
    if _are_unique([view.team.team.casefold() for view in views]):
        return
    first: dict[str, tuple[str, str]] = {}
    for view in views:
        name = view.team.team
        other, path = first.setdefault(name.casefold(), (name, view.path))
        if path == view.path:
            continue
        if other == name:
            message = f"the team {shown(name)} is already in {path}"
            yield view.path, problem("duplicate-team", message, "move everything into one file", ("team",))
        else:
            message = f"the team {shown(name)} differs from {shown(other)} in {path} by upper and lower case alone"
            hint = "give one of them another name: many file systems and people take them for one"
            yield view.path, problem("team-differs-by-case", message, hint, ("team",))


def _wallets(views: Iterable[TeamView]) -> Iterator[Found]:
    if _are_unique([wallet.team_id for view in views for wallet in view.team.wallets.values()]):
        return
    first: dict[str, tuple[str, str]] = {}
    for view in views:
        for environment, wallet in view.team.wallets.items():
            path, other = first.setdefault(wallet.team_id, (view.path, environment))
            if (path, other) != (view.path, environment):
                message = f"{shown(wallet.team_id)} is already the wallet of `{dotted(('wallets', other))}` in {path}"
                hint = "give each environment a Keeptrusts team of its own: spend could not be told apart"
                yield view.path, problem("duplicate-wallet", message, hint, ("wallets", environment, "team_id"))


def _are_unique(names: Sequence[str | Key]) -> bool:
    return len(set(names)) == len(names)


def _objects(kind: ManagedKind[V], views: Sequence[TeamView], currency: str) -> Iterator[Found]:
    listed = [declared(view, currency).objects[kind.name] for view in views]
    if _are_unique([key for objects in listed for key, _ in objects]):
        return
    first: dict[Key, Origin] = {}
    for view, objects in zip(views, listed, strict=True):
        for key, wanted in objects:
            taken = first.setdefault(key, wanted.origin)
            if taken is not wanted.origin:
                *where, name = key
                on = " ".join(("", "on", *where[:-1], shown(where[-1]))) if where else ""
                section, position = wanted.origin.keys
                keys: Keys = (section, view.shape.index(kind.section, int(position)), "name")
                message = f"{shown(name)}{on} is already in {taken.path}"
                yield view.path, problem(f"duplicate-{kind.code}", message, "give it another name", keys)
