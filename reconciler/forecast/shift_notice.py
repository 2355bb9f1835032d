"""What there is to say of a shift: since when, how much, and whether it is likely to stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from typing import cast

import numpy as np

from reconciler.forecast.fit import Fit
from reconciler.forecast.happenings.silence import SILENT
from reconciler.forecast.level import MIX
from reconciler.forecast.passing import chance_to_pass, is_holiday
from reconciler.forecast.words import chance, times_the_usual
from reconciler.model.forecast import WalletNotice

SHIFT = "shift"


def history_notices(fit: Fit, row: int) -> tuple[WalletNotice, ...]:
    """Return all that a history shows beyond level and calendar; of a wallet that fell silent no shift before that."""
    happened = (happening.notices(row) for happening in fit.happenings)
    told = tuple(chain(fit.long_run.notices(row), fit.season.notices(row), fit.shape.quarters.notices(row), *happened))
    return told if any(notice.code == SILENT for notice in told) else (*shift_notices(fit, row), *told)


def shift_notices(fit: Fit, row: int) -> Iterator[WalletNotice]:
    """Yield what to know about a shift that is likely; its probability is that it stays."""
    shift = fit.shift.part(slice(row, row + 1))
    if not shift.days[0]:
        return
    place = int(shift.odds[0].argmax())
    days = int(shift.ages[0, place])
    before, now = fit.level.before[row, place], fit.level.values[row, len(MIX) + place]
    since = cast(date, fit.panel.ends[row].item()) - timedelta(days=days - 1)
    stays = float((shift.odds[0] * (1.0 - chance_to_pass(fit, row))).sum() / shift.odds[0].sum())
    factor = float(np.round(now / before, 3)) if before > 0 else None
    seen = f"has cost {times_the_usual(factor)} a day since {since} ({days} days{_launch(fit, row, since)})"
    if is_holiday(fit, row)[place]:
        back = date(since.year + 1, 1, 8)
        yield WalletNotice(
            code="holiday",
            message=f"{seen}, as over the holidays: {chance(1.0 - stays)} that it is back by {back}",
            hint="judge its target by the weeks before",
            since=since,
            factor=factor,
            probability=round(1.0 - stays, 4),
        )
        return
    yield WalletNotice(
        code=SHIFT,
        message=f"{seen}: {chance(stays)} that it stays so",
        hint="" if stays > 0.5 else "ask the team whether it will last: the forecast counts with both",
        since=since,
        factor=factor,
        probability=round(stays, 4),
    )


def _launch(fit: Fit, row: int, since: date) -> str:
    """Return which new workload began when the shift did."""
    index = fit.panel.indices[row] if fit.panel.indices else None
    if index is None or index.launch is None:
        return ""
    first = cast(date, fit.panel.ends[row].item()) - timedelta(days=index.launch.days - 1)
    return f", since the workload `{index.launch.name}` began" if abs((first - since).days) <= 1 else ""
