"""What wallets may spend over the fiscal year: the one sum that `plan`, its warnings and `year` print."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from reconciler.app.planning.others import spent_so_far
from reconciler.model.period import Period
from reconciler.plan.carried import carried_over

if TYPE_CHECKING:
    from reconciler.model.change import Change
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.model.outcome import Doubt
    from reconciler.model.usage import DailyUsage
    from reconciler.model.year_targets import YearTargets
    from reconciler.settings import Settings


def year_sum(
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
    from reconciler.forecast.year import year_targets
    from reconciler.plan.ledger_usage import seen_usage, unseen_usage

    as_of, month = settings.as_of, Period.of(settings.as_of)
    seen = seen_usage(usage, live, as_of=as_of)
    known = spending(seen, as_of=as_of, unseen=unseen_usage(usage, live, as_of=as_of))
    carried = carried_over(
        desired,
        live,
        month=month,
        spent=partial(spent_so_far, known, month=month),
        changes=changes,
        doubts=doubts,
        before=before,
    )
    return year_targets(desired, known, since=seen.source.first_day if seen else None, carried=carried)
