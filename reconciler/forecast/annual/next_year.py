"""Next year's budgets of one team, drafted from the evidence; for each figure a sentence that says where it comes from.

What the month of the baseline holds is planned no more; what was promised and it does not hold is carried on,
whatever later months show. Growth is left to people: it comes from what a team will do, not from a line through what
it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from reconciler.findings import Keys
from reconciler.forecast.annual.anomalies import standing_out
from reconciler.forecast.annual.inputs import repriced, without
from reconciler.forecast.annual.run_rate import recent, run_rate, usual_month
from reconciler.forecast.annual.table import TeamCase
from reconciler.forecast.annual.todays_prices import Today
from reconciler.forecast.levers.mix_progress import Progress, moved, progress_of
from reconciler.forecast.levers.registry import planned_spend
from reconciler.forecast.levers.resilience_margin import held
from reconciler.forecast.quantiles import three_digits
from reconciler.forecast.when import Month, remaining
from reconciler.forecast.words import signed_share
from reconciler.model.annual import TeamYear
from reconciler.model.money import ZERO, cents, payable
from reconciler.model.override import Override
from reconciler.model.percent import percent_text
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, BillingBudgetSetting, CacheHitRate, ProviderMixMove, TeamBudget
from reconciler.model.wallet_ref import WalletRef
from reconciler.model.wallet_target import WalletTarget

_TENTH = Decimal("0.001")
_YEAR = 12
LONGEST = 31
"""So many days has a month at most."""


@dataclass(frozen=True, slots=True)
class NextTeam:
    """A team's next year. `reasons` says of the keys of its file where they come from, a sentence a line."""

    team: TeamBudget
    reasons: Mapping[Keys, tuple[str, ...]]


def next_year(case: TeamCase, row: TeamYear, year: FiscalYear) -> NextTeam:
    """Return what `year`, the one that is drafted, may be for the team of `case`, whose present year is `row`."""
    today, usual = case.today(), without(case.found, standing_out(case.found))
    months = repriced(usual, case.found, today)
    last = max(months, default=None) if today.stopped else None
    return _Draft(case, row, year, today, today.reaching(usual_month(months) or last)).made()


class _Steps(NamedTuple):
    """What a plan makes of a month: so many times what it cost, and so much money on top."""

    times: Decimal
    more: Decimal


