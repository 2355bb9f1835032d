"""The facts of a plan as rules read them: the same figures as in the plan, in exact whole numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from reconciler.model.change import Change, ObjectChange, Reclaim
from reconciler.model.kinds.billing_budget import BILLING_BUDGETS, AlertPercentage, BillingBudget
from reconciler.model.money import ZERO
from reconciler.model.period import Period
from reconciler.model.policy_input import ObjectFacts, PolicyInput, WalletFacts, WalletSide
from reconciler.model.rule_facts import (
    AlertRuleValues,
    AlertValues,
    AssumptionValues,
    ChangeValues,
    DriftValues,
    MonthEndValues,
    PlanValues,
    RuleFacts,
    SideValues,
    TodayValues,
    WalletValues,
    WarningValues,
)
from reconciler.model.wallet_ref import WalletRef

MILLION = 1_000_000
LARGEST = 2**63 - 1
_QUANTILES = {"0.025": "p2_5", "0.1": "p10", "0.5": "p50", "0.9": "p90", "0.975": "p97_5"}


def micros(amount: Decimal) -> int:
    """Return money, or a share, in millionths.

    Raises:
        OverflowError: it is too large for a rule to count.
    """
    counted = int((amount * MILLION).to_integral_value())
    if abs(counted) > LARGEST:
        raise OverflowError(f"{amount:,.2f} is more than a rule can count")
    return counted


def rule_facts(facts: PolicyInput, day: date) -> RuleFacts:
    """Return what rules can read of a plan on `day`; OverflowError where a figure is too large to be counted."""
    moved = {change.wallet for change in facts.changes if not isinstance(change, ObjectChange)}
    return RuleFacts(
        plan=_plan(facts),
        today=today_values(day, facts.fiscal_year),
        changes=tuple(map(_change, facts.changes)),
        wallets={str(key): _wallet(facts, key, known, key in moved) for key, known in facts.wallets.items()},
        alerts=None if facts.objects is None else tuple(_alerts(facts.objects)),
        warnings=tuple(_warnings(facts.wallets)),
        assumptions=tuple(_assumptions(facts)),
        drift=tuple(_drift(facts)),
    )


def _plan(facts: PolicyInput) -> PlanValues:
    declared, pool = facts.declared, facts.funds.available
    return PlanValues(
        organization=facts.organization,
        currency=facts.currency,
        period=str(facts.period),
        as_of=facts.as_of,
        changes=len(facts.changes),
        moved=micros(facts.allocated + facts.reclaimed),
        allocated=micros(facts.allocated),
        reclaimed=micros(facts.reclaimed),
        net_increase=micros(facts.allocated - facts.reclaimed),
        teams=dict(_growth(facts.changes)),
        pool=None if pool is None else micros(pool),
        retargeted=None if declared is None else micros(declared.retargeted),
        settings_change=None if declared is None else declared.organization,
        is_compared=declared is not None,
        drift=len(facts.drift),
    )


def _growth(changes: tuple[Change, ...]) -> Iterator[tuple[str, int]]:
    for team in sorted({change.team for change in changes}):
        own = (change for change in changes if change.team == team and not isinstance(change, ObjectChange))
        yield team, micros(sum((-one.amount if isinstance(one, Reclaim) else one.amount for one in own), ZERO))


def today_values(day: date, fiscal_year: Period | None) -> TodayValues:
    """Return what rules can read of a day, in the fiscal year that begins in that month."""
    month = Period.of(day)
    quarter = year = None
    if fiscal_year is not None:
        into = month.months_since(fiscal_year) % 12
        quarter = (month.plus(3 - into % 3).first - day).days - 1
        year = (month.plus(12 - into).first - day).days - 1
    return TodayValues(
        date=day,
        year=day.year,
        month=day.month,
        day=day.day,
        weekday=day.isoweekday(),
        days_left_in_month=(month.last - day).days,
        days_left_in_quarter=quarter,
        days_left_in_year=year,
    )


def _change(change: Change) -> ChangeValues:
    if isinstance(change, ObjectChange):
        return _object_change(change)
    is_cut = isinstance(change, Reclaim)
    return ChangeValues(
        kind=change.kind,
        verb=change.kind,
        team=change.team,
        environment=change.environment,
        key=str(change.wallet),
        is_money=True,
        is_raise=not is_cut,
        is_cut=is_cut,
        is_alert=False,
        amount=micros(change.amount),
        target=micros(change.target),
        funded_before=micros(change.funded_before),
        funded_after=micros(change.funded_after),
    )


def _object_change(change: ObjectChange) -> ChangeValues:
    before, after = (value if isinstance(value, BillingBudget) else None for value in (change.before, change.after))
    is_alert = before is not None or after is not None
    kept = after.alert_percentages if after else ()
    removed = tuple(one for one in sorted(before.alert_percentages) if one not in kept) if before else ()
    return ChangeValues(
        kind=change.kind,
        verb=change.verb,
        team=change.team,
        environment=change.environment or "",
        key=change.key,
        is_money=False,
        is_raise=False,
        is_cut=False,
        is_alert=is_alert,
        before=_alert(before) if before else None,
        after=_alert(after) if after else None,
        removed=tuple(map(_share, removed)) if is_alert else None,
        hard_limit_on=bool(after and after.hard_limit and not (before and before.hard_limit)) if is_alert else None,
    )


def _alert(value: BillingBudget) -> AlertValues:
    return AlertValues(
        name=value.name,
        amount=micros(value.amount),
        percentages=tuple(map(_share, value.alert_percentages)),
        hard_limit=value.hard_limit,
    )


def _share(percentage: AlertPercentage) -> int:
    return micros(Decimal(percentage) / 100)


def _wallet(facts: PolicyInput, key: WalletRef, known: WalletFacts, is_changed: bool) -> WalletValues:
    history = {str(period): micros(amount) for period, amount in facts.history.get(key, {}).items()}
    has_forecast = known.confidence != "none"
    ends = {name: micros(known.month_end[at]) for at, name in _QUANTILES.items() if at in known.month_end}
    return WalletValues(
        id=str(key),
        team=known.team,
        environment=known.environment,
        is_changed=is_changed,
        is_spent_known=known.spent is not None,
        spent=None if known.spent is None else micros(known.spent),
        has_forecast=has_forecast,
        confidence=known.confidence,
        history_days=known.history_days,
        month_end=MonthEndValues(**ends) if has_forecast else None,
        before=_side(known.before),
        after=_side(known.after),
        history=history,
        last_month=history.get(str(facts.period.plus(-1))),
    )


def _side(side: WalletSide | None) -> SideValues | None:
    if side is None:
        return None
    return SideValues(
        target=micros(side.target),
        ceiling=micros(side.ceiling),
        money_left=micros(side.money_left),
        runs_out=None if side.runs_out is None else micros(side.runs_out),
    )


def _alerts(objects: tuple[ObjectFacts, ...]) -> Iterator[AlertRuleValues]:
    for one in objects:
        if one.kind == BILLING_BUDGETS.name:
            value = BILLING_BUDGETS.stored(one.value)
            yield AlertRuleValues(
                **dict(_alert(value)),
                key=one.key,
                team=one.team,
                environment=one.environment or "",
                scope_type=value.scope_type,
            )


def _warnings(wallets: Mapping[WalletRef, WalletFacts]) -> Iterator[WarningValues]:
    for key, known in wallets.items():
        for alert in known.alerts:
            yield WarningValues(
                team=known.team,
                environment=known.environment,
                wallet=str(key),
                name=alert.name,
                amount=micros(alert.amount),
                percentage=_share(alert.percentage),
                fires=micros(alert.fires),
                unwarned=micros(alert.unwarned),
            )


def _assumptions(facts: PolicyInput) -> Iterator[AssumptionValues]:
    for team in facts.assumptions:
        for one in team.assumptions:
            owed = None if one.owed is None else micros(one.owed)
            yield AssumptionValues(
                team=team.team, name=one.name, verdict=one.verdict, owed=owed, is_owed_known=owed is not None
            )


def _drift(facts: PolicyInput) -> Iterator[DriftValues]:
    for item in facts.drift:
        yield DriftValues(
            team=item.team,
            category=item.category,
            key=str(item.wallet or item.key or ""),
            amount=None if item.amount is None else micros(item.amount),
            is_money=item.amount is not None,
        )
