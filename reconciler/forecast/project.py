"""The forecast: usage and questions in, answers out, each a statistic of one set of simulated paths a wallet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from reconciler.forecast.answer import answer
from reconciler.forecast.assumptions import TeamView, team_assumptions
from reconciler.forecast.naive import NaiveMethod
from reconciler.forecast.notices import stale_notice, team_notices, wallet_notices
from reconciler.forecast.observed import LONG_WINDOW_DAYS
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import money
from reconciler.forecast.question import Forecast, ForecastWarning, WalletQuestion
from reconciler.forecast.scene import Scene, make_scene
from reconciler.forecast.simulation import Simulated, simulations
from reconciler.forecast.year import YearSum, year_forecast
from reconciler.model.forecast import TeamAssumptions, UnitPrice, WalletForecast
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.model.usage import DailyUsage

__all__ = ["Forecast", "ForecastWarning", "WalletQuestion", "project"]


def project(
    usage: DailyUsage | None,
    questions: Sequence[WalletQuestion],
    *,
    organization: OrganizationBudget,
    period: Period,
    as_of: date,
    teams: Mapping[str, TeamBudget],
    censored: Mapping[str, frozenset[date]] | None = None,
    methods: Mapping[str, NaiveMethod] | None = None,
) -> Forecast:
    """Return what every wallet of `questions` will cost, under live and under desired money, on the same paths.

    `as_of` is the first day that is not known in full; usage of later days is never looked at. `censored` names, by
    wallet key, the days that show a ceiling and not the demand; `methods` names, by wallet key, a naive method that a
    backtest found stably better, for the paths to be centred on. The answer for a wallet depends on its own team's
    usage and plan (and, below 28 days of history, on the week of the whole export), not on what else is asked.
    """
    scene = make_scene(
        usage,
        questions,
        organization=organization,
        period=period,
        as_of=as_of,
        teams=teams,
        censored=censored,
        methods=methods,
    )
    year = YearSum.of(organization, period=period, as_of=as_of)
    answers: list[WalletForecast] = []
    teams_asked: dict[str, _TeamSum] = {}
    for simulated in simulations(questions, scene):
        answers.append(answer(simulated, scene))
        teams_asked.setdefault(simulated.question.wallet.team, _TeamSum()).add(simulated, answers[-1], period)
        if year is not None and simulated.question.wallet.currency == organization.currency:
            year.add(simulated.course)
    views = [team.view(name, scene) for name, team in sorted(teams_asked.items())]
    tables = [team_assumptions(view) for view in views]
    return Forecast(
        wallets=tuple(answers),
        year=year_forecast(year, keys=scene.keys) if year is not None else None,
        assumptions=tuple(tables),
        warnings=tuple(sorted(_warnings(views, tables))),
        prices=tuple(price for view in views for price in _prices(view)),
    )


def _warnings(views: Sequence[TeamView], tables: Sequence[TeamAssumptions]) -> Iterator[ForecastWarning]:
    """Yield what there is to know: about the usage as a whole, the teams' levers, and each wallet."""
    for view in views[:1]:
        yield from stale_notice(view)
    for view, table in zip(views, tables, strict=True):
        yield from team_notices(view, table)
        for forecast, question, days in zip(view.forecasts, view.questions, view.censored_days, strict=True):
            yield from wallet_notices(forecast, question, view, censored=days)


def _prices(view: TeamView) -> Iterator[UnitPrice]:
    """Yield what the models cost that the team's plan moves traffic between."""
    seen = view.observed(LONG_WINDOW_DAYS)
    for name in sorted({name for move in view.plan.provider_mix for name in (move.source, move.target)}):
        model = seen.model(name)
        price = model.price if model else None
        yield UnitPrice(
            team=view.team,
            model=name,
            as_of=view.known.known_until,
            tokens=model.tokens if model else 0,
            per_million_tokens=None if price is None else money(price * 1_000_000),
        )


@dataclass(slots=True)
class _TeamSum:
    """What is gathered of one team: its wallets' answers, and the sum of their months path by path."""

    questions: list[WalletQuestion] = field(default_factory=list)
    forecasts: list[WalletForecast] = field(default_factory=list)
    censored: list[int] = field(default_factory=list)
    month_end: Floats | float = 0.0

    def add(self, simulated: Simulated, forecast: WalletForecast, period: Period) -> None:
        course = simulated.course
        total = float(course.exact(period.first, period.end)) + course.rest(period.first, period.end)
        self.month_end = self.month_end + total
        self.questions.append(simulated.question)
        self.forecasts.append(forecast)
        self.censored.append(simulated.censored_days)

    def view(self, team: str, scene: Scene) -> TeamView:
        return TeamView(
            team=team,
            questions=self.questions,
            forecasts=self.forecasts,
            censored_days=self.censored,
            month_end=np.asarray(self.month_end),
            organization=scene.organization,
            period=scene.period,
            known=scene.known,
            observations=scene.observations,
        )
