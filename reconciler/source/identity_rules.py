"""Rules about names: a team is its file, a wallet belongs to one environment, an object is declared once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.findings import Finding, Keys
from reconciler.model.kinds.managed_kind import Key, ManagedKind, V
from reconciler.model.kinds.registry import kinds
from reconciler.model.yaml_types import shown
from reconciler.source.context import TeamView
from reconciler.source.problem import dotted, problem

Found = tuple[str, Finding]


def identity_problems(views: Iterable[TeamView]) -> Iterator[Found]:
    """Yield, with the path of its file, every name that is wrong or taken."""
    views = sorted(views, key=lambda view: view.path)
    yield from _file_names(views)
    yield from _teams(views)
    yield from _wallets(views)
    for kind in kinds():
        if kind.of_teams:
            yield from _objects(kind, views)


def _file_names(views: Iterable[TeamView]) -> Iterator[Found]:
    for view in views:
        if view.team.team != view.stem:
            message = f"the team is {shown(view.team.team)}, but the file is named {shown(view.stem + '.yaml')}"
            hint = f"write `team: {view.stem}`, or rename the file to {view.team.team}.yaml"
            yield view.path, problem("team-file-mismatch", message, hint, ("team",))


def _teams(views: Iterable[TeamView]) -> Iterator[Found]:
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
    first: dict[str, tuple[str, Keys]] = {}
    for view in views:
        for environment, wallet in view.team.wallets.items():
            keys = ("wallets", environment, "team_id")
            path, other = first.setdefault(wallet.team_id, (view.path, keys))
            if (path, other) != (view.path, keys):
                message = f"{shown(wallet.team_id)} is already the wallet of `{dotted(other[:2])}` in {path}"
                hint = "give each environment a Keeptrusts team of its own: spend could not be told apart"
                yield view.path, problem("duplicate-wallet", message, hint, keys)


def _objects(kind: ManagedKind[V], views: Iterable[TeamView]) -> Iterator[Found]:
    first: dict[Key, tuple[str, Keys]] = {}
    for view in views:
        for position, entry in enumerate(getattr(view.team, kind.section, ())):
            owned = kind.declared(entry, view.team, currency="")
            if owned is None:
                continue
            *where, name = key = kind.key(owned.value)
            keys = (kind.section, view.shape.index(kind.section, position), "name")
            path, other = first.setdefault(key, (view.path, keys))
            if (path, other) != (view.path, keys):
                on = " ".join(("", "on", *where[:-1], shown(where[-1]))) if where else ""
                message = f"{shown(name)}{on} is already in {path}"
                yield view.path, problem(f"duplicate-{kind.code}", message, "give it another name", keys)
