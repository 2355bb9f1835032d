"""Rules about `previously`: the earlier name is free, and nobody else claims it (decision 0091)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reconciler.findings import Finding, Keys
from reconciler.model.kinds.billing_budget import scope_of
from reconciler.model.yaml_types import shown
from reconciler.source.context import TeamView
from reconciler.source.problem import problem


class _Rename(NamedTuple):
    """What is at `keys` of a file, its name and the one it had; names are told apart `among` the same."""

    path: str
    keys: Keys
    among: object
    noun: str
    name: str
    previously: str | None


def rename_problems(views: Iterable[TeamView]) -> Iterator[tuple[str, Finding]]:
    """Yield, with the path of its file, every earlier name that cannot have been one."""
    renames = [rename for view in sorted(views, key=lambda view: view.path) for rename in _renames(view)]
    known = {(rename.among, rename.name): rename for rename in renames}
    claimed: dict[tuple[object, str], _Rename] = {}
    for rename in renames:
        if rename.previously is None:
            continue
        former = (rename.among, rename.previously)
        first = claimed.setdefault(former, rename)
        if found := _wrong(rename, known.get(former), first):
            code, message, hint = found
            yield rename.path, problem(code, message, hint, (*rename.keys, "previously"))


def _wrong(rename: _Rename, there: _Rename | None, first: _Rename) -> tuple[str, str, str] | None:
    """Return the code, the sentence and the fix; None where a rename is right."""
    noun, previously = rename.noun, shown(rename.previously or "")
    if rename.previously == rename.name:
        return "renamed-to-itself", f"{previously} is what the {noun} is called now", "remove `previously`"
    if there is not None and there.previously is not None:
        message = f"the {noun} {previously} is still declared in {there.path}, and renamed itself"
        hint = (
            f"rename in two steps: have the other rename of {previously} merged and applied first, without this one;"
            " then rename this"
        )
        return "rename-in-a-chain", message, hint
    if there is not None:
        message = f"the {noun} {previously} is still declared in {there.path}, so it was not renamed"
        hint = f"remove {previously} there, or remove `previously` here to have both"
        return "renamed-and-still-there", message, hint
    if first is not rename:
        message = f"{shown(first.name)} in {first.path} says as well that it was the {noun} {previously}"
        return "renamed-twice", message, "keep `previously` where the name went, and remove it from the other"
    return None


def _renames(view: TeamView) -> Iterator[_Rename]:
    team = view.team
    yield _Rename(view.path, (), "team", "team", team.team, team.previously)
    for environment, wallet in team.wallets.items():
        at: Keys = ("wallets", environment)
        yield _Rename(view.path, at, ("wallet", team.team), "wallet", environment, wallet.previously)
    for position, setting in enumerate(team.billing_budgets):
        if scope := scope_of(team, setting):
            at = ("billing_budgets", view.budget_index(position))
            yield _Rename(view.path, at, ("alert", *scope), "billing budget", setting.name, setting.previously)
