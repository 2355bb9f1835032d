"""Requirements: who must approve a change, by the rules that held before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.frozen import Frozen
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, BillingBudget
from reconciler.model.kinds.managed_kind import Key, text_of
from reconciler.model.kinds.registry import general_nouns
from reconciler.model.money import ZERO, Amount, Money
from reconciler.model.period import Period


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of `owners` must approve, for `reason`. Nobody is named: then it cannot be met.

    `team` is whom it is about: missing, that team alone is not applied. None is the whole change. `fallback` are the
    owners who stand in where none of `owners` can approve.
    """

    reason: str
    owners: tuple[str, ...]
    team: str | None = None
    fallback: tuple[str, ...] = ()


class Effects(Frozen):
    """What changes do, as far as it matters to who must approve them.

    `moved` is the money that moves, in and out. `switched` are the billing budgets whose hard limit is switched in
    Keeptrusts, with their team. `is_general` is whether something changes that belongs to no team.
    """

    teams: tuple[str, ...] = ()
    moved: Amount = ZERO
    switched: dict[str, str] = {}
    is_general: bool = False


def effects_of(changes: Sequence[Change]) -> Effects:
    """Return what `changes` do."""
    switched = {
        change.key: change.team
        for change in changes
        if isinstance(change, ObjectChange) and _is_hard(change.before) != _is_hard(change.after)
    }
    return Effects(
        teams=tuple(sorted({change.team for change in changes if change.team})),
        moved=sum((change.amount for change in changes if isinstance(change, Allocate | Reclaim)), ZERO),
        switched=switched,
        is_general=any(not change.team for change in changes),
    )


def requirements(
    rules: Desired, after: Desired, changes: Sequence[Change] | Effects, *, before: Desired | None = None
) -> tuple[Requirement, ...]:
    """Return who must approve `changes` and the step from `before` to `after`, in a fixed order without repetitions.

    Owners and thresholds are those of `rules`, the YAML before the change: what a change says about its own approval
    does not count. A team that is new there is approved by the organization's owners. The step begins at `rules`
    unless `before` says where.
    """
    start = before or rules
    effects = changes if isinstance(changes, Effects) else effects_of(changes)
    found = [
        *_organization(rules, start, after),
        *_teams(rules, start, after, effects),
        *_finance(rules, start, after, effects),
        *_platform(rules, start, after, effects),
    ]
    return tuple(dict.fromkeys(found))


def _organization(rules: Desired, start: Desired, after: Desired) -> Iterator[Requirement]:
    if start.organization != after.organization:
        yield Requirement("the organization's settings change", rules.organization.owners)


def _teams(rules: Desired, start: Desired, after: Desired, effects: Effects) -> Iterator[Requirement]:
    for team in sorted({*effects.teams} | start.edited_teams(after)):
        what = "its plan, wallets or alerts change" if team in rules.teams else "it is new"
        yield Requirement(f"{team}: {what}", rules.approvers(team), team, rules.organization.owners)
    if effects.is_general:
        yield Requirement(f"the organization's {general_nouns()} change", rules.organization.owners)


def _finance(rules: Desired, start: Desired, after: Desired, effects: Effects) -> Iterator[Requirement]:
    settings = rules.organization.approvals
    if settings.finance_above is None:
        return
    currency = rules.organization.currency
    moved = max(effects.moved, _retargeted(start, after))
    if moved > settings.finance_above:
        words = f"{Money(moved, currency)} move, above {Money(settings.finance_above, currency)}"
        owners = settings.finance or rules.organization.owners
        yield Requirement(words, owners, fallback=rules.organization.owners)


def _retargeted(start: Desired, after: Desired) -> Decimal:
    """Return by how much wallets' targets change together, in the month where that is the most."""
    years = {start.organization.fiscal_year.value, after.organization.fiscal_year.value}
    periods = {period for year in years for period in year.periods} | _overridden(start) | _overridden(after)
    return max((_difference(start, after, period) for period in periods), default=ZERO)


def _overridden(desired: Desired) -> set[Period]:
    return {period for wallet in desired.wallets.values() for period in wallet.setting.overrides}


def _difference(start: Desired, after: Desired, period: Period) -> Decimal:
    keys = {*start.wallets, *after.wallets}
    return sum((abs(_target(after, key, period) - _target(start, key, period)) for key in keys), ZERO)


def _target(desired: Desired, key: str, period: Period) -> Decimal:
    wallet = desired.wallets.get(key)
    return wallet.target(period).amount if wallet else ZERO


def _platform(rules: Desired, start: Desired, after: Desired, effects: Effects) -> Iterator[Requirement]:
    settings = rules.organization.approvals
    switched: dict[str, str | None] = {
        text_of(key): _team(start, after, key) for key in _hard_limits(start) ^ _hard_limits(after)
    }
    for name, whose in effects.switched.items():
        switched.setdefault(name, whose or None)
    for key, team in sorted(switched.items()):
        owners = settings.platform or rules.organization.owners
        yield Requirement(f"the hard limit of {key} is switched", owners, team, rules.organization.owners)


def _hard_limits(desired: Desired) -> set[Key]:
    return {key for key, wanted in desired.of(BILLING_BUDGETS).items() if wanted.value.hard_limit}


def _team(start: Desired, after: Desired, key: Key) -> str | None:
    """Return whose a billing budget is; None where it went from one team to another."""
    declared = (side.of(BILLING_BUDGETS).get(key) for side in (start, after))
    teams = {wanted.team for wanted in declared if wanted}
    return teams.pop() if len(teams) == 1 else None


def _is_hard(value: Frozen | None) -> bool:
    return isinstance(value, BillingBudget) and value.hard_limit
