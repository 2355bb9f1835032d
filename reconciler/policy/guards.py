"""Guards count money, not objects: each says its numbers, and the fix. They are rules over the facts of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, Decimal
from functools import partial
from typing import Any

from reconciler.model.change import Allocate, ObjectChange, Reclaim
from reconciler.model.guards import Guard, GuardSettings
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.money import CENT, Money
from reconciler.model.policy_input import PolicyInput
from reconciler.policy.rule import BuiltIn, GuardRule, Verdict

Verdicts = Iterator[Verdict]


def guard_rules(settings: GuardSettings) -> tuple[GuardRule, ...]:
    """Return the guards that `settings` switch on, each with its limit; nothing at all is a limit too."""
    limits = {guard: getattr(settings, guard.replace("-", "_")) for guard in _LIMITS}
    return tuple(
        _built_in(guard, partial(_LIMITS[guard], limit))
        for guard, limit in limits.items()
        if limit is not None and limit is not False
    )


def _built_in(name: str, judge: Callable[[PolicyInput], Verdicts]) -> GuardRule:
    return BuiltIn(name, "deny", judge)


def _total_moved(limit: Decimal, facts: PolicyInput) -> Verdicts:
    moved, currency = facts.allocated + facts.reclaimed, facts.currency
    if moved > limit:
        yield Verdict(
            Guard.TOTAL_MOVED,
            f"the run moves {currency} {moved:,.2f}; a single run may move {currency} {limit:,.2f}",
            "split the change",
            moved,
            limit,
        )


def _net_increase(limit: Decimal, facts: PolicyInput) -> Verdicts:
    more, currency = facts.allocated - facts.reclaimed, facts.currency
    if more > limit:
        yield Verdict(
            Guard.NET_INCREASE,
            f"the wallets together get {currency} {more:,.2f} more; a single run may add {currency} {limit:,.2f}",
            "raise less, or take back elsewhere",
            more,
            limit,
        )


def _largest_change(limit: Decimal, facts: PolicyInput) -> Verdicts:
    for place, move in _moves(facts):
        if move.amount > limit:
            yield Verdict(
                Guard.LARGEST_CHANGE,
                f"{_name(move)} changes by {move.currency} {move.amount:,.2f};"
                f" a single wallet may change by {move.currency} {limit:,.2f}",
                _smaller(move),
                move.amount,
                limit,
                **_about(place, move),
            )


def _smaller(move: Allocate | Reclaim) -> str:
    """Return the cure of a change that is too large: opening a month is none, and no guard is asked for it."""
    smaller = "change it in smaller steps"
    if isinstance(move, Reclaim) or move.funded_before > 0:
        return smaller
    return f"open the month first, where nobody has: `kt-budgets apply --period {move.period}`; or {smaller}"


def _largest_change_percent(limit: Decimal, facts: PolicyInput) -> Verdicts:
    percent = limit * 100
    for place, move in _moves(facts):
        if move.funded_before > 0 and move.amount * 100 > percent * move.funded_before:
            share = (move.amount / move.funded_before * 100).quantize(CENT, ROUND_CEILING)
            told = share if round(share, 1) <= percent else round(share, 1)
            yield Verdict(
                Guard.LARGEST_CHANGE_PERCENT,
                f"{_name(move)} changes by {told}% of the {move.currency} {move.funded_before:,.2f} it was funded"
                f" with; a single wallet may change by {percent.normalize():f}%",
                "change it in smaller steps",
                share,
                percent,
                **_about(place, move),
            )


def _target_below_spend(_: bool, facts: PolicyInput) -> Verdicts:
    for place, move in _moves(facts):
        known = facts.wallets.get(move.wallet)
        if known and known.spent is not None and move.target < known.spent:
            spent = f"{move.currency} {known.spent:,.2f}"
            yield Verdict(
                Guard.TARGET_BELOW_SPEND,
                f"{_name(move)} has already spent {spent} this month, above its new target of"
                f" {move.currency} {move.target:,.2f}",
                f"raise the target to {spent} or more",
                known.spent,
                move.target,
                **_about(place, move),
            )


def _target_below_forecast(_: bool, facts: PolicyInput) -> Verdicts:
    for place, move in _moves(facts):
        known = facts.wallets.get(move.wallet)
        expected = known.expected if known else None
        if isinstance(move, Reclaim) and expected is not None and move.target < expected:
            middle = f"{move.currency} {expected:,.2f}"
            yield Verdict(
                Guard.TARGET_BELOW_FORECAST,
                f"{_name(move)} is expected to spend {middle} this month, above its new target of"
                f" {move.currency} {move.target:,.2f}",
                f"keep the target at {middle} or more",
                expected,
                move.target,
                **_about(place, move),
            )


def _hard_limit_on(_: bool, facts: PolicyInput) -> Verdicts:
    for place, change, before, after in _alerts(facts):
        if after and after.hard_limit and not before.hard_limit:
            yield Verdict(
                Guard.HARD_LIMIT_ON,
                f"the hard limit of {change.key} is switched on: traffic stops at {after.amount:,.2f}",
                "leave `hard_limit: false`",
                after.amount,
                Decimal(0),
                **_about(place, change),
            )


def _alert_removed(_: bool, facts: PolicyInput) -> Verdicts:
    for place, change, before, after in _alerts(facts):
        removed = sorted(set(before.alert_percentages) - set(after.alert_percentages if after else ()))
        if removed:
            percentages = ", ".join(f"{percentage}%" for percentage in removed)
            yield Verdict(
                Guard.ALERT_REMOVED,
                f"{change.key} no longer warns at {percentages} of {before.amount:,.2f}",
                "keep the alert",
                before.amount,
                Decimal(0),
                **_about(place, change),
            )


_LIMITS: dict[Guard, Callable[[Any, PolicyInput], Verdicts]] = {
    Guard.TOTAL_MOVED: _total_moved,
    Guard.NET_INCREASE: _net_increase,
    Guard.LARGEST_CHANGE: _largest_change,
    Guard.LARGEST_CHANGE_PERCENT: _largest_change_percent,
    Guard.TARGET_BELOW_SPEND: _target_below_spend,
    Guard.TARGET_BELOW_FORECAST: _target_below_forecast,
    Guard.HARD_LIMIT_ON: _hard_limit_on,
    Guard.ALERT_REMOVED: _alert_removed,
}
"""In the order in which verdicts on one change are said. A test misses a guard that has no limit here."""


def _currency(facts: PolicyInput) -> Verdicts:
    """Refuse whatever is in a currency that the organization has no money of, where it has some of another."""
    found, currency = facts.currencies, facts.currency
    if found is None or not found.lack(currency):
        return
    of_pool = "the organization wallet is" if len(found.held) == 1 else "the organization wallets are"
    whose = of_pool if found.of_pool else "every team wallet that there is, is"
    told, meant = " and ".join(found.held), " or ".join(f"`currency: {held}`" for held in found.held)
    yield Verdict(
        "currency",
        f"org.yaml says `currency: {currency}`, and {whose} in {told}; nothing is planned in {currency}",
        f"write {meant} in org.yaml; an organization that goes over to {currency} needs an"
        f" organization wallet in {currency} in Keeptrusts first",
    )


def _pool(facts: PolicyInput) -> Verdicts:
    """Refuse a run that the pool cannot pay for in full, and say by how much; where the pool is seen, say it anyway."""
    if facts.funds.available is None:
        return
    usable, allocated = facts.funds.available + facts.reclaimed, facts.allocated
    passes = not usable < allocated or not allocated
    lacking = Money(allocated - usable, facts.currency)
    yield Verdict(
        Guard.POOL_EXHAUSTION,
        ""
        if passes
        else f"allocations of {Money(allocated, facts.currency)} need more than the {Money(usable, facts.currency)}"
        f" that the organization wallet will hold; {lacking} are missing",
        "" if passes else f"credit the organization wallet with {lacking} or more, or lower the targets",
        allocated,
        usable,
        passes=passes,
    )


ALWAYS = (_built_in("currency", _currency), _built_in(Guard.POOL_EXHAUSTION, _pool))
"""Rules that no setting switches off and no waiver lets pass."""


def _moves(facts: PolicyInput) -> Iterator[tuple[int, Allocate | Reclaim]]:
    for place, change in enumerate(facts.changes):
        if isinstance(change, Allocate | Reclaim):
            yield place, change


def _alerts(facts: PolicyInput) -> Iterator[tuple[int, ObjectChange, BillingBudget, BillingBudget | None]]:
    """Yield the changes of billing budgets that are there already, each with what it was and what it is to be."""
    for place, change in enumerate(facts.changes):
        if isinstance(change, ObjectChange) and isinstance(change.before, BillingBudget):
            yield place, change, change.before, change.after if isinstance(change.after, BillingBudget) else None


def _name(move: Allocate | Reclaim) -> str:
    return f"{move.team}/{move.environment}"


def _about(place: int, change: Allocate | Reclaim | ObjectChange) -> dict[str, Any]:
    return {"team": change.team, "position": change.position, "about": place}