@dataclass(slots=True)
class _Draft:
    case: TeamCase
    row: TeamYear
    year: FiscalYear
    today: Today
    usual: Period | None
    reasons: dict[Keys, tuple[str, ...]] = field(default_factory=dict)

    def made(self) -> NextTeam:
        team = self.case.team
        plan = AnnualPlan(
            baseline_monthly=self._baseline(),
            growth=tuple(self._growth()),
            cache_hit_rate=self._cache(),
            provider_mix=tuple(self._moves()),
            keep_mix=team.plan.keep_mix,
            planned_demand=tuple(self._demand()),
            fallback=team.plan.fallback,
            rate_limits=tuple(
                limit.model_copy(update={"starts": max(limit.starts, self.year.starts)})
                for limit in team.plan.rate_limits
            ),
        )
        wallets = {name: self._wallet(name, wallet, plan) for name, wallet in team.wallets.items()}
        alerts = tuple(self._alert(place, alert, wallets) for place, alert in enumerate(team.billing_budgets))
        update = {"plan": plan, "wallets": wallets, "billing_budgets": alerts, "previously": None}
        return NextTeam(team.model_copy(update=update), self.reasons)

    @property
    def _late(self) -> AnnualPlan:
        """What of this year's plan began after the month that the baseline is from, or begins yet, on that baseline."""
        plan = self.case.team.plan
        growth = tuple(step for step in plan.growth if self.usual is None or step.starts > self.usual)
        demand = tuple(one for one in plan.planned_demand if self.usual is None or one.starts > self.usual)
        return AnnualPlan(baseline_monthly=self.row.inputs.usual_rate, growth=growth, planned_demand=demand)

    def _why_late(self, begun: Iterable[Period]) -> Iterator[str]:
        """Yield why what began then is planned again, a sentence each."""
        known = max((month.month for month in self.row.inputs.months), default=None)
        for starts in begun:
            came = self.usual is not None and known is not None and starts <= known
            late = f"of this year's plan: it began in {starts}, and the baseline is what {self.usual} cost"
            yield late if came else "of this year's plan, in no whole month of usage yet"

    def _on_the_baseline(self, months: Mapping[Period, Decimal], name: str) -> dict[Period, Decimal]:
        """Return what months of a wallet would have cost without what began after the month of the baseline."""
        late, first = self._late, self.case.year.starts
        made = {month: self._comes_to(late, Month(month, first), name) for month in months}
        return {
            month: max(cost - made[month].more, ZERO) / made[month].times if made[month].times > 0 else cost
            for month, cost in months.items()
        }

    def _comes_to(self, plan: AnnualPlan, month: Month, name: str) -> _Steps:
        """Return what a plan makes of a month of one wallet: new demand comes to the team's first."""
        nothing, one = (
            planned_spend(plan.model_copy(update={"baseline_monthly": baseline}), month)
            for baseline in (ZERO, Decimal(1))
        )
        return _Steps(one - nothing, nothing if name == next(iter(self.case.team.wallets)) else ZERO)

    def _because(self, *sentences: str, at: Keys) -> None:
        self.reasons[at] = sentences

    def _baseline(self) -> Decimal | None:
        inputs, stated = self.row.inputs, self.case.team.plan.baseline_monthly
        at = ("plan", "baseline_monthly")
        if inputs.usual_rate is None:
            if stated is not None:
                self._because("this year's figure: no whole month of usage proves it", at=at)
            return stated
        months = self.today.months
        last = ", ".join(f"{month} {months[month]:,.2f}" for month in recent(months))
        middle = (f"the middle one of the last whole months: {last}",) if last else ()
        names = {WalletRef.team(wallet.team_id): name for name, wallet in self.case.team.wallets.items()}
        stopped = [
            f"{names[key]}: {why}; what it cost before does not count" for key, why in self.today.stopped.items()
        ]
        shifted = [f"{names[key]} {self.today.shifted(key)}" for key in self.today.shifts]
        left = [
            f"{one.month} counts without {one.excess:,.2f}, {one.workload}" for one in self.row.anomalies if one.once
        ]
        fallbacks = self._fallbacks(self.usual)
        over = percent_text((fallbacks - 1).quantize(_TENTH))
        apart = [f"without what fallbacks add, {over}: the plan has them on top"] if fallbacks > 1 else []
        self._because(*middle, *stopped, *shifted, *apart, *self.today.told, *left, *self._ending(), at=at)
        return payable(cents(inputs.usual_rate / fallbacks), self.case.currency)

    def _fallbacks(self, month: Period | None) -> Decimal:
        """Return what fallbacks multiplied the cost of a month by, where the plan counts them apart; else 1."""
        view, is_apart = self.case.view, self.case.team.plan.fallback is not None
        return held(view, month) if view is not None and month is not None and is_apart else Decimal(1)

    def _ending(self) -> Iterator[str]:
        """Yield what the month of the baseline holds by the plan, and the last month of next year does not."""
        for demand in self.case.team.plan.planned_demand:
            until, what = demand.until, f"{demand.reason}, {demand.monthly:,.2f} a month"
            if self.usual and until and demand.starts <= self.usual <= until < self.year.periods[-1]:
                yield f"{what}, is in it as far as it came and was planned until {until}: take it off"

    def _growth(self) -> Iterator[object]:
        """Yield the steps that are not in the baseline yet."""
        trend = self.row.inputs.trend
        told = "name each expansion that is expected, with its reason, as steps of `growth`"
        seen = (
            []
            if trend is None
            else [f"this year's last three months cost {signed_share(trend, places=0)} against its first three"]
        )
        self._because(told, *seen, at=("plan",))
        late = self._late.growth
        if late:
            self._because(*dict.fromkeys(self._why_late(step.starts for step in late)), at=("plan", "growth"))
        for step in late:
            yield step.model_copy(update={"starts": max(step.starts, self.year.starts)})

    def _cache(self) -> CacheHitRate | None:
        rate, now = self.case.team.plan.cache_hit_rate, self.row.inputs.cache_now
        if now is None:
            if rate is not None:
                self._because("this year's target, held: no usage proves it", at=("plan", "cache_hit_rate"))
                return CacheHitRate(start=rate.target, target=rate.target, by=self.year.periods[-1])
            return None
        start = Decimal(repr(now)).quantize(_TENTH, ROUND_HALF_EVEN)
        target = max(rate.target, start) if rate else start
        owed = f"; this year's target was {percent_text(rate.target)}" if rate else "; raise `to` if it is to improve"
        self._because(f"`from` is that of the last 28 days{owed}", at=("plan", "cache_hit_rate"))
        return CacheHitRate(start=start, target=target, by=self.year.periods[-1])

    def _moves(self) -> Iterator[ProviderMixMove]:
        """Yield what the moves of this year's plan still owe."""
        view, told = self.case.view, []
        for move in self.case.team.plan.provider_mix:
            progress = progress_of(view, move) if view else None
            done = self._done(move, progress)
            owed = (move.share * (1 - remaining(move.share, done)) / move.share) if move.share else Decimal(0)
            share = owed.quantize(_TENTH, ROUND_HALF_EVEN)
            came = f"{percent_text(done.quantize(_TENTH))} of {percent_text(move.share)} moved"
            told.append(f"{move.source}: {came}" if progress is None or not progress.is_lost else progress.unknown)
            if share > 0:
                yield move.model_copy(update={"share": share, "by": self.year.periods[-1], "since": None})
        if told:
            self._because(*told, at=("plan", "provider_mix"))

    def _done(self, move: ProviderMixMove, progress: Progress | None) -> Decimal:
        """Return which share has moved: as observed, else as planned by now; of what is lost nothing is known to."""
        planned = moved(move, Month(self.case.now, self.case.year.starts))
        if progress is not None and progress.is_lost:
            return Decimal(0)
        realized = progress.record.realized if progress and progress.record else planned
        return min(max(realized, Decimal(0)), move.share)

    def _demand(self) -> Iterator[object]:
        late = [one for one in self._late.planned_demand if one.until is None or one.until >= self.year.starts]
        if late:
            self._because(*dict.fromkeys(self._why_late(one.starts for one in late)), at=("plan", "planned_demand"))
        for demand in late:
            yield demand.model_copy(update={"starts": max(demand.starts, self.year.starts)})

    def _wallet(self, name: str, wallet: WalletTarget, plan: AnnualPlan) -> WalletTarget:
        key = WalletRef.team(wallet.team_id)
        spent, stopped = self.today.wallets.get(key, {}), self.today.stopped.get(key)
        months = self._on_the_baseline(spent, name)
        rate, now = run_rate(months), wallet.usual(self.case.period)
        made = [self._comes_to(plan, Month(month, self.year.starts), name) for month in self.year.periods]
        at: Keys = ("wallets", name, "monthly")
        if stopped and not rate:
            new = max(steps.more for steps in made)
            self._because(f"{stopped}; {now:,.2f} this year", *_new_demand(new, "its dearest month"), at=at)
            monthly = payable(three_digits(new, ROUND_CEILING), self.case.currency)
        elif rate is None or not rate or not plan.baseline_monthly:
            self._because("this year's figure: no whole month of usage tells", at=at)
            monthly = now
        else:
            last = {month: months[month] * LONGEST / month.days for month in recent(months)}
            dear, apart = max(last.values()), max(cost / self._fallbacks(month) for month, cost in last.items())
            planned, new = max((apart * steps.times + steps.more, steps.more) for steps in made)
            need, new = (planned, new) if planned > dear else (dear, ZERO)
            monthly = payable(three_digits(cents(need), ROUND_CEILING), self.case.currency)
            when = "at today's prices" if self.today.changes else "now"
            when += f", without what began after {self.usual}" if months != spent else ""
            self._because(
                f"it costs {rate:,.2f} a month {when}; {now:,.2f} this year",
                *filter(None, (self.today.shifted(key),)),
                f"times {(need - new) / dear:.3f} for the plan's dearest month,"
                f" times {dear / rate:.3f} for {LONGEST} days of the dearest of the last whole months",
                *_new_demand(new, "that month"),
                at=at,
            )
        overrides = dict(self._overrides(name, wallet, monthly))
        return WalletTarget(team_id=wallet.team_id, monthly=monthly, overrides=overrides)

    def _overrides(self, name: str, wallet: WalletTarget, monthly: Decimal) -> Iterator[tuple[Period, Override]]:
        """Yield this year's single months again, as much above or below the usual as they were."""
        months = self.case.found.wallets.get(WalletRef.team(wallet.team_id), {})
        usual = run_rate(months)
        for month in wallet.overrides:
            then, asked = wallet.usual(month), wallet.demanded(month)
            if not then or asked == then:
                continue
            again = month.plus(_YEAR * ((self.year.starts.months_since(self.case.year.starts)) // _YEAR))
            ratio = asked / then
            seen = next((months[each] for each in (month, month.plus(-_YEAR)) if each in months), None)
            told = f"this year's {month} had {ratio:.2f} times the usual"
            if seen is not None and usual:
                told += f"; the like month that is known cost {seen:,.2f}"
            self._because(told, at=("wallets", name, "overrides", str(again)))
            yield again, payable(three_digits(monthly * ratio, ROUND_CEILING), self.case.currency)

    def _alert(
        self, place: int, alert: BillingBudgetSetting, wallets: Mapping[str, WalletTarget]
    ) -> BillingBudgetSetting:
        """Return an alert at the same share of its wallet as now; one that watches no wallet stays as it is."""
        team, at = self.case.team, ("billing_budgets", place, "amount")
        name = alert.environment or next(iter(team.wallets), "")
        now = team.wallets[name].usual(self.case.period) if name in team.wallets else Decimal(0)
        if alert.scope is not None or not now:
            self._because("this year's figure: it watches none of the team's wallets", at=at)
            return alert.model_copy(update={"previously": None})
        if not wallets[name].usual(self.year.starts):
            self._because(f"this year's figure: {name} gets nothing", at=at)
            return alert.model_copy(update={"previously": None})
        share = alert.amount / now
        amount = three_digits(wallets[name].usual(self.year.starts) * share, ROUND_FLOOR)
        self._because(f"{share:.0%} of {name}, as this year's {alert.amount:,.2f}", at=at)
        return alert.model_copy(update={"amount": payable(amount, self.case.currency), "previously": None})


def _new_demand(money: Decimal, when: str) -> list[str]:
    return [f"new demand comes to it, {money:,.2f} in {when}"] if money else []
