"""Guards count money, not objects: each refuses with its numbers and the exact waiver that would let it pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from reconciler.model.change import Allocate, Change, ObjectChange, Reclaim
from reconciler.model.funds import Funds
from reconciler.model.guards import Guard, GuardSettings, Waiver
from reconciler.model.kinds.billing_budget import BillingBudget
from reconciler.model.plan import GuardResult

WAIVER_DAYS = 14


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A guard's limit that a plan goes beyond: `value` against `limit`, both as people read them."""

    guard: Guard
    team: str
    value: Decimal
    limit: Decimal
    message: str
    cure: str
    position: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What guards look at. `spent` and `expected` are by wallet: the month so far, and its forecast's P50."""

    changes: tuple[Change, ...]
    funds: Funds
    currency: str
    spent: Mapping[str, Decimal]
    expected: Mapping[str, Decimal]


def guard_results(
    settings: GuardSettings, waivers: Iterable[Waiver], facts: Facts, *, as_of: date
) -> tuple[GuardResult, ...]:
    """Return a result for every guard that is exceeded, waived or not, in a fixed order."""
    listed = tuple(waivers)
    return tuple(_result(exceeded, listed, as_of) for exceeded in _exceeded(settings, facts))


def _result(exceeded: Exceeded, waivers: tuple[Waiver, ...], as_of: date) -> GuardResult:
    covering = [w for w in waivers if w.covers(exceeded.guard, exceeded.team, exceeded.value, as_of)]
    about = {
        "guard": exceeded.guard.value,
        "team": exceeded.team,
        "value": f"{exceeded.value:.2f}",
        "limit": f"{exceeded.limit:.2f}",
        "message": exceeded.message,
        "position": exceeded.position,
    }
    if covering:
        waiver = max(covering, key=lambda item: item.until)
        words = f"waived until {waiver.until} by {waiver.approved_by}: {waiver.reason}"
        return GuardResult(**about, status="waived", hint=words)
    return GuardResult(
        **about, status="refused", hint=f"{exceeded.cure}, or add to `waivers:` {_waiver(exceeded, as_of)}"
    )


def _waiver(exceeded: Exceeded, as_of: date) -> str:
    team = f"team: {exceeded.team}, " if exceeded.team else ""
    until = as_of + timedelta(days=WAIVER_DAYS)
    return (
        f"`- {{guard: {exceeded.guard}, {team}max: {exceeded.value:.2f}, until: {until},"
        ' reason: "...", approved_by: "..."}`'
    )


def _exceeded(settings: GuardSettings, facts: Facts) -> Iterator[Exceeded]:
    yield from _of_the_run(settings, facts)
    for change in facts.changes:
        match change:
            case Allocate() | Reclaim():
                yield from _of_a_move(settings, facts, change)
            case ObjectChange(before=BillingBudget() as before, after=after):
                yield from _of_an_alert(settings, change, before, after if isinstance(after, BillingBudget) else None)
            case _:
                pass


def _of_the_run(settings: GuardSettings, facts: Facts) -> Iterator[Exceeded]:
    out, back, currency = facts.funds.allocated, facts.funds.reclaimed, facts.currency
    if settings.total_moved is not None and out + back > settings.total_moved:
        yield Exceeded(
            Guard.TOTAL_MOVED,
            "",
            out + back,
            settings.total_moved,
            f"the run moves {currency} {out + back:,.2f}; a single run may move {currency} {settings.total_moved:,.2f}",
            "split the change",
        )
    if settings.net_increase is not None and out - back > settings.net_increase:
        yield Exceeded(
            Guard.NET_INCREASE,
            "",
            out - back,
            settings.net_increase,
            f"the wallets together get {currency} {out - back:,.2f} more;"
            f" a single run may add {currency} {settings.net_increase:,.2f}",
            "raise less, or take back elsewhere",
        )


def _of_a_move(settings: GuardSettings, facts: Facts, change: Allocate | Reclaim) -> Iterator[Exceeded]:
    name = f"{change.team}/{change.environment}"
    currency = change.currency
    if settings.largest_change is not None and change.amount > settings.largest_change:
        yield Exceeded(
            Guard.LARGEST_CHANGE,
            change.team,
            change.amount,
            settings.largest_change,
            f"{name} changes by {currency} {change.amount:,.2f};"
            f" a single wallet may change by {currency} {settings.largest_change:,.2f}",
            "change it in smaller steps",
            change.position,
        )
    if settings.largest_change_percent is not None and change.funded_before > 0:
        share, limit = change.amount / change.funded_before * 100, settings.largest_change_percent * 100
        if share > limit:
            yield Exceeded(
                Guard.LARGEST_CHANGE_PERCENT,
                change.team,
                share.quantize(Decimal("0.01")),
                limit,
                f"{name} changes by {share:.1f}% of the {currency} {change.funded_before:,.2f} it was funded with;"
                f" a single wallet may change by {limit.normalize():f}%",
                "change it in smaller steps",
                change.position,
            )
    yield from _below(settings, facts, change)


def _below(settings: GuardSettings, facts: Facts, change: Allocate | Reclaim) -> Iterator[Exceeded]:
    name = f"{change.team}/{change.environment}"
    spent, expected = facts.spent.get(change.wallet), facts.expected.get(change.wallet)
    if settings.target_below_spend and spent is not None and change.target < spent:
        yield Exceeded(
            Guard.TARGET_BELOW_SPEND,
            change.team,
            spent,
            change.target,
            f"{name} has already spent {change.currency} {spent:,.2f} this month, above its new target of"
            f" {change.currency} {change.target:,.2f}",
            f"raise the target to {change.currency} {spent:,.2f} or more",
            change.position,
        )
    lowered = isinstance(change, Reclaim)
    if settings.target_below_forecast and lowered and expected is not None and change.target < expected:
        yield Exceeded(
            Guard.TARGET_BELOW_FORECAST,
            change.team,
            expected,
            change.target,
            f"{name} is expected to spend {change.currency} {expected:,.2f} this month, above its new target"
            f" of {change.currency} {change.target:,.2f}",
            f"keep the target at {change.currency} {expected:,.2f} or more",
            change.position,
        )


def _of_an_alert(
    settings: GuardSettings, change: ObjectChange, before: BillingBudget, after: BillingBudget | None
) -> Iterator[Exceeded]:
    if settings.hard_limit_on and after and after.hard_limit and not before.hard_limit:
        amount = after.amount
        yield Exceeded(
            Guard.HARD_LIMIT_ON,
            change.team,
            amount,
            Decimal(0),
            f"the hard limit of {change.key} is switched on: traffic stops at {amount:,.2f}",
            "leave `hard_limit: false`",
            change.position,
        )
    removed = sorted(set(before.alert_percentages) - set(after.alert_percentages if after else ()))
    if settings.alert_removed and removed:
        amount = before.amount
        percentages = ", ".join(f"{percentage}%" for percentage in removed)
        yield Exceeded(
            Guard.ALERT_REMOVED,
            change.team,
            amount,
            Decimal(0),
            f"{change.key} no longer warns at {percentages} of {amount:,.2f}",
            "keep the alert",
            change.position,
        )
