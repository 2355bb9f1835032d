"""The review of one team as it is printed: in cents that add up, the cause that is called first, in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from reconciler.forecast.levers.registry import planned_spend
from reconciler.forecast.when import Month
from reconciler.model.money import cents, in_cents
from reconciler.model.period import Period
from reconciler.model.review import PLANNED_DEMAND, ReviewEffect, ReviewVerdict, ReviewWorkload, TeamReview
from reconciler.model.review import CauseName as Cause
from reconciler.model.team import AnnualPlan
from reconciler.review.call import called, is_material, stands_out
from reconciler.review.compare import Amounts, Comparison, UnitEffects
from reconciler.review.kinds import kinds
from reconciler.review.models import model_rows
from reconciler.review.side import NONE
from reconciler.review.span import Span
from reconciler.review.split import CAUSES
from reconciler.review.untold import Together
from reconciler.review.words import Said, as_written, money, one_off_of, response, sentence


@dataclass(frozen=True, slots=True)
class Told:
    """What a review is told about its team: its name, what it is held against in words, and names of wallets.

    `planned` are the fields of the annual plan that it is held against, none where that is another period.
    """

    team: str
    name: str
    against: str
    currency: str
    environments: Mapping[str, str]
    together: Together = ()
    planned: frozenset[str] = frozenset()


def team_review(comparison: Comparison, told: Told, verdicts: Iterable[ReviewVerdict] = ()) -> TeamReview:
    """Return a team's difference in cents, split so that every sum holds: causes, and workloads in them."""
    reference, actual = cents(comparison.reference), cents(comparison.actual)
    amounts = in_cents(_merged(comparison.effects, told.together), actual - reference)
    cause = called(comparison)
    is_opposed = cause is None and any(stands_out(comparison, each) for each in CAUSES)
    main = next((first for first, second in told.together if second == cause), cause)
    effects = [
        ReviewEffect(
            cause=each,
            amount=amount,
            noise=None if each == "calendar" else _noise(comparison, each, told.together),
            stands_out=any(stands_out(comparison, one) for one in (each, *_others(each, told.together))),
            together_with=_others(each, told.together),
        )
        for each, amount in amounts.items()
    ]
    effect = (main, amounts[main]) if main else None
    said = one_off_of(amounts[main], comparison.credits) if main == "one_off" else main
    return TeamReview(
        team=told.team,
        plan=reference,
        actual=actual,
        difference=actual - reference,
        effects=_in_order(effects, main),
        kinds=kinds(effects, comparison.invested),
        called=main,
        sentence=sentence(
            told.name,
            amounts=(reference, actual),
            effect=effect,
            said=said,
            others=_others(main, told.together) if main else (),
            mostly=_mostly(comparison.units, effect),
            calendar=amounts["calendar"] if is_material(comparison, amounts["calendar"]) else NONE,
            is_opposed=is_opposed,
            against=told.against,
            currency=told.currency,
        ),
        response=_response(comparison, effect, told, said) if effect and said else "",
        verdicts=tuple(verdicts),
        workloads=tuple(_workloads(comparison, told)),
        models=model_rows(*comparison.models),
    )


def _in_order(effects: Iterable[ReviewEffect], main: Cause | None) -> tuple[ReviewEffect, ...]:
    """Return the effects, that of the called cause first, then the largest."""
    return tuple(sorted(effects, key=lambda each: (each.cause != main, -abs(each.amount), CAUSES.index(each.cause))))


def planned_money(plan: AnnualPlan, year: Period, span: Span, left_out: Collection[date] = ()) -> Decimal:
    """Return the exact money that a plan has for some days but those `left_out`, each with its part of its month."""
    months = (
        (Month(month, year), (end - start).days - sum(start <= day < end for day in left_out))
        for month, start, end in span.months()
    )
    return sum((planned_spend(plan, month) * days / month.period.days for month, days in months), NONE)


