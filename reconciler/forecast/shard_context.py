"""What a shard is worked out from: of what holds for all wallets, only what is about its own teams.

Another process is told no more than this, so that its memory does not grow with the organization; and a shard that was
worked out early counts where this has stayed the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from reconciler.forecast.context import ForecastContext, is_short
from reconciler.forecast.observed import observations
from reconciler.forecast.question import WalletQuestion
from reconciler.model.usage import DailyUsage


def shard_context(questions: Sequence[WalletQuestion], context: ForecastContext) -> ForecastContext:
    """Return `context` without what is about the wallets of other teams than those of `questions`."""
    teams = sorted({question.wallet.team for question in questions})
    wallets = sorted(
        {wallet for question in questions for wallet in (question.wallet.key, *context.team_wallets(question))}
    )
    known = {wallet: context.known.wallets[wallet] for wallet in wallets if wallet in context.known.wallets}
    usage = None
    if context.usage is not None:
        places = _places(context.usage)
        parts = [places[wallet] for wallet in wallets if wallet in places]
        usage = context.usage.at(np.sort(np.concatenate(parts)) if parts else np.zeros(0, np.intp))
    return replace(
        context,
        teams={name: context.teams[name] for name in teams if name in context.teams},
        usage=usage,
        known=replace(context.known, wallets=known),
        observations=observations(usage, known_until=context.known.known_until),
        censored={wallet: days for wallet, days in context.censored.items() if wallet in wallets},
        usual_week=context.usual_week if any(is_short(question, context.known) for question in questions) else None,
    )


@lru_cache(maxsize=1)
def _places(usage: DailyUsage) -> Mapping[str, npt.NDArray[np.intp]]:
    """Return the rows of each wallet. Every shard of a forecast asks for it."""
    names, codes = np.unique(usage.wallet, return_inverse=True)
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(names) + 1)).tolist()
    return {str(name): order[bounds[row] : bounds[row + 1]] for row, name in enumerate(names)}


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same to the last bit, arrays and their types too; caches are not looked at."""
    if one is other:
        return True
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and _type_of(one) == _type_of(other) and np.array_equal(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if is_dataclass(one) and type(one).__eq__ is object.__eq__:
        names = (each.name for each in fields(one) if not each.name.startswith("_"))
        return all(is_same(getattr(one, name), getattr(other, name)) for name in names)
    return bool(one == other)


def _type_of(column: npt.NDArray[Any]) -> str:
    """Return what kind of values a column has; how wide texts are depends on those of other wallets."""
    return "U" if column.dtype.kind == "U" else column.dtype.str
