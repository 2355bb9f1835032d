"""Requirements: who must approve a change, by the rules that held before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.billing_budget import BillingBudget, BillingBudgetKey
from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.money import ZERO, Money
from reconciler.model.period import Period


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """One of `owners` must approve, for `reason`. Nobody is named: then it cannot be met."""

    reason: str
    owners: tuple[str, ...]


def requirements(rules: Desired, after: Desired, changes: Sequence[Change]) -> tuple[Requirement, ...]:
    """Return who must approve `changes` and the step from `rules` to `after`, in a fixed order without repetitions.

    Owners and thresholds are those of `rules`, the YAML before the change: what a change says about its own approval
    does not count. A team that is new there is approved by the organization's owners.
    """
    found = [
        *_organization(rules, after),
        *_teams(rules, after, changes),
        *_finance(rules, after, changes),
        *_platform(rules, after, changes),
    ]
    return tuple(dict.fromkeys(found))


def _organization(rules: Desired, after: Desired) -> Iterator[Requirement]:
    if rules.organization != after.organization:
        yield Requirement("the organization's settings change", rules.organization.owners)


def _teams(rules: Desired, after: Desired, changes: Iterable[Change]) -> Iterator[Requirement]:
    changed = {change.team for change in changes if change.team}
    edited = {team for team in {*rules.teams, *after.teams} if rules.teams.get(team) != after.teams.get(team)}
    for team in sorted(changed | edited):
        known = rules.teams.get(team)
        owners = known.owners if known and known.owners else rules.organization.owners
        what = "its plan, wallets or alerts change" if known else "it is new"
        yield Requirement(f"{team}: {what}", owners)
    if any(not change.team for change in changes):
        yield Requirement("the organization's export schedules change", rules.organization.owners)


def _finance(rules: Desired, after: Desired, changes: Iterable[Change]) -> Iterator[Requirement]:
    settings = rules.organization.approvals
    if settings.finance_above is None:
        return
    currency = rules.organization.currency
    moved = max(_moved(changes), _retargeted(rules, after))
    if moved > settings.finance_above:
        words = f"{Money(moved, currency)} move, above {Money(settings.finance_above, currency)}"
        yield Requirement(words, settings.finance or rules.organization.owners)


def _moved(changes: Iterable[Change]) -> Decimal:
    return sum((change.amount for change in changes if isinstance(change, Allocate | Reclaim)), ZERO)


def _retargeted(rules: Desired, after: Desired) -> Decimal:
    """Return by how much wallets' targets change together, in the month where that is the most."""
    years = {rules.organization.fiscal_year.value, after.organization.fiscal_year.value}
    periods = {period for year in years for period in year.periods} | _overridden(rules) | _overridden(after)
    return max((_difference(rules, after, period) for period in periods), default=ZERO)


def _overridden(desired: Desired) -> set[Period]:
    return {period for wallet in desired.wallets.values() for period in wallet.setting.overrides}


def _difference(rules: Desired, after: Desired, period: Period) -> Decimal:
    keys = {*rules.wallets, *after.wallets}
    return sum((abs(_target(after, key, period) - _target(rules, key, period)) for key in keys), ZERO)


def _target(desired: Desired, key: str, period: Period) -> Decimal:
    wallet = desired.wallets.get(key)
    return wallet.target(period).amount if wallet else ZERO


def _platform(rules: Desired, after: Desired, changes: Iterable[Change]) -> Iterator[Requirement]:
    settings = rules.organization.approvals
    before, now = _hard_limits(rules), _hard_limits(after)
    switched = {str(key) for key in before ^ now}
    for change in changes:
        if not isinstance(change, Allocate | Reclaim) and _is_hard(change.before) != _is_hard(change.after):
            switched.add(change.key)
    for key in sorted(switched):
        yield Requirement(f"the hard limit of {key} is switched", settings.platform or rules.organization.owners)


def _hard_limits(desired: Desired) -> set[BillingBudgetKey]:
    budgets: Iterable[BillingBudget] = (found.budget for found in desired.billing_budgets.values())
    return {budget.key for budget in budgets if budget.hard_limit}


def _is_hard(document: dict[str, object] | None) -> bool:
    return bool(document and document.get("hard_limit"))
