"""Rules about names: a team is its file, a wallet belongs to one environment, a billing budget is declared once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.model.billing_budget import BillingBudgetKey
from reconciler.model.yaml_types import shown
from reconciler.source.context import TeamView
from reconciler.source.desired import scope_of
from reconciler.source.problem import Keys, Problem, dotted

Found = tuple[str, Problem]


def identity_problems(views: Iterable[TeamView]) -> Iterator[Found]:
    """Yield, with the path of its file, every name that is wrong or taken."""
    views = sorted(views, key=lambda view: view.path)
    yield from _file_names(views)
    yield from _teams(views)
    yield from _wallets(views)
    yield from _billing_budgets(views)


def _file_names(views: Iterable[TeamView]) -> Iterator[Found]:
    for view in views:
        if view.team.team != view.stem:
            message = f"the team is {shown(view.team.team)}, but the file is named {shown(view.stem + '.yaml')}"
            hint = f"write `team: {view.stem}`, or rename the file to {view.team.team}.yaml"
            yield view.path, Problem("team-file-mismatch", message, hint, ("team",))


def _teams(views: Iterable[TeamView]) -> Iterator[Found]:
    first: dict[str, tuple[str, str]] = {}
    for view in views:
        name = view.team.team
        other, path = first.setdefault(name.casefold(), (name, view.path))
        if path == view.path:
            continue
        if other == name:
            message = f"the team {shown(name)} is already in {path}"
            yield view.path, Problem("duplicate-team", message, "move everything into one file", ("team",))
        else:
            message = f"the team {shown(name)} differs from {shown(other)} in {path} by upper and lower case alone"
            hint = "give one of them another name: many file systems and people take them for one"
            yield view.path, Problem("team-differs-by-case", message, hint, ("team",))


def _wallets(views: Iterable[TeamView]) -> Iterator[Found]:
    first: dict[str, tuple[str, Keys]] = {}
    for view in views:
        for environment, wallet in view.team.wallets.items():
            keys = ("wallets", environment, "team_id")
            path, other = first.setdefault(wallet.team_id, (view.path, keys))
            if (path, other) != (view.path, keys):
                message = f"{shown(wallet.team_id)} is already the wallet of `{dotted(other[:2])}` in {path}"
                hint = "give each environment a Keeptrusts team of its own: spend could not be told apart"
                yield view.path, Problem("duplicate-wallet", message, hint, keys)


def _billing_budgets(views: Iterable[TeamView]) -> Iterator[Found]:
    first: dict[BillingBudgetKey, tuple[str, Keys]] = {}
    for view in views:
        for position, setting in enumerate(view.team.billing_budgets):
            scope = scope_of(view.team, setting)
            if scope is None:
                continue
            keys = ("billing_budgets", view.budget_index(position), "name")
            path, other = first.setdefault(BillingBudgetKey(*scope, setting.name), (view.path, keys))
            if (path, other) != (view.path, keys):
                message = f"{shown(setting.name)} on {scope[0]} {shown(scope[1])} is already in {path}"
                yield view.path, Problem("duplicate-billing-budget", message, "give it another name", keys)
