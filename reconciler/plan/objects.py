"""Managed objects of every kind: create, update, delete; three-way, so that absence alone never deletes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.applied import LastApplied
from reconciler.model.change import Change, ObjectChange
from reconciler.model.desired import Desired
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V, text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Live, LiveObject
from reconciler.model.plan import Unmanaged
from reconciler.plan.scope import Teams, is_about

Placed = tuple[ObjectChange, Origin]
"""A change, and the place that asks for it."""

_Asked = tuple[str, str | None, Origin]
"""Whose an object is: team, environment, and the place in the YAML that says so."""


def object_changes(desired: Desired, live: Live, last_applied: LastApplied, teams: Teams) -> Iterator[Placed]:
    """Yield every change of an object of `teams`, kind by kind: deletes, updates, creates."""
    for kind in kinds():
        if live.of(kind).offered:
            yield from (one for one in _deletes(kind, desired, live, last_applied) if is_about(teams, one[0].team))
            yield from _updates(kind, desired, live, teams)


def _updates(kind: ManagedKind[V], desired: Desired, live: Live, teams: Teams) -> Iterator[Placed]:
    """Yield the updates, then the creates. What is there and cannot be understood is neither."""
    creates = []
    former = {new: old for old, new in renamed(kind, desired, live).items()}
    for key, wanted in desired.of(kind).items():
        if not is_about(teams, wanted.team):
            continue
        found = live.of(kind).objects.get(former.get(key, key))
        about: dict[str, Any] = {"team": wanted.team, "environment": wanted.environment, "key": text_of(key)}
        if found is None and not live.unclear(kind, key):
            creates.append((ObjectChange(kind=f"create_{kind.name}", **about, after=wanted.value), wanted.origin))
        elif found is not None and found.value != wanted.value:
            sides = {"before": found.value, "after": wanted.value}
            yield ObjectChange(kind=f"update_{kind.name}", **about, **sides), wanted.origin
    yield from creates


def renamed(kind: ManagedKind[V], desired: Desired, live: Live) -> Mapping[Key, Key]:
    """Return the keys of live objects that are to be renamed, each with its new one.

    That is one which the YAML says was called so before, as long as nothing has the new name in Keeptrusts.
    """
    declared, listed = desired.of(kind), live.of(kind).objects
    return {
        wanted.previously: key
        for key, wanted in declared.items()
        if wanted.previously is not None and wanted.previously in listed and wanted.previously not in declared
        if key not in listed and not live.unclear(kind, key)
    }


def _deletes(kind: ManagedKind[V], desired: Desired, live: Live, last_applied: LastApplied) -> Iterator[Placed]:
    kept = renamed(kind, desired, live)
    for key, found in _strange(kind, desired, live):
        if key not in kept and (dropped := _dropped(kind, desired, key, last_applied)):
            team, environment, origin = dropped
            about: dict[str, Any] = {"team": team, "environment": environment, "key": text_of(key)}
            yield ObjectChange(kind=f"delete_{kind.name}", **about, before=found.value), origin


def _strange(kind: ManagedKind[V], desired: Desired, live: Live) -> list[tuple[Key, LiveObject[V]]]:
    """Return the live objects that git does not declare by the name that they have, in the order of their keys."""
    objects = live.of(kind).objects
    return [(key, objects[key]) for key in sorted(objects.keys() - desired.of(kind).keys())]


def _dropped(kind: ManagedKind[V], desired: Desired, key: Key, last_applied: LastApplied) -> _Asked | None:
    """Return whose deletion this is: declared absent, or dropped from a file that is still there."""
    if absent := desired.absent_of(kind).get(key):
        return absent.team, absent.environment, absent.origin
    team = last_applied.of(kind).get(text_of(key))
    if team is None or (kind.of_teams and team not in desired.teams):
        return None
    return team, None, Origin(desired.team_path(team) if team else desired.organization_path, (kind.section,))


def undeclared(kind: ManagedKind[V], desired: Desired, live: Live, changes: Iterable[Change]) -> frozenset[Key]:
    """Return the live objects of `kind` that stay after `changes` as they are now: git has no say in them."""
    deleted = {c.key for c in changes if isinstance(c, ObjectChange) and c.kind == f"delete_{kind.name}"}
    kept = renamed(kind, desired, live)
    return frozenset(key for key, _ in _strange(kind, desired, live) if key not in kept and text_of(key) not in deleted)


def unmanaged_objects(desired: Desired, live: Live, last_applied: LastApplied) -> Iterator[Unmanaged]:
    """Yield the objects that git neither declares nor deletes."""
    for kind in kinds():
        kept = renamed(kind, desired, live)
        unknown = [
            found
            for key, found in _strange(kind, desired, live)
            if key not in kept and _dropped(kind, desired, key, last_applied) is None
        ]
        yield from (_unmanaged(kind, found.value, desired) for found in (*unknown, *live.of(kind).surplus))
        for found in (each for rivals in live.of(kind).rivals.values() for each in rivals):
            yield _unmanaged(kind, found.value, desired, f"{found.id}, one of several of that name")


def _unmanaged(kind: ManagedKind[V], value: V, desired: Desired, which: str = "") -> Unmanaged:
    key, stray = kind.key(value), kind.stray(value, currency=desired.organization.currency)
    return Unmanaged(
        kind=kind.name,
        key=text_of(key),
        name=key[-1],
        amount=stray.amount,
        currency=stray.currency,
        reason="; ".join(filter(None, (which, stray.reason))),
    )


def repeated_objects(desired: Desired, live: Live) -> Iterator[Finding]:
    """Yield a note for each declared object that Keeptrusts holds more than once."""
    for kind in kinds():
        for surplus in live.of(kind).surplus:
            key = kind.key(surplus.value)
            if wanted := desired.of(kind).get(key):
                yield _warning(
                    wanted.origin,
                    f"repeated-{kind.code}",
                    f"Keeptrusts holds more than one {kind.noun} {text_of(key)};"
                    f" {live.of(kind).objects[key].id} is managed, {surplus.id} is left alone",
                    f"delete {surplus.id} in Keeptrusts if it is not needed",
                )


def unclear_objects(desired: Desired, live: Live, last_applied: LastApplied, teams: Teams) -> Iterator[Finding]:
    """Yield a note for each object of `teams` that git has a say in and that Keeptrusts holds in an unclear way."""
    for kind in kinds():
        for key, (team, _, origin) in _wanted(kind, desired, live, last_applied).items():
            for found in live.unclear(kind, key) if is_about(teams, team) else ():
                yield _warning(
                    origin,
                    f"unclear-{kind.code}",
                    f"Keeptrusts holds the {kind.noun} {text_of(key)} {found.how}; it is neither compared nor changed",
                    found.cure,
                )


def _wanted(kind: ManagedKind[V], desired: Desired, live: Live, last_applied: LastApplied) -> Mapping[Key, _Asked]:
    """Return whose each object is that git declares, and each that it asks to delete of which there are several."""
    dropped = {
        key: asked
        for key in live.of(kind).rivals.keys() - desired.of(kind).keys()
        if (asked := _dropped(kind, desired, key, last_applied))
    }
    declared = {key: (wanted.team, wanted.environment, wanted.origin) for key, wanted in desired.of(kind).items()}
    return {**declared, **dict(sorted(dropped.items()))}


def vanished_teams(desired: Desired, last_applied: LastApplied, teams: Teams) -> Iterator[Finding]:
    """Yield a note for each of `teams` whose file disappeared since the last apply."""
    known = {team for declared in last_applied.objects.values() for team in declared.values() if team}
    former = {team.previously for team in desired.teams.values()}
    for team in sorted((known if teams is None else set(teams)) - set(desired.teams) - desired.released - former):
        path = desired.team_path(team)
        yield _warning(
            Origin(path),
            "team-file-vanished",
            f"{path} was applied before and is gone; its wallets and {_of_teams()} are left as they are",
            "to take its money back and delete its alerts, bring the file back with `state: absent`, without what"
            " another team has taken over",
        )


def _of_teams() -> str:
    return " and ".join(kind.nouns for kind in kinds() if kind.of_teams)


def objects_not_offered(desired: Desired, live: Live) -> Iterator[Finding]:
    """Yield a note for each kind that git declares objects of and this deployment does not offer."""
    for kind in kinds():
        declared = desired.of(kind)
        if declared and kind.not_offered and not live.of(kind).offered:
            file = "team's" if kind.of_teams else "organization's"
            yield _warning(
                next(iter(declared.values())).origin,
                kind.not_offered,
                f"this Keeptrusts does not offer {kind.nouns}, so the declared ones are not compared",
                f"remove `{kind.section}` from the {file} YAML, or ask for a newer Keeptrusts",
            )


def _warning(origin: Origin, code: str, message: str, hint: str) -> Finding:
    return Finding(where=origin, code=code, severity=Severity.WARNING, message=message, hint=hint)
