"""What a reviewer should know about a forecast, in one sentence each, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from reconciler.findings import Finding, Origin, Severity
from reconciler.forecast.alert_history import PRESSURE_GROWTH, PRESSURE_MONTHS, LastMonths
from reconciler.forecast.at_limit import Ceiling
from reconciler.forecast.history import Spending
from reconciler.forecast.levers.registry import levers
from reconciler.forecast.observed import MUCH_PREMIUM
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.team_view import TeamView
from reconciler.forecast.words import amount, chance, share, signed_share
from reconciler.model.assumption import TeamAssumptions
from reconciler.model.forecast import WalletForecast, YearForecast
from reconciler.model.money import Money

RUN_OUT_PROBABILITY = 0.2
STALE_DAYS = 3


def wallet_notices(
    forecast: WalletForecast, question: WalletQuestion, view: TeamView, *, ceiling: Ceiling
) -> Iterator[Finding]:
    """Yield what there is to know about one wallet; `ceiling` says which days of its history show no demand.

    Of one that is to be gone, that it has no money and falls silent is what git wants.
    """
    if question.wallet.absent:
        return
    for code, message, hint in (
        *_run_out(forecast, question),
        *_confidence(forecast, question),
        *((seen.code, seen.message, seen.hint) for seen in forecast.notices),
        *_control(question, view, ceiling),
    ):
        told = f"{forecast.team}/{forecast.environment} {message}"
        yield Finding(question.wallet.origin, code, Severity.WARNING, told, hint)


def team_notices(view: TeamView, table: TeamAssumptions) -> Iterator[Finding]:
    """Yield the levers of a team that its usage contradicts, and those that cannot be priced."""
    for lever in levers():
        rows = [row for row in table.assumptions if row.name == lever.name]
        for told in lever.notices(view, rows):
            where, message = view.questions[0].team_origin, f"{view.team}: {told.message}"
            yield Finding(where, told.code, Severity.WARNING, message, told.hint)


def stale_notice(spending: Spending, *, where: Origin) -> Iterator[Finding]:
    """Yield one warning when the export ends long before as_of: the days between are simulated, not known.

    It is about all teams; it is told `where`, so that it has a place in the YAML.
    """
    known, as_of = spending.known_until, spending.as_of
    if spending.wallets and (as_of - known).days >= STALE_DAYS:
        yield Finding(
            where,
            "usage-ends-early",
            Severity.WARNING,
            f"the usage is known until {known - timedelta(days=1)}; the {(as_of - known).days} days to {as_of} are"
            " estimated as well",
            "give a newer export with --usage",
        )


def promise_notice(year: YearForecast | None, currency: str, *, where: Origin) -> Iterator[Finding]:
    """Yield a warning where the annual target is enough only if all planned savings come.

    It is about all teams; it is told `where`, so that it has a place in the YAML.
    """
    if year is None or year.annual_target is None or not year.as_planned:
        return
    planned, likely = year.as_planned["0.5"], year.quantiles["0.5"]
    if planned <= year.annual_target < likely:
        yield Finding(
            where,
            "year-rests-on-savings",
            Severity.WARNING,
            f"{year.name} stays within its annual target of {amount(year.annual_target, currency)} only if all planned"
            f" savings come: {amount(planned, currency)} if they do, {amount(likely, currency)} as it has gone so far",
            "see in the planning table which savings are behind, or raise `annual_target`",
        )


def _run_out(forecast: WalletForecast, question: WalletQuestion) -> Iterator[tuple[str, str, str]]:
    exhaustion = forecast.desired.exhaustion
    if exhaustion.probability is None or exhaustion.probability < RUN_OUT_PROBABILITY or forecast.is_stopped:
        return
    middle = exhaustion.date["0.5"]
    out = f"runs out {middle}," if middle else "may run out"
    enough = question.target_for(forecast.desired.unserved["0.9"]).to_integral_value(ROUND_CEILING)
    told = f"{out} before the month is over, with probability {chance(exhaustion.probability)}"
    if exhaustion.probability == 1 and middle == forecast.as_of:
        told = f"has no money left on {middle}, before the month is over"
    left = question.left_out
    when = "once it is said which month its money is meant for, " if left and left.asks else ""
    yield "runs-out", told, f"{when}with a target of {forecast.currency} {enough:,} it lasts the month in 9 of 10 cases"


def _confidence(forecast: WalletForecast, question: WalletQuestion) -> Iterator[tuple[str, str, str]]:
    if forecast.confidence == "low":
        yield (
            "short-history",
            f"has {forecast.history_days} day{'' if forecast.history_days == 1 else 's'} of usage; too few for"
            " a narrow forecast",
            "look again when there are 14 days or more",
        )
    if forecast.confidence == "none":
        has_baseline = question.plan.baseline_monthly is not None
        said = "no annual plan says what it will spend: how long its money lasts is not known"
        if forecast.month_end.quantiles:
            source = "the baseline of its annual plan" if has_baseline else "what its annual plan adds"
            said = f"the forecast is {source}, nothing that was seen"
        yield (
            "no-history",
            f"has no usage before {forecast.as_of}; {said}",
            "give usage with --usage" if has_baseline else "set `plan.baseline_monthly`, or give usage with --usage",
        )


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _control(question: WalletQuestion, view: TeamView, ceiling: Ceiling) -> Iterator[tuple[str, str, str]]:
    """Say what the controls did: censored days, growth pressure, or a mix that is too dear for the wallet."""
    if any(ceiling):
        causes = (
            f"was out of money on {_days(ceiling.dry)}, which show the ceiling and not the demand: its usual"
            " spend is taken from other days",
            f"was at its rate limit on {_days(ceiling.limited)}, on which demand was at least that",
        )
        yield "censored-days", "; ".join(one for one, days in zip(causes, ceiling, strict=True) if days), ""
        seen = view.observations.of([question.wallet.key])
        if (premium := seen.premium_share) is not None and premium >= MUCH_PREMIUM:
            yield (
                "right-sizing",
                f"ran out early while {share(premium, places=0)} of its spend is on premium"
                " models: that points to the choice of models before it points to too little money",
                "move ordinary work to a cheaper model before raising the target",
            )
        return
    before, threshold = LastMonths(view.known, question.wallet.key, view.period), _last_threshold(question)
    if threshold is None or before.over(threshold) < PRESSURE_MONTHS:
        return
    passed = f"passed its last alert in each of the last {PRESSURE_MONTHS} months"
    usual = Money(question.wallet.setting.demanded(view.period), question.wallet.currency)
    over = before.reached(usual.amount)
    passed += f", and all of its {usual} in {over} of them" if over else " and never ran out"
    grew = before.growth
    if before.is_rule(threshold, usual.amount):
        told = f"{passed}, and spends no more than before ({signed_share(grew, places=0)}): it is passed as a rule"
        yield "alert-too-low", told, "raise the alert, so that it tells of something"
    if grew < PRESSURE_GROWTH:
        return
    told = f"{passed}, and spends {signed_share(grew, places=0)} since the first of them: that is growth, not waste"
    yield "growth-pressure", told, "raise the target or the alert, or add the growth to `plan.growth`"


def _last_threshold(question: WalletQuestion) -> Decimal | None:
    """Return the money at which the last of its alerts fires."""
    alerts = (budget for budget in question.alerts_desired if budget.period == "monthly" and not budget.hard_limit)
    budget = next(alerts, None)
    if budget is None or not budget.alert_percentages:
        return None
    return budget.amount * max(budget.alert_percentages) / Decimal(100)
