"""The forecast: usage and questions in, answers out, each a statistic of one set of simulated paths a wallet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from operator import attrgetter

from reconciler.forecast.naive import NaiveMethod
from reconciler.forecast.notices import stale_notice
from reconciler.forecast.part import Part, WorkOut, one_by_one, parted
from reconciler.forecast.question import Forecast, ForecastWarning, WalletQuestion
from reconciler.forecast.scene import Scene, make_scene
from reconciler.forecast.year import YearSum, left_out_wallets, uncovered_spend, year_forecast
from reconciler.model.forecast import WalletForecast, YearForecast
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
    work_out: WorkOut = one_by_one,
) -> Forecast:
    """Return what every wallet of `questions` will cost, under live and under desired money, on the same paths.

    `as_of` is the first day that is not known in full; usage of later days is never looked at. `censored` names, by
    wallet key, the days that show a ceiling and not the demand; `methods` names, by wallet key, a naive method that a
    backtest found stably better, for the paths to be centred on. The answer for a wallet depends on its own team's
    usage and plan (and, below 28 days of history, on the week of the whole export), not on what else is asked.
    `work_out` says where the parts of a large forecast are worked out; the answers do not depend on it.
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
    places = parted(questions)
    parts = work_out([[questions[place] for place in asked] for asked in places], scene)
    answers: dict[int, WalletForecast] = {}
    for asked, part in zip(places, parts, strict=True):
        answers.update(zip(asked, part.wallets, strict=True))
    names = {question.wallet.team for question in questions}
    stale = stale_notice(scene.known, team=min(names)) if names else ()
    return Forecast(
        wallets=tuple(answers[place] for place in range(len(questions))),
        year=_year(parts, scene, answers={questions[place].wallet.key: answer for place, answer in answers.items()}),
        assumptions=tuple(sorted((table for part in parts for table in part.assumptions), key=attrgetter("team"))),
        warnings=tuple(sorted((*stale, *(warning for part in parts for warning in part.warnings)))),
        prices=tuple(sorted((price for part in parts for price in part.prices), key=attrgetter("team"))),
    )


def _year(parts: Sequence[Part], scene: Scene, *, answers: Mapping[str, WalletForecast]) -> YearForecast | None:
    """Return the year of all parts together, and beside it what no YAML covers, and what could not be told."""
    total = YearSum.of(scene.organization, period=scene.period, as_of=scene.as_of)
    if total is None:
        return None
    for part in parts:
        if part.year is not None:
            total.include(part.year)
    first_day = scene.usage.source.first_day if scene.usage else None
    declared = {wallet.team_id for team in scene.teams.values() for wallet in team.wallets.values()}
    summed = {key for key, answer in answers.items() if answer.month_end.quantiles}
    return year_forecast(
        total,
        keys=scene.keys,
        first_day=first_day,
        uncovered=uncovered_spend(total, scene.known, covered=declared | answers.keys()),
        left_out=left_out_wallets(total, scene.known, scene.teams, unread=declared - answers.keys(), summed=summed),
    )
