"""`kt-budgets review` as CSV: a row for each team, workload and cause, which add up to the differences."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from reconciler.model.review import ReviewDocument, ReviewEffect
from reconciler.report.review_words import ReviewPage
from reconciler.report.screen import PAPER, Screen

HEADER = (
    *("period", "first_day", "last_day", "against", "currency", "team", "environment", "workload"),
    *("cause", "amount", "noise", "stands_out", "together_with"),
)


def review_csv(page: ReviewPage, _: Screen = PAPER) -> str:
    """Return the effects as CSV with a header; rows without an environment are those of whole teams."""
    shown = page.document()
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(HEADER)
    days = (shown.period, shown.first_day, shown.last_day, shown.against, shown.currency)
    for row in _rows(shown):
        writer.writerow((*days, *row))
    return file.getvalue()


def _rows(shown: ReviewDocument) -> Iterator[tuple[object, ...]]:
    for team in shown.teams:
        for effect in team.effects:
            yield (team.team, "", "", *_cells(effect))
        for workload in team.workloads:
            for effect in workload.effects:
                yield (team.team, workload.environment, workload.workload, *_cells(effect))


def _cells(effect: ReviewEffect) -> tuple[object, ...]:
    noise = "" if effect.noise is None else effect.noise
    stands = "" if effect.noise is None else str(effect.stands_out).lower()
    return effect.cause, effect.amount, noise, stands, " ".join(effect.together_with)
