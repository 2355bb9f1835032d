"""Rules about billing budgets: each watches something, and each alert can fire before the money is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

from reconciler.findings import Finding, Keys, Severity
from reconciler.meant import close_to, only
from reconciler.model.kinds.billing_budget import watched
from reconciler.model.period import Period
from reconciler.model.team import BillingBudgetSetting, TeamBudget
from reconciler.model.wallet_target import WalletTarget
from reconciler.model.yaml_types import shown
from reconciler.source.context import Context, TeamView
from reconciler.source.problem import problem


def alert_problems(view: TeamView, context: Context) -> Iterator[Finding]:
    for position, setting in enumerate(view.team.billing_budgets):
        if _is_usual(view.team, setting, context):
            continue
        keys = ("billing_budgets", view.budget_index(position))
        yield from _scope(view, setting, keys, context)
        yield from _percentages(setting, keys)
        if view.team.state == "present":
            yield from _reach(view, setting, keys, context)


def _is_usual(team: TeamBudget, setting: BillingBudgetSetting, context: Context) -> bool:
    """Whether there is nothing to say of an alert at once: one of the first wallet, within its money."""
    if setting.scope is not None or setting.environment is not None or not team.wallets:
        return False
    first = next(iter(team.wallets.values()))
    return _are_usual(setting.alert_percentages) and setting.amount <= _most(first, context)


def _scope(view: TeamView, setting: BillingBudgetSetting, keys: Keys, context: Context) -> Iterator[Finding]:
    wallets = view.team.wallets
    if setting.scope is not None:
        if setting.environment is not None:
            message = "`environment` and `scope` both say what is watched"
            yield problem("scope-and-environment", message, "remove one of them", (*keys, "environment"), "key")
        return
    if not view.whole("wallets"):
        return
    if setting.environment is not None and setting.environment not in wallets:
        known = ", ".join(f"`{environment}`" for environment in wallets)
        message = f"this team has no wallet for {shown(setting.environment)}"
        hint = f"write one of {known}" if known else "add that wallet, or name a `scope`"
        cure = _meant(setting.environment, [name for name in wallets if name in context.environments], context)
        yield problem("environment-without-wallet", message, hint, (*keys, "environment"), fix=cure)
    elif not wallets:
        message = f"{shown(setting.name)} watches nothing: the team has no wallet, and no `scope` is given"
        yield problem("billing-budget-without-scope", message, "add `scope: {type: team, id: …}`", keys, "mapping")


def _meant(environment: str, wallets: Sequence[str], context: Context) -> str | None:
    """Return the one wallet that a misspelt environment can mean; one that is an environment is not misspelt."""
    return None if environment in context.environments else only(close_to(environment, wallets, most=2))


@lru_cache(maxsize=256)
def _are_usual(percentages: tuple[int, ...]) -> bool:
    """Whether there is nothing to say of percentages, which are the same in alert after alert."""
    return 0 < len(set(percentages)) == len(percentages) and max(percentages) <= 100


def _percentages(setting: BillingBudgetSetting, keys: Keys) -> Iterator[Finding]:
    if not setting.alert_percentages and not setting.hard_limit:
        message = f"{shown(setting.name)} has no alert percentages: it never says anything"
        at = (*keys, "alert_percentages")
        hint = "write `alert_percentages: [80, 100]`"
        yield problem("no-alerts", message, hint, at, severity=Severity.WARNING, fix="[80, 100]")
    seen = set()
    for index, percentage in enumerate(setting.alert_percentages):
        at = (*keys, "alert_percentages", index)
        if percentage in seen:
            message = f"{percentage}% is here a second time"
            yield problem("duplicate-alert", message, "remove it", at, severity=Severity.WARNING, fix="")
        elif percentage > 100 and setting.hard_limit:
            message = f"the alert at {percentage}% cannot fire: the hard limit blocks traffic at 100%"
            hint = "remove it, or write `hard_limit: false`"
            yield problem("alert-cannot-fire", message, hint, at, severity=Severity.WARNING)
        seen.add(percentage)


def _reach(view: TeamView, setting: BillingBudgetSetting, keys: Keys, context: Context) -> Iterator[Finding]:
    """Yield alerts that the wallet's monthly money cannot reach."""
    environment = watched(view.team, setting)
    if environment is None or (setting.environment is None and setting.scope is None and not view.whole("wallets")):
        return
    target = _most(view.team.wallets[environment], context)
    wallet = f"the wallet `{environment}`"
    if setting.amount > target:
        late = [p for p in setting.alert_percentages if setting.amount * p > target * 100]
        message = (
            f"{shown(setting.name)} warns at {context.money(setting.amount)}, above the {context.money(target)}"
            f" that {wallet} has each month{_never(late)}"
        )
        hint = f"lower the amount to {target:.2f} or less, or fund the wallet with more"
        if not target:
            hint = f"fund {wallet}, or take the alert out"
        yield problem("alert-above-wallet", message, hint, (*keys, "amount"), severity=Severity.WARNING)
        return
    if setting.hard_limit or _are_usual(setting.alert_percentages):
        return
    for index, percentage in enumerate(setting.alert_percentages):
        if setting.amount * percentage > target * 100:
            threshold = context.money(setting.amount * percentage / 100)
            message = (
                f"the alert at {percentage}% ({threshold}) cannot fire: {wallet} has {context.money(target)} each month"
            )
            at = (*keys, "alert_percentages", index)
            hint = f"write {int(target * 100 // setting.amount)} or less, or remove it"
            yield problem("alert-cannot-fire", message, hint, at, severity=Severity.WARNING)


def _most(wallet: WalletTarget, context: Context) -> Decimal:
    """Return the most that a wallet usually gets in a month of the fiscal year."""
    if isinstance(wallet.monthly, Decimal):
        return wallet.monthly
    year = context.fiscal_year
    months = year.periods if year else tuple(wallet.turns())
    return max(map(wallet.usual, months)) if months else wallet.usual(Period(2000, 1))


def _never(percentages: list[int]) -> str:
    if not percentages:
        return ""
    alerts = " and ".join(f"{percentage}%" for percentage in sorted(set(percentages)))
    return f"; before the alert{'s' if len(set(percentages)) > 1 else ''} at {alerts} the money has run out"
