"""Recommendations: the smallest target that lasts with a chosen probability, and the alert that leaves time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property, partial

import numpy as np

from reconciler.forecast.alert_history import LastMonths
from reconciler.forecast.alerts import Month
from reconciler.forecast.context import ForecastContext
from reconciler.forecast.course import Course
from reconciler.forecast.hard_limit import Stop, limit_notices, room_of, stop_of
from reconciler.forecast.notices import stale_notice
from reconciler.forecast.outlook import Demand, demand, depletion
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import three_digits
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.shortfall import shortfall
from reconciler.forecast.simulation import simulations
from reconciler.forecast.warning_time import NEAR_ENOUGH, AlertRecommendation, WarningTime
from reconciler.forecast.words import amount, chance
from reconciler.model.desired import DesiredWallet
from reconciler.model.forecast import ForecastNotice, WalletNotice
from reconciler.model.money import CENT, ZERO, Money
from reconciler.model.outlook import RecommendedTarget
from reconciler.model.period import FiscalYear, Period
from reconciler.model.purse import Purse
from reconciler.model.wallet_ref import WalletRef

__all__ = ["AlertRecommendation", "Recommendations", "TargetRecommendation", "recommend", "smallest_enough"]

CARRIED_SHARE = Decimal("0.01")
"""What a wallet holds beyond a period's own funding, as a share of its target, before it counts as carried over."""
UNLIKE_SHARE = Decimal("0.25")
"""How far below a target every month to come may stay before it is too much for them."""


class TargetRecommendation(RecommendedTarget):
    """What is recommended; `alone` says why the target is one for this period and no measure for the months after it.

    It is empty where it holds for them too, and no part of the document.
    """

    wallet: WalletRef
    alone: str = ""


@dataclass(frozen=True, slots=True)
class Recommendations:
    """`notices` are what the wallets' histories show beyond level and calendar."""

    targets: tuple[TargetRecommendation, ...]
    alerts: tuple[AlertRecommendation, ...]
    notices: tuple[ForecastNotice, ...] = ()


def recommend(
    questions: Sequence[WalletQuestion],
    context: ForecastContext,
    *,
    probability: float = 0.9,
    reaction_days: int = 5,
) -> Recommendations:
    """Return a target for each wallet and an amount for each of its monthly alerts, from the forecast's own paths.

    Of a wallet of which neither usage nor a plan says anything, nothing is recommended, and a notice says so.
    `probability` is that of lasting to the end of the period, in (0, 1); a forecast with the recommended target shows
    at least this probability, because it uses the same paths.
    """
    targets: list[TargetRecommendation] = []
    alerts: list[AlertRecommendation] = []
    seen: list[ForecastNotice] = []
    for simulated in simulations(questions, context):
        question, course = simulated.question, simulated.course
        wallet = question.wallet
        if simulated.is_untold(context.period, as_of=context.as_of):
            seen.append(_untold(wallet, context.as_of))
            continue
        wanted = demand(course, period=context.period, unpaid_since=question.unpaid_since)
        first = context.team_wallets(question)[0] == question.wallet.key
        before = None if any(simulated.ceiling) else LastMonths(context.known, wallet.key, context.period)
        year = context.organization.fiscal_year.value
        outlook = _Outlook(question, course, wanted, context.period, year, first, before)
        targets.append(target := outlook.target(probability))
        alerts.extend(outlook.warning_time(target).alerts(reaction_days))
        noticed = (*simulated.notices, *outlook.limits(target))
        seen += (ForecastNotice.of(one, team=wallet.team, environment=wallet.environment) for one in noticed)
    stale = stale_notice(context.known, where=questions[0].team_origin) if questions else ()
    seen += (ForecastNotice(code=one.code, message=one.message, hint=one.hint) for one in stale)
    return Recommendations(tuple(targets), tuple(alerts), tuple(seen))


