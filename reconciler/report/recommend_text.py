"""`kt-budgets recommend` for a terminal: targets and alert amounts, each with its reason, and what was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from reconciler.model.forecast import ForecastNotice
from reconciler.model.outlook import RecommendDocument, RecommendedAlert, RecommendedTarget, WrittenValue
from reconciler.model.period import Period
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.forecast_layout import NARROWEST, Notice, notice_lines, page, sentence, table_lines, told_once
from reconciler.report.forecast_text import header
from reconciler.report.renderers import Printed
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import Cell, safe_name, safe_place, shift


@dataclass(frozen=True, slots=True)
class RecommendPage(Printed):
    """What the page shows. `kept` says why something was not written, or not suggested unless `was_writing`."""

    organization: str
    period: Period
    as_of: date
    known: str
    probability: float
    reaction_days: int
    targets: Sequence[RecommendedTarget]
    alerts: Sequence[RecommendedAlert]
    said: Sequence[ForecastNotice] = ()
    written: Sequence[WrittenValue] = ()
    kept: Sequence[str] = ()
    was_writing: bool = False

    @property
    def notices(self) -> Sequence[Notice]:
        """What was left out or is doubtful: code, sentence, hint."""
        return told_once(self.said)

    def document(self) -> RecommendDocument:
        return RecommendDocument(
            period=self.period,
            as_of=self.as_of,
            probability=self.probability,
            reaction_days=self.reaction_days,
            targets=tuple(self.targets),
            alerts=tuple(self.alerts),
            written=tuple(self.written),
            kept=tuple(self.kept),
            notices=tuple(self.said),
        )


def recommend_text(shown: RecommendPage, screen: Screen = PAPER) -> str:
    width = max(screen.width, NARROWEST)
    chance = wording.probability(shown.probability)
    stopped = any(one.lasts < shown.probability for one in shown.targets)
    limited = ", as far as no hard limit stops it" if stopped else ""
    blocks = [
        sentence(header(shown.organization, shown.period, shown.as_of, shown.known), width, indent=0),
        [
            *sentence(
                f"The smallest target with which each wallet is {chance} sure to last the month{limited}:", width
            ),
            *table_lines(_targets(shown), width),
            *sentence(_ROUNDING, width),
            *([] if not any(target.months for target in shown.targets) else sentence(_ALONE, width)),
        ],
        [
            line
            for target in shown.targets
            for line in sentence(f"{safe_place(target.team, target.environment)}: {target.reason}.", width, indent=4)
        ],
        _next_month(shown, width),
        _alerts(shown, width),
        notice_lines(shown.notices, width),
        _changed(shown, width),
    ]
    return page(blocks, width=width, colour=screen.colour)


_ROUNDING = "Targets are rounded up at three digits and never finer than a whole unit, alert amounts down."
_ALONE = "A month alone: what it needs to be as sure by itself, without money carried over into it."
_FIRST = "A budget has one amount for all its percentages: `--write` takes that of the first to fire."


def _targets(shown: RecommendPage) -> Table:
    following = str(shown.period.plus(1))
    alone = any(following in target.months for target in shown.targets)
    columns = (
        Column("name", ""),
        Column("target", f"target {shown.period}", "right"),
        Column("difference", "difference", "right"),
        Column("lasts", "lasts", "right"),
        *([Column("next", f"{following} alone", "right")] if alone else []),
    )
    rows = []
    for target in shown.targets:
        need = target.months.get(following)
        moved = target.target - target.current
        cells = (
            Cell(safe_place(target.team, target.environment)),
            shift(wording.whole(target.current), wording.whole(target.target)),
            Cell(f"{'+' if moved > 0 else ''}{wording.whole(moved)}"),
            shift(wording.probability(target.lasts_now), wording.probability(target.lasts)),
            *([Cell(wording.whole(need))] if alone else []),
        )
        rows.append(Row(cells))
    return Table(columns, tuple(rows))


def _next_month(shown: RecommendPage, width: int) -> list[str]:
    """Return who needs more than the YAML gives in the month after this one, and what is planned for it."""
    short = [(target, target.short_next) for target in shown.targets if target.short_next]
    if not short:
        return []
    teams = wording.counted(len({target.team for target, _ in short}), "team")
    lines = sentence(f"{shown.period.plus(1)} needs more than the YAML gives, in {teams}:", width)
    for target, month in short:
        needs = f"{wording.whole(month.needed)} by itself, and gets {wording.whole(month.current)}"
        why = "; ".join(safe_name(each, 512) for each in month.planned)
        planned = f"planned: {why}" if why else "nothing planned explains it"
        place = safe_place(target.team, target.environment)
        lines += sentence(f"{place} needs {needs}; {planned}.", width, indent=4)
    return lines


def _alerts(shown: RecommendPage, width: int) -> list[str]:
    if not shown.alerts:
        return []
    columns = (Column("name", ""), Column("percentage", "alert", "right"), Column("amount", "amount", "right"))
    rows = tuple(
        Row(
            (
                Cell(safe_name(alert.name)),
                Cell(f"{alert.percentage}%"),
                shift(wording.whole(alert.current), wording.whole(alert.amount)),
            )
        )
        for alert in shown.alerts
    )
    days = wording.counted(shown.reaction_days, "day")
    told = "under these targets; the present one where that would tell of nothing"
    lines = sentence(f"The amount at which each alert leaves {days} to react, {told}:", width)
    lines += table_lines(Table(columns, rows), width)
    for alert in shown.alerts:
        lines += sentence(f"{safe_name(alert.name)} {alert.percentage}%: {alert.reason}.", width, indent=4)
    return [*lines, *sentence(_FIRST, width)]


def _changed(shown: RecommendPage, width: int) -> list[str]:
    kept = "not written" if shown.was_writing else "not suggested"
    told = [line for one in shown.kept for line in sentence(f"{kept}: {one}", width)]
    if not shown.was_writing:
        return [*told, *sentence("Nothing was written; `--write` puts these into the YAML.", width)]
    lines = [*_difference(shown.written), *told]
    return lines or sentence("The YAML already says so; nothing was written.", width)


def _difference(written: Sequence[WrittenValue]) -> Iterator[str]:
    """Yield what was changed, file by file, as a difference."""
    path = ""
    for one in written:
        if one.path != path:
            path = one.path
            yield f"  {path}"
        if one.before is not None:
            yield f"  - {one.key}: {one.before}"
        yield f"  + {one.key}: {one.after}"
