"""What wallets may spend over the fiscal year: the one sum that `plan`, its warnings and `year` print."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from reconciler.app.planning.others import spent_so_far
from reconciler.model.period import Period
from reconciler.plan.carried import carried_over

if TYPE_CHECKING:
    from reconciler.forecast.history import Spending
    from reconciler.model.change import Change
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.model.outcome import Doubt
    from reconciler.model.usage import DailyUsage
    from reconciler.model.year_targets import YearTargets
    from reconciler.settings import Settings


def year_of_plan(
    settings: Settings,
    desired: Desired,
    live: Live,
    usage: DailyUsage | None,
    *,
    changes: Sequence[Change],
    doubts: Sequence[Doubt],
    before: Desired | None = None,
) -> YearTargets:
    """Return the sum by what `live` and `usage` show, once `changes` are made; `before` is the YAML without them."""
    from reconciler.forecast.history import spending
    from reconciler.plan.ledger_usage import seen_usage, unseen_usage

    as_of = settings.as_of
    seen = seen_usage(usage, live, as_of=as_of)
    known = spending(seen, as_of=as_of, unseen=unseen_usage(usage, live, as_of=as_of))
    since = seen.source.first_day if seen else None
    period = settings.period
    return year_sum(desired, live, known, since, period=period, changes=changes, doubts=doubts, before=before)


def year_sum(
    desired: Desired,
    live: Live | None,
    known: Spending,
    since: date | None,
    *,
    period: Period | None = None,
    changes: Sequence[Change] = (),
    doubts: Sequence[Doubt] = (),
    before: Desired | None = None,
    past: Desired | None = None,
) -> YearTargets:
    """Return the sum by what is `known` of spend, from the day `since` on, and by ledgers where they were read.

    `changes` are those for `period`, the present month unless it is said. `past` is the YAML by which months that are
    over got their targets, where nothing tells what was spent in them.
    """
    from reconciler.forecast.year_by_targets import year_targets

    month = Period.of(known.as_of)
    carried = carried_over(
        desired,
        live,
        month=month,
        period=period,
        spent=partial(spent_so_far, known, month=month),
        changes=changes,
        doubts=doubts,
        before=before,
    )
    return year_targets(desired, known, since=since, carried=carried, past=past)
