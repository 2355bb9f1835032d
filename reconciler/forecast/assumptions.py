"""The planning table: is the plan still true for a team? One row an assumption, plan against observed, worded here."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from reconciler.forecast.levers.registry import levers, moving, priced_spend
from reconciler.forecast.quantiles import money
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.team_view import TeamView
from reconciler.forecast.when import over_days
from reconciler.forecast.words import RowVerdict, amount, chance, close, listed, share, unknown_row, verdict_of
from reconciler.model.assumption import Assumption, TeamAssumptions
from reconciler.model.forecast import AlertForecast, AlertOutlook
from reconciler.model.override import Correction

__all__ = ["TeamView", "team_assumptions"]

BASELINE_TOLERANCE = 0.10
ENOUGH_REACTION_DAYS = 3
MISSED = 0.1
"""From this chance of no warning on, an alert is of no use."""


def team_assumptions(view: TeamView) -> TeamAssumptions:
    """Return the planning table of a team: rows only for what its plan says, and for its wallets and alerts."""
    return TeamAssumptions(team=view.team, assumptions=tuple(_rows(view)))


def _rows(view: TeamView) -> Iterator[Assumption]:
    plan = view.plan
    if plan.baseline_monthly is not None:
        yield _baseline(view, plan.baseline_monthly)
    for lever in levers():
        yield from lever.rows(view)
    yield _wallets(view)
    if judged := judged_alert(view):
        yield _alert(view, *judged)


def _baseline(view: TeamView, baseline: Decimal) -> Assumption:
    """Return the last four weeks against what the plan has for them, with what its levers made of it by then."""
    planned = float(priced_spend(view, view.recent).mean())
    text = f"{amount(baseline, view.currency)} a month"
    if moved := moving(view, view.recent):
        text += f", {amount(planned, view.currency)} with the {listed(moved)} so far"
    observed = view.monthly(view.known.known_until)
    if observed is None:
        return unknown_row("baseline", text, "there are fewer than 28 days of usage")
    off = observed / planned - 1.0 if planned else 0.0
    verdict = verdict_of(off, 0.0, BASELINE_TOLERANCE)
    sentence = f"spend is {share(abs(off), places=0)} {'above' if off > 0 else 'below'} the plan"
    if verdict == "holds":
        sentence = close(share(abs(off), places=0), above=off > 0, within=share(BASELINE_TOLERANCE, places=0))
    if observed < 0:
        sentence = "credits are more than the spend"
    return Assumption(
        name="baseline",
        plan=text,
        observed=f"{amount(observed, view.currency)} a month",
        verdict=verdict,
        sentence=sentence,
        year_cost=money(off * over_days(priced_spend(view, view.rest_of_year), view.rest_of_year.count)),
    )


def _wallets(view: TeamView) -> Assumption:
    dark = {forecast.wallet: forecast.environment for forecast in view.forecasts if not forecast.month_end.quantiles}
    told = [question for question in view.questions if question.wallet.key not in dark]
    total = sum((_has(question, view) for question in told or view.questions), Decimal(0))
    plan = amount(total, view.currency)
    if not told:
        return unknown_row("wallets", plan, "neither usage nor an annual plan says what they will spend")
    if dark:
        plan += f" without {listed(sorted(dark.values()))}, of which nothing tells"
    middle, high = (float(value) for value in np.quantile(view.month_end, [0.5, 0.9]))
    over = float((view.month_end > float(total)).mean())
    verdict: RowVerdict = "fits" if high <= float(total) else "short"
    sentence = "fits" if verdict == "fits" else f"{chance(over)} chance of more than the targets"
    return Assumption(
        name="wallets",
        plan=plan,
        observed=f"{amount(middle, view.currency)} in half of the months, at most {amount(high, view.currency)} in 9"
        " of 10",
        verdict=verdict,
        sentence=sentence,
    )


def _has(question: WalletQuestion, view: TeamView) -> Decimal:
    """Return what a wallet has for the month: its target, or all that it holds of a month whose money is corrected."""
    purse = question.desired
    if isinstance(question.wallet.setting.overrides.get(view.period), Correction) and not purse.openings:
        return purse.gone + purse.held
    return question.desired_target.amount


def judged_alert(view: TeamView) -> tuple[AlertForecast, AlertOutlook] | None:
    """Return by which alert of the YAML a team is judged: the one that leaves least time, by its first percentage.

    Where all leave time, that is the one of the largest amount: a small one hides none. One of days or weeks
    says nothing of how the month is warned of. None where git declares none of a month.
    """
    first: dict[tuple[str, str], tuple[AlertForecast, AlertOutlook]] = {}
    watching = ((question.wallet.key, alert) for question in view.questions for alert in question.alerts_desired)
    monthly = {(wallet, alert.name) for wallet, alert in watching if alert.period == "monthly"}
    for forecast in view.forecasts:
        for alert in forecast.alerts:
            if alert.desired is not None and alert.declared and (forecast.wallet, alert.name) in monthly:
                first.setdefault((forecast.wallet, alert.name), (alert, alert.desired))
    return max(first.values(), key=_urgency, default=None)


def _urgency(judged: tuple[AlertForecast, AlertOutlook]) -> tuple[bool, float, int, Decimal]:
    alert, outlook = judged
    days = outlook.reaction_days["0.5"]
    if not _is_short(outlook):
        return False, 0.0, 0, alert.amount
    return True, outlook.no_warning_probability, -(ENOUGH_REACTION_DAYS if days is None else days), alert.amount


def _is_short(outlook: AlertOutlook) -> bool:
    days = outlook.reaction_days["0.5"]
    return outlook.no_warning_probability >= MISSED or (days is not None and days < ENOUGH_REACTION_DAYS)


def _alert(view: TeamView, alert: AlertForecast, outlook: AlertOutlook) -> Assumption:
    fires, days = outlook.date["0.5"], outlook.reaction_days["0.5"]
    observed = f"{alert.percentage}% fires {fires}" if fires else f"{alert.percentage}%: {chance(outlook.probability)}"
    sentence = "leaves time"
    if outlook.no_warning_probability >= MISSED:
        sentence = f"{chance(outlook.no_warning_probability)} chance of no warning before the money is gone"
    elif days is not None:
        late = "only " if days < ENOUGH_REACTION_DAYS else ""
        sentence = f"{late}{days} day{'' if days == 1 else 's'} to react"
    return Assumption(
        name="alert",
        plan=amount(alert.amount, view.currency),
        observed=observed,
        verdict="short" if _is_short(outlook) else "fits",
        sentence=sentence,
    )
