"""Wallets of which the fiscal year is asked and nothing else: their sum costs two thirds of their whole forecast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.forecast.beside import Beside
from reconciler.forecast.context import ForecastContext
from reconciler.forecast.quantiles import money_rows
from reconciler.forecast.question import WalletQuestion
from reconciler.forecast.simulation import Simulated, simulations
from reconciler.forecast.year import YearSum
from reconciler.model.wallet_ref import WalletRef


def year_alone(
    total: YearSum, questions: Sequence[WalletQuestion], context: ForecastContext
) -> Iterator[tuple[WalletRef, bool]]:
    """Add the wallets of whole teams to `total`; yield each, and whether there is anything to look ahead with."""
    beside = Beside.of(context)
    for simulated in simulations(questions, context):
        wallet = simulated.question.wallet
        is_known = _is_known(simulated, context)
        if is_known and wallet.currency == context.organization.currency:
            total.add(simulated.course, simulated.planned, beside=beside)
        yield wallet.key, is_known


def _is_known(simulated: Simulated, context: ForecastContext) -> bool:
    """Whether usage or an annual plan says anything of the wallet: what `answer` tells of a wallet it answers for."""
    period, course = context.period, simulated.course
    if simulated.history_days or course.spend.between(period.first, min(context.as_of, period.end)):
        return True
    return any(money_rows([course.rest(period.first, period.end)], keys=context.keys)[0])
