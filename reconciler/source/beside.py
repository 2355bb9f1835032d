"""What a tree declares that differs in a few teams' files from one that is known: others are not looked at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from reconciler.model.desired import Desired, DesiredObject
from reconciler.model.kinds.managed_kind import Key
from reconciler.model.kinds.registry import kinds
from reconciler.model.period import Period
from reconciler.source.context import TeamView, view_of
from reconciler.source.declared import Declared, declared
from reconciler.source.rules import Alone
from reconciler.source.tree import LARGEST, TEAMS, SourceFile, digest_of
from reconciler.source.tree_documents import organization_of, teams_of
from reconciler.source.tree_findings import ORGANIZATION

MOST = 200
"""Of more files that differ, all are looked at."""

K = TypeVar("K")
T = TypeVar("T")


def declared_beside(
    known: Desired, files: Mapping[str, bytes], *, since: Period | None = None, today: date | None = None
) -> Desired | None:
    """Return what budget files declare, by their paths below the folder; None where that takes a look at all of them.

    So it is where a file is there that `known` does not have, or is gone; where anything but teams' files differs; and
    where something may be wrong, or has to do with others: an earlier name, or what another team has too.
    """
    paths = {path.removeprefix(f"{known.folder}/"): path for path in known.files}
    if known.released or files.keys() != paths.keys():
        return None
    other = [path for path, data in files.items() if known.files[paths[path]] != data]
    if len(other) > MOST or not all(path.startswith(f"{TEAMS}/") and len(files[path]) <= LARGEST for path in other):
        return None
    organization = SourceFile(paths[ORGANIZATION], ORGANIZATION, files[ORGANIZATION])
    alone = Alone(organization_of(organization), since, today)
    views = _right([SourceFile(paths[path], path, files[path]) for path in other], alone)
    if views is None or any(team.is_renamed for team in known.teams.values()):
        return None
    digest = digest_of((path, files[path]) for path in paths)
    whole = {path: files[relative] for relative, path in paths.items()}
    united = _united(known, [declared(view, known.organization.currency) for view in views])
    return united and replace(united, tree_digest=digest, files=whole)


def _right(files: Sequence[SourceFile], alone: Alone) -> list[TeamView] | None:
    """Return the teams' files as they are looked at, None unless there is nothing wrong with each by itself."""
    documents = teams_of(files, alone=alone)
    views = [view for document in documents if not document.shape.problems and (view := view_of(document))]
    is_right = len(views) == len(files) and not any(
        view.flawed or view.team.team != view.stem or seen.renamed or any(each.is_error for each in seen.problems)
        for view, seen in zip(views, alone.of(documents), strict=True)
    )
    return views if is_right else None


def _united(known: Desired, new: Sequence[Declared]) -> Desired | None:
    """Return what is known with the teams of `new` as they are there; None where two of all have the same."""
    gone = {each.team.team for each in new}
    wallets = _added(
        {key: wallet for key, wallet in known.wallets.items() if wallet.team not in gone},
        [(wallet.key, wallet) for each in new for wallet in each.wallets.values()],
        sum(len(each.team.wallets) for each in new),
    )
    objects, absent = dict(known.objects), dict(known.absent)
    for kind in kinds():
        if kind.of_teams:
            listed = [(each.team.state, entry) for each in new for entry in each.objects[kind.name]]
            kept = [_of_others(side[kind.name], gone) for side in (objects, absent)]
            both = _added(kept[0] | kept[1], [entry for _, entry in listed], len(listed))
            if both is None:
                return None
            objects[kind.name] = kept[0] | {key: entry for state, (key, entry) in listed if state == "present"}
            absent[kind.name] = kept[1] | {key: entry for state, (key, entry) in listed if state == "absent"}
    if wallets is None:
        return None
    teams = {**known.teams, **{each.team.team: each.team for each in new}}
    return replace(known, teams=teams, wallets=wallets, objects=objects, absent=absent)


def _of_others(listed: Mapping[Key, DesiredObject[Any]], gone: set[str]) -> dict[Key, DesiredObject[Any]]:
    return {key: wanted for key, wanted in listed.items() if wanted.team not in gone}


def _added(kept: dict[K, T], new: Sequence[tuple[K, T]], count: int) -> dict[K, T] | None:
    """Return both, None where that would be fewer than the `count` of what is new and what is kept."""
    united = {**kept, **dict(new)}
    return united if len(united) == len(kept) + count else None
