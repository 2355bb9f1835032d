"""The forecast: usage and questions in, answers out, each a statistic of one set of simulated paths a wallet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from operator import attrgetter

from reconciler.forecast.context import ForecastContext
from reconciler.forecast.notices import promise_notice, stale_notice
from reconciler.forecast.question import Forecast, WalletQuestion
from reconciler.forecast.shard import Shard, ShardRunner, one_by_one
from reconciler.forecast.sharding import sharded
from reconciler.forecast.year import YearSum, left_out_wallets, uncovered_spend, year_forecast
from reconciler.forecast.year_alone import year_alone
from reconciler.model.forecast import WalletForecast, YearForecast
from reconciler.model.wallet_ref import WalletRef

__all__ = ["Forecast", "WalletQuestion", "project"]


def project(
    questions: Sequence[WalletQuestion],
    context: ForecastContext,
    *,
    run_shards: ShardRunner = one_by_one,
    others: Sequence[WalletQuestion] | None = (),
) -> Forecast:
    """Return what every wallet of `questions` will cost, under live and under desired money, on the same paths.

    The answer for a wallet depends on its own team's usage and plan, not on what else is asked; below 28 days of
    history on the week of the whole export too, and where its plan promises savings on what came of all teams'.
    `run_shards` says where the shards of a large forecast are worked out; the answers do not depend on it. `others` are
    looked ahead for only as far as the year needs it: nothing else is said of them. None of them: nor of the year.
    """
    places = sharded([question.wallet for question in questions])
    shards = run_shards([[questions[place] for place in asked] for asked in places], context)
    answers: dict[int, WalletForecast] = {}
    for asked, shard in zip(places, shards, strict=True):
        answers.update(zip(asked, shard.wallets, strict=True))
    known = {questions[place].wallet.key: bool(answer.month_end.quantiles) for place, answer in answers.items()}
    year = None if others is None else _year(shards, context, known=known, others=others)
    where = min((each.team_origin for each in questions), default=None)
    warnings = [warning for shard in shards for warning in shard.warnings]
    if where is not None:
        warnings += stale_notice(context.known, where=where)
        warnings += promise_notice(year, context.organization.currency, where=where)
    return Forecast(
        wallets=tuple(answers[place] for place in range(len(questions))),
        year=year,
        assumptions=tuple(sorted((table for shard in shards for table in shard.assumptions), key=attrgetter("team"))),
        warnings=tuple(sorted(warnings, key=attrgetter("code", "origin", "message"))),
        prices=tuple(sorted((price for shard in shards for price in shard.prices), key=attrgetter("team"))),
    )


def _year(
    shards: Sequence[Shard],
    context: ForecastContext,
    *,
    known: Mapping[WalletRef, bool],
    others: Sequence[WalletQuestion],
) -> YearForecast | None:
    """Return the year of all shards together, and beside it what no YAML covers, and what could not be told.

    `known` says of each wallet that was asked about whether it has a forecast; that of `others` is worked out here.
    """
    total = YearSum.of(context.organization, period=context.period, as_of=context.as_of)
    if total is None:
        return None
    for shard in shards:
        if shard.year is not None:
            total.include(shard.year)
    asked_about = total.wallets
    answered = {**known, **dict(year_alone(total, others, context))}
    declared = {wallet.team_id for team in context.teams.values() for wallet in team.wallets.values()}
    summed = {key for key, is_known in answered.items() if is_known}
    return year_forecast(
        total,
        keys=context.keys,
        first_day=_first_day(context, is_whole=not others),
        uncovered=uncovered_spend(total, context.known, covered=declared | answered.keys()),
        left_out=left_out_wallets(
            total, context.known, context.teams, unread=declared - answered.keys(), summed=summed
        ),
        by_usage=total.wallets - asked_about,
        unanswered=context.usage.source.unanswered if context.usage else frozenset(),
    )


def _first_day(context: ForecastContext, *, is_whole: bool) -> date | None:
    """Return the first day of which it is known what was spent: where `is_whole`, by ledgers that were read as well."""
    if context.usage is None:
        return None
    shown = context.usage.source.first_day or context.known.known_until
    return min([shown, *(spend.first for spend in context.known.wallets.values() if is_whole)])
