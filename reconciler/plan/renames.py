"""Renames: an earlier state of the YAML under the names of a later one (decision 0091)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from reconciler.model.desired import Desired
from reconciler.model.team import BillingBudgetSetting, TeamBudget


def as_called(before: Desired, after: Desired) -> Desired:
    """Return `before` with the names that `after` gives to what it has as well: teams, their wallets and alerts.

    Only what people read is renamed, and not the managed objects, whose names are part of what they are.
    """
    if not any(team.is_renamed for name, team in after.teams.items() if before.teams.get(name) is not team):
        return before
    names = _names(((name, team.previously) for name, team in after.teams.items()), before.teams, after.teams)
    teams = {}
    for name, team in before.teams.items():
        called = names.get(name, name)
        teams[called] = _team(team, called, after.teams.get(called))
    wallets = {key: replace(wallet, team=names.get(wallet.team, wallet.team)) for key, wallet in before.wallets.items()}
    return replace(before, teams=teams, wallets=wallets)


def _names(
    said: Iterable[tuple[str, str | None]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, str]:
    """Return the new names by the old ones, where the old one was there and is gone."""
    return {old: new for new, old in said if old in before and old not in after and new not in before and old}


def _team(team: TeamBudget, called: str, after: TeamBudget | None) -> TeamBudget:
    if after is None:
        return team
    wallets = _names(((key, wallet.previously) for key, wallet in after.wallets.items()), team.wallets, after.wallets)
    was, now = ({one.name: one for one in side.billing_budgets} for side in (team, after))
    alerts = _names(((name, setting.previously) for name, setting in now.items()), was, now)
    return team.model_copy(
        update={
            "team": called,
            "wallets": {wallets.get(key, key): wallet for key, wallet in team.wallets.items()},
            "billing_budgets": tuple(_alert(one, alerts, wallets) for one in team.billing_budgets),
        }
    )


def _alert(
    setting: BillingBudgetSetting, alerts: Mapping[str, str], wallets: Mapping[str, str]
) -> BillingBudgetSetting:
    watched = setting.environment and wallets.get(setting.environment, setting.environment)
    return setting.model_copy(update={"name": alerts.get(setting.name, setting.name), "environment": watched})
