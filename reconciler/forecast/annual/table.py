"""The planning table: one row a team, with its inputs, its bridge, and what is to be asked about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import prod

from reconciler.forecast.annual.anomalies import StandingOut, standing_out
from reconciler.forecast.annual.bridge import baseline_of, bridge
from reconciler.forecast.annual.evidence import Evidence
from reconciler.forecast.annual.inputs import repriced, team_inputs, trend_of, without
from reconciler.forecast.annual.limits import Habits, limits
from reconciler.forecast.annual.run_rate import began, usual_month
from reconciler.forecast.annual.todays_prices import Today, at_todays_prices
from reconciler.forecast.assumptions import judged_alert
from reconciler.forecast.happenings.silence import likely_stopped
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.registry import levers
from reconciler.forecast.observed import MUCH_PREMIUM, Observed
from reconciler.forecast.shift_notice import SHIFT
from reconciler.forecast.team_view import TeamView
from reconciler.forecast.when import Month
from reconciler.forecast.words import amount, share
from reconciler.model.annual import Anomaly, TeamInputs, TeamYear, YearBridge
from reconciler.model.assumption import Assumption
from reconciler.model.money import ZERO
from reconciler.model.period import FiscalYear, Period
from reconciler.model.team import AnnualPlan, TeamBudget
from reconciler.model.wallet_ref import WalletRef

PREMIUM = 0.05
"""From this share of the spend on, a lane that a plan keeps is named."""


@dataclass(frozen=True, slots=True, eq=False)
class TeamCase:
    """All that the row of one team is made from. `view` is None for a team without wallets.

    `period` is the month whose targets count as usual, `now` that of the day looked from, and `money` what each wallet
    may spend over the year.
    """

    team: TeamBudget
    found: Evidence
    view: TeamView | None
    judgements: Sequence[Assumption]
    year: FiscalYear
    currency: str
    period: Period
    now: Period
    money: Mapping[WalletRef, Decimal]

    def row(self) -> TeamYear:
        team, plan, once = self.team, self.team.plan, standing_out(self.found)
        seen, usual, today = self.view.observed() if self.view else Observed(0), without(self.found, once), self.today()
        inputs = team_inputs(
            team,
            self.found,
            seen,
            usual,
            today=today,
            view=self.view,
            year=self.year,
            period=self.period,
            now=self.now,
            money=self.money,
        )
        if self.view is not None:
            prices = self.today(shifted=False)
            habits = Habits(inputs.premium_share, trend_of(repriced(usual, self.found, prices)))
            held = limits(self.view, self.found, habits, period=self.period)
            inputs = inputs.model_copy(update={"limits": tuple(held)})
        rate, month = plan.cache_hit_rate, today.reaching(usual_month(repriced(usual, self.found, today)))
        return TeamYear(
            team=team.team,
            name=team.name or team.team,
            baseline_monthly=self._baseline(inputs, month),
            baseline_source=_source(plan, inputs),
            growth=float(_growth(plan, self.year)),
            cache_from=float(rate.start) if rate else None,
            cache_to=float(rate.target) if rate else None,
            mix_change=mix_change(plan, inputs),
            wallet_target=sum((wallet.usual(self.period) for wallet in team.wallets.values()), ZERO),
            alert=self._alert(),
            judgements=tuple(self.judgements),
            inputs=inputs,
            bridge=self._bridge(inputs, month),
            anomalies=tuple(self._anomaly(one) for one in once),
        )

    def _alert(self) -> Decimal | None:
        """Return the amount of the alert that the team is judged by; where nothing judges, of its first one."""
        if self.view is not None and (judged := judged_alert(self.view)):
            return judged[0].amount
        return next((alert.amount for alert in self.team.billing_budgets if alert.period == "monthly"), None)

    def today(self, *, shifted: bool = True) -> Today:
        """Return the team's months as the forecast counts their days, without what has likely stopped.

        Unless they are to be `shifted`, at the level that each had.
        """
        if self.view is None:
            return Today(self.found.wallets)
        cache = self.team.plan.cache_hit_rate is None
        known, forecasts = self.view.known, self.view.forecasts
        told = ((one.wallet, notice) for one in forecasts for notice in one.notices if notice.code == SHIFT)
        shifts = dict(told) if shifted else None
        today = at_todays_prices(self.found.wallets, known, self.view.observations, cache=cache, shifts=shifts)
        return today.without_stopped({one.wallet: likely_stopped(one.notices) for one in forecasts})

    def _bridge(self, inputs: TeamInputs, month: Period | None) -> YearBridge:
        """Return the team's year, by its plan's baseline, else by what usage shows since the team began."""
        begins = None if self.team.plan.baseline_monthly is not None else began(self.found.months)
        wallets = sum((self.money[WalletRef.team(wallet.team_id)] for wallet in self.team.wallets.values()), ZERO)
        baseline = self._baseline(inputs, month) or ZERO
        return bridge(baseline, self._parts, self.year, wallets=wallets, begins=begins)

    @property
    def _parts(self) -> list[Part]:
        return [part for lever in levers() for part in lever.parts(self.team.plan, self.view)]

    def _baseline(self, inputs: TeamInputs, month: Period | None) -> Decimal | None:
        """Return what the plan starts from: without a stated one, what a `month` costs without the plan's own steps."""
        stated = self.team.plan.baseline_monthly
        if stated is not None or inputs.usual_rate is None:
            return stated
        if month is None:
            return inputs.usual_rate
        return baseline_of(inputs.usual_rate, self._parts, Month(month, self.year.starts))

    def _anomaly(self, one: StandingOut) -> Anomaly:
        return Anomaly(
            month=one.month,
            excess=one.excess,
            workload=one.workload,
            days=one.days,
            share=one.share,
            once=one.once,
            question=_question(one, self.team.team, self.currency),
        )


def _source(plan: AnnualPlan, inputs: TeamInputs) -> str:
    return "plan" if plan.baseline_monthly is not None else "none" if inputs.usual_rate is None else "usage"


def _growth(plan: AnnualPlan, year: FiscalYear) -> Decimal:
    """Return what all steps of the year come to in its last month."""
    last = Month(year.periods[-1], year.starts)
    return prod((1 + step.rate for step in plan.growth if step.starts <= last.period), start=Decimal(1)) - 1


def mix_change(plan: AnnualPlan, inputs: TeamInputs) -> str:
    """Return the moves in the plan's own words; without any, what is kept, a premium lane by its name and share."""
    if plan.provider_mix:
        return "; ".join(move.reason for move in plan.provider_mix)
    premium, why = inputs.premium_share or 0.0, inputs.keep_mix
    part = f"{share(premium, places=0)} of the spend"
    if premium >= PREMIUM and why:
        return f"keep the premium lane, {part}: {why}"
    if premium >= MUCH_PREMIUM:
        return f"keep the premium lane, {part}; no reason is given"
    if premium >= PREMIUM:
        return f"keep the current mix, {part} in the premium lane"
    return f"keep the current mix: {why}" if why else "keep the current mix"


def _question(one: StandingOut, team: str, currency: str) -> str:
    """Return what stands out, and what is to be answered about it."""
    days = len(one.days)
    where = f" on {days} day{'s' if days != 1 else ''}" if days else ", spread over the month"
    told = f"{one.month.name} stands out, {amount(one.excess, currency)} above a usual month:"
    told += f" {share(one.share, places=0)} of it is {team}/{one.workload or 'no workload'}{where}."
    if not one.once:
        return f"{told} It is at the end of what is known: did it come and go, or is it the new usual?"
    return f"{told} What changed, and will it come again? It is left out of the baseline to plan from."
