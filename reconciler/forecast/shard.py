"""A shard of a forecast: some teams, worked out without a look at the others, here or in another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from reconciler.findings import Finding
from reconciler.forecast.answer import answer
from reconciler.forecast.assumptions import TeamView, team_assumptions
from reconciler.forecast.at_limit import Ceiling
from reconciler.forecast.beside import Beside
from reconciler.forecast.context import ForecastContext
from reconciler.forecast.levers.registry import levers
from reconciler.forecast.notices import team_notices, wallet_notices
from reconciler.forecast.panel import Floats
from reconciler.forecast.quantiles import money
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.simulation import Simulated, simulations
from reconciler.forecast.windows import LONG_WINDOW_DAYS
from reconciler.forecast.year import YearSum
from reconciler.model.assumption import TeamAssumptions, UnitPrice
from reconciler.model.forecast import WalletForecast
from reconciler.model.period import Period


@dataclass(frozen=True, slots=True, eq=False)
class Shard:
    """The answers to some questions, in their order. `year` is None outside the fiscal year."""

    wallets: tuple[WalletForecast, ...]
    assumptions: tuple[TeamAssumptions, ...]
    warnings: tuple[Finding, ...]
    prices: tuple[UnitPrice, ...]
    year: YearSum | None


ShardRunner = Callable[[Sequence[Sequence[WalletQuestion]], ForecastContext], Sequence[Shard]]
"""How shards come about, each from its questions: one after the other, or several at a time."""


def one_by_one(shards: Sequence[Sequence[WalletQuestion]], context: ForecastContext) -> list[Shard]:
    return [forecast_shard(questions, context) for questions in shards]


def forecast_shard(questions: Sequence[WalletQuestion], context: ForecastContext) -> Shard:
    """Return what the wallets of whole teams will cost, and what there is to know about them."""
    year = YearSum.of(context.organization, period=context.period, as_of=context.as_of)
    beside = Beside.of(context)
    answers: list[WalletForecast] = []
    teams: dict[str, _TeamSum] = {}
    for simulated in simulations(questions, context):
        answers.append(answer(simulated, context))
        teams.setdefault(simulated.question.wallet.team, _TeamSum()).add(simulated, answers[-1], context.period, beside)
        told = bool(answers[-1].month_end.quantiles)
        if year is not None and told and simulated.question.wallet.currency == context.organization.currency:
            year.add(simulated.course, simulated.planned, beside=beside)
    views = [team.view(name, context) for name, team in sorted(teams.items())]
    tables = [team_assumptions(view) for view in views]
    return Shard(
        wallets=tuple(answers),
        assumptions=tuple(tables),
        warnings=tuple(_warnings(views, tables)),
        prices=tuple(price for view in views for price in _prices(view)),
        year=year,
    )


def _warnings(views: Sequence[TeamView], tables: Sequence[TeamAssumptions]) -> Iterator[Finding]:
    for view, table in zip(views, tables, strict=True):
        yield from team_notices(view, table)
        for forecast, question, ceiling in zip(view.forecasts, view.questions, view.ceilings, strict=True):
            yield from wallet_notices(forecast, question, view, ceiling=ceiling)


def _prices(view: TeamView) -> Iterator[UnitPrice]:
    seen = view.observed(LONG_WINDOW_DAYS)
    for name in sorted(frozenset[str]().union(*(lever.models(view.plan) for lever in levers()))):
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
    ceilings: list[Ceiling] = field(default_factory=list)
    month_end: Floats | float = 0.0

    def add(self, simulated: Simulated, forecast: WalletForecast, period: Period, beside: Beside) -> None:
        course, first, end = simulated.course, period.first, period.end
        rest = course.rest(first, end)[beside.order(course, first, end)]
        self.month_end = self.month_end + float(course.exact(first, end)) + rest
        self.questions.append(simulated.question)
        self.forecasts.append(forecast)
        self.ceilings.append(simulated.ceiling)

    def view(self, team: str, context: ForecastContext) -> TeamView:
        return TeamView(
            team=team,
            questions=self.questions,
            forecasts=self.forecasts,
            ceilings=self.ceilings,
            month_end=np.asarray(self.month_end),
            organization=context.organization,
            period=context.period,
            known=context.known,
            observations=context.observations,
            prior=context.prior,
        )