def _untold(wallet: DesiredWallet, as_of: date) -> ForecastNotice:
    found = WalletNotice(
        code="no-history",
        message=f"has no usage before {as_of}, and no annual plan says what it will spend: nothing is recommended",
        hint="set `plan.baseline_monthly`, or give usage with --usage",
    )
    return ForecastNotice.of(found, team=wallet.team, environment=wallet.environment)


def smallest_enough(spend: Floats, probability: float) -> Decimal:
    """Return the smallest money in whole cents that at least a share `probability` of `spend` does not exceed."""
    ordered = np.sort(spend)
    index = min(max(int(np.ceil(probability * len(ordered) - 1e-9)), 1), len(ordered)) - 1
    return Decimal(repr(float(ordered[index]))).quantize(CENT, ROUND_CEILING)


@dataclass(frozen=True)
class _Outlook:
    """One wallet's period, and what its desired money does in it."""

    question: WalletQuestion
    course: Course
    wanted: Demand
    period: Period
    year: FiscalYear
    first: bool
    before: LastMonths | None

    @property
    def spend(self) -> Floats:
        """What is to be paid to the end of the period, on each path."""
        return self.wanted.total[-1] if self.wanted.total.size else np.zeros(1)

    def target(self, probability: float) -> TargetRecommendation:
        """Return the smallest target that is enough; what is carried over into the period pays first.

        Nothing is added that a hard limit keeps from being spent.
        """
        wallet, purse, current = self.question.wallet, self.question.desired, self.question.desired_target
        target = enough = self._enough(self.spend, probability)
        if enough > current.amount:
            served = np.minimum(self.spend, room_of(self.stop) + self.wanted.owed)
            if self._enough(served, probability) < enough:
                target = max(self._enough(served, probability, ROUND_FLOOR), current.amount)
        months = self._months(probability)
        return TargetRecommendation(
            team=wallet.team,
            environment=wallet.environment,
            wallet=wallet.key,
            currency=current.currency,
            period=self.period,
            current=current.amount,
            target=target,
            lasts_now=self._lasts(purse),
            lasts=self._lasts(self.question.with_target(target)),
            months={str(month): need for month, need in months.items()},
            short_next=shortfall(self.question, months, after=self.period, year=self.year.starts, first=self.first),
            reason=f"{self._reason(probability)}{self._stopped(target, enough, probability)}{self._kept(target)}",
            alone=self._carried() or self._unlike(target, months),
        )

    def _enough(self, spend: Floats, probability: float, rounding: str = ROUND_CEILING) -> Decimal:
        """Return the smallest target with which `spend` float64[paths] is paid, at three digits."""
        purse = self.question.desired
        own = purse.openings[-1].added if purse.openings else purse.left
        before = self.wanted.carried(purse) if purse.openings else 0.0
        needed = smallest_enough(spend - before, probability) if self.wanted.total.size else ZERO
        return three_digits(self.question.target_for(needed - own), rounding)

    def _stopped(self, target: Decimal, enough: Decimal, probability: float) -> str:
        """Return that a hard limit stops traffic before more money is spent; an empty text where none does."""
        if self.stop is None or target >= enough:
            return ""
        budget = self.stop.budget
        told = f"the hard limit {budget.name} of {Money(budget.amount, budget.currency)} stops it first"
        then = f"with a higher `amount` of that, a target of {amount(enough, budget.currency)} is enough"
        return f"; {told}, and more money changes nothing: {then} in {chance(probability)} of the cases"

    def _kept(self, target: Decimal) -> str:
        """Return that a plan leaves the wallet more than the target; an empty text where it does not."""
        if not self.question.stays or target >= self.question.live_target.amount:
            return ""
        return "; nothing was ever applied to it: a plan takes back what is above that only with `--first-apply`"

    def _lasts(self, purse: Purse) -> float:
        served = np.minimum(self.wanted.holds(purse), room_of(self.stop) + self.wanted.owed)
        return float((self.spend <= served).mean())

    def limits(self, target: TargetRecommendation) -> Iterator[WalletNotice]:
        """Yield that a hard limit stops traffic also with the target that is recommended."""
        purse = self.question.with_target(target.target)
        emptied = depletion(self.wanted, purse, room=room_of(self.stop))
        yield from limit_notices(self.stop, self.wanted, emptied, as_of=self.course.as_of)

    @cached_property
    def stop(self) -> Stop | None:
        """What stops traffic whatever the wallet holds."""
        question = self.question
        month = Month(self.course, self.period, question.booked + question.reserved)
        return stop_of(month, (*question.alerts_desired, *question.alerts_undeclared))

    def warning_time(self, target: TargetRecommendation) -> WarningTime:
        """Return what alerts are recommended from, once the target is that."""
        setting = self.question.wallet.setting
        stands = not target.alone and self.period not in setting.overrides
        purse = self.question.with_target(target.target)
        most = target.target if stands else min(self._ceiling(purse), setting.usual(self.period))
        usual = target.target if stands else setting.demanded(self.period)
        rule = partial(self.before.is_rule, target=usual) if self.before else None
        return WarningTime(self.question, self.course, self.period, self.wanted, purse, most, room_of(self.stop), rule)

    def _ceiling(self, purse: Purse) -> Decimal:
        """Return what the period can spend in all: what is carried over into it as well."""
        opened = Decimal(repr(float(np.median(self.wanted.holds(purse))))) if purse.openings else purse.held
        return purse.gone + opened

    def _months(self, probability: float) -> dict[Period, Decimal]:
        needs = {}
        for month in sorted(month for month in self.question.targets if month > self.period):
            need = smallest_enough(self.course.rest(month.first, month.end), probability)
            exact = self.course.exact(month.first, month.end)
            needs[month] = three_digits(exact + need, ROUND_CEILING)
        return needs

    def _reason(self, probability: float) -> str:
        purse, currency = self.question.desired, self.question.wallet.currency
        middle = amount(float(np.quantile(self.spend, 0.5)), currency)
        most = amount(smallest_enough(self.spend, probability), currency)
        expected = f"the wallet is expected to spend {middle}, and no more than {most}"
        expected += f" in {chance(probability)} of the cases"
        if not purse.openings:
            since, holds = self.question.unpaid_since or self.course.as_of, amount(purse.held, currency)
            held = f"held {holds} then" if since < self.course.as_of else f"holds {holds}"
            return f"from {since} to the end of {self.period.name} {expected}; it {held}"
        carried = amount(float(np.median(self.wanted.carried(purse))), currency)
        return f"in {self.period.name} {expected}; {carried} is expected to be carried over into it"

    def _carried(self) -> str:
        """Return whether the period has other money than its own; an empty text where it has not."""
        if (left := self.question.left_out) and left.asks:
            return "money of it may be meant for another month"
        purse, funded = self.question.desired, self.question.funded_then
        least = max(Decimal(1), funded * CARRIED_SHARE)
        if purse.openings:
            carried = float(np.median(self.wanted.carried(purse)))
            return "money is carried over into it" if carried > least else "the months before it keep their own target"
        beyond = purse.gone + purse.left - funded
        if abs(beyond) <= least:
            return ""
        return f"the wallet holds {'more' if beyond > 0 else 'less'} than what is left of this month's own funding"

    def _unlike(self, target: Decimal, months: Mapping[Period, Decimal]) -> str:
        """Return why the target would not hold for the months to come; an empty text where it does."""
        setting, currency = self.question.wallet.setting, self.question.wallet.currency
        alike = (month for month in months if month in self.year and month not in setting.overrides)
        coming = {month: months[month] for month in alike if setting.holds_alike(month, self.period)}
        for month, need in (coming or months).items():
            if need > target * (1 + NEAR_ENOUGH):
                return f"{month.name} by itself needs {Money(need, currency)}"
        highest = max((coming or months).values(), default=target)
        if highest < target * (1 - UNLIKE_SHARE):
            return f"no month to come needs more than {Money(highest, currency)}"
        return ""