def without_base(planned: Decimal, actual: Decimal, told: Told) -> TeamReview:
    """Return the review of a team of which too little is known to tell any cause: the difference, and why."""
    reference, spent = cents(planned), cents(actual)
    off = spent - reference
    way = f"{money(abs(off), told.currency)} {'above' if off > 0 else 'below'}" if off else "exactly"
    return TeamReview(
        team=told.team,
        plan=reference,
        actual=spent,
        difference=off,
        effects=(ReviewEffect(cause="demand", amount=off, together_with=CAUSES[1:]),) if off else (),
        sentence=f"{told.name} spent {money(spent, told.currency)}, {way} {told.against}"
        f" {money(reference, told.currency)}; fewer than two weeks of its usage are known to start from, so causes"
        " cannot be told apart",
    )


def _response(comparison: Comparison, effect: tuple[Cause, Decimal], told: Told, said: Said) -> str:
    fitting = response(said, effect[1], _others(effect[0], told.together), planned=told.planned)
    if effect[0] != "baseline" or comparison.baseline is None:
        return fitting
    return f"{fitting} {as_written(comparison.baseline, told.currency)}"


def _merged(effects: Amounts, together: Together) -> Amounts:
    """Return effects with those that cannot be told apart added up, under the first of them."""
    merged = dict(effects)
    for first, second in together:
        if second in merged:
            merged[first] += merged.pop(second)
    return merged


def _others(cause: Cause, together: Together) -> tuple[Cause, ...]:
    return tuple(second for first, second in together if first == cause)


def _noise(comparison: Comparison, cause: Cause, together: Together) -> Decimal:
    causes = (cause, *_others(cause, together))
    spread = float(sum(comparison.noise.get(each, 0.0) ** 2 for each in causes) ** 0.5)
    return cents(Decimal(repr(round(spread, 2))))


def _mostly(units: Sequence[UnitEffects], effect: tuple[Cause, Decimal] | None) -> str:
    """Return the workload that most of an effect is from, "" where it is the only one or there is none."""
    if effect is None or len({unit.unit[1] for unit in units}) < 2:
        return ""
    cause, amount = effect
    totals: dict[str, Decimal] = {}
    for unit in units:
        totals[unit.unit[1]] = totals.get(unit.unit[1], NONE) + unit.effects[cause]
    name, most = max(totals.items(), key=lambda item: (item[1] if amount > 0 else -item[1], item[0]))
    return name if abs(most) * 2 > abs(amount) and (most > 0) == (amount > 0) else ""


def _workloads(comparison: Comparison, told: Told) -> list[ReviewWorkload]:
    """Return a row for each workload, and one for new demand that is planned: together they are the team's sums."""
    exact = {
        (unit.unit[1], told.environments.get(unit.unit[0], unit.unit[0])): (unit.reference, unit.actual, unit.effects)
        for unit in comparison.units
    }
    if comparison.demand:
        first = next(iter(told.environments.values()), "")
        exact[PLANNED_DEMAND, first] = (-sum(comparison.demand.values(), NONE), NONE, comparison.demand)
    plans = in_cents({key: plan for key, (plan, _, _) in exact.items()}, cents(comparison.reference)) if exact else {}
    actuals = in_cents({key: spent for key, (_, spent, _) in exact.items()}, cents(comparison.actual)) if exact else {}
    rows = [_row(*key, plans[key], actuals[key], effects, told) for key, (_, _, effects) in exact.items()]
    return sorted(rows, key=lambda row: (-abs(row.difference), row.workload, row.environment))


def _row(
    workload: str, environment: str, plan: Decimal, actual: Decimal, effects: Amounts, told: Told
) -> ReviewWorkload:
    difference = actual - plan
    amounts = in_cents(_merged(effects, told.together), difference)
    told_of = (
        ReviewEffect(cause=cause, amount=amount, together_with=_others(cause, told.together))
        for cause, amount in amounts.items()
        if amount
    )
    return ReviewWorkload(
        workload=workload,
        environment=environment,
        plan=plan,
        actual=actual,
        difference=difference,
        effects=tuple(sorted(told_of, key=lambda each: (-abs(each.amount), CAUSES.index(each.cause)))),
    )
