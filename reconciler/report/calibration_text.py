"""`kt-budgets backtest --logged` for a terminal: how forecasts that people acted on compare with what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.forecast.range_alarm import RIGHT, is_beyond_chance
from reconciler.model.forecast_log import MONTHS_TO_JUDGE, Calibration, CalibrationDocument, NotJudged, PitStep
from reconciler.report import wording
from reconciler.report.document import Column, Row, Table
from reconciler.report.forecast_layout import NARROWEST, Notice, notice_lines, page, sentence, table_lines
from reconciler.report.off import side_words, within_words
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import DASH, Cell, safe_name, visible

_BAR = 24
_NEAR = 0.05
_PLACES = (
    ("below its range", 0.0, 0.1),
    ("in the lower half of it", 0.1, 0.5),
    ("in the upper half of it", 0.5, 0.9),
    ("above its range", 0.9, 1.0),
)
_REASONS = {
    "not_over": "of a month that is not over",
    "not_in_usage": "of a month that the usage does not show whole",
    "wallet_unknown": "of a wallet that the usage does not name",
    "said_again": "said again on the same day, of which the last one counts",
    "known_already": "made when the month was over",
    "other_currency": "in another currency",
}


@dataclass(frozen=True, slots=True)
class CalibrationPage:
    """What the page shows: the document, which usage it is held against, and what is to be said besides."""

    facts: CalibrationDocument
    known: str
    notices: Sequence[Notice] = ()

    def document(self) -> CalibrationDocument:
        return self.facts


def calibration_text(shown: CalibrationPage, screen: Screen = PAPER) -> str:
    width, facts = max(screen.width, NARROWEST), shown.facts
    day = f"{wording.long_day(facts.as_of)} {facts.as_of.year}"
    title = f"{safe_name(facts.organization)}, forecasts that people acted on, as of {day} ({shown.known})"
    blocks = [sentence(title, width, indent=0)]
    if facts.overall.forecasts:
        blocks += [_overall(facts, width), _places(facts, width, screen), _teams(facts, width)]
    else:
        blocks.append(sentence(_nothing(facts), width))
    blocks += [_left(facts, width), notice_lines(shown.notices, width)]
    return page(blocks, width=width, colour=screen.colour)


def _nothing(facts: CalibrationDocument) -> str:
    if facts.logged:
        return f"{_held(facts.logged)} in {visible(facts.log)}, and none can be judged yet."
    return (
        f"Nothing is logged yet in {visible(facts.log)}: what a plan forecasts is logged when the plan is applied."
        " `kt-budgets backtest` replays the past meanwhile."
    )


def _held(count: int) -> str:
    return f"{wording.counted(count, 'forecast')} {wording.agree(count, 'is')} logged"


def _overall(facts: CalibrationDocument, width: int) -> list[str]:
    overall, months = facts.overall, facts.months
    span = months[0].name if len(months) == 1 else f"{months[0].name} to {months[-1].name}"
    ends = wording.counted(overall.month_ends, "month end")
    lines = sentence(
        f"{wording.counted(overall.forecasts, 'forecast')} of {ends}, {span}."
        f" {within_words(overall.within, overall.forecasts)}: {_verdict(facts)}",
        width,
    )
    if overall.median_error is not None and overall.spent:
        side = side_words(float(overall.bias / overall.spent))
        lines += sentence(
            f"The middle figure was {overall.median_error:.0%} off in the middle case. On the whole it was {side}:"
            f" {safe_name(facts.currency, 8)} {wording.exact(overall.expected)} expected, and"
            f" {wording.exact(overall.spent)} spent, which is {wording.exact(abs(overall.bias))}"
            f" {'less' if overall.bias > 0 else 'more'}.",
            width,
        )
    return lines


def _verdict(facts: CalibrationDocument) -> str:
    """Return what follows from how often the range held, as far as so many month ends can tell."""
    overall = facts.overall
    if not facts.enough:
        return f"too few to say more: that takes {MONTHS_TO_JUDGE} whole months, and these are of {len(facts.months)}."
    apart = (overall.coverage or 0.0) - RIGHT
    if is_beyond_chance(overall):
        if apart < 0:
            return "the range is too narrow, so leave more room than it says."
        return "the range is wider than it has to be."
    if facts.alarm:
        return "that may be chance, and is enough for a warning."
    return "that is right." if abs(apart) <= _NEAR else "these are too few month ends to call that wrong."


def _places(facts: CalibrationDocument, width: int, screen: Screen) -> list[str]:
    """Return where in its range each forecast was met, as bars beside what would be right."""
    counts = [sum(step.count for step in facts.pit if _inside(step, low, to)) for _, low, to in _PLACES]
    total, mark = sum(counts), "█" if screen.blocks else "#"
    headings = (("name", ""), ("count", "forecasts"), ("share", "share"), ("right", "right is"))
    columns = tuple(Column(key, heading, "left" if key == "name" else "right") for key, heading in headings)
    rows = tuple(
        Row(
            (
                Cell(name),
                Cell(f"{count:,}"),
                Cell(f"{count / total:.0%}"),
                Cell(f"{to - low:.0%}"),
                _bar(count, total, mark),
            )
        )
        for (name, low, to), count in zip(_PLACES, counts, strict=True)
        if total
    )
    lines = table_lines(Table((*columns, Column("bar", "")), rows), width)
    if lines:
        lines = [*sentence("Where the month ended, against the 80% range that was forecast for it:", width), *lines]
    if facts.certain:
        said = f"{wording.counted(facts.certain, 'forecast')} said one figure and no range"
        lines += sentence(f"{said}, and {wording.agree(facts.certain, 'is')} not among these.", width)
    return lines


def _inside(step: PitStep, low: float, to: float) -> bool:
    return low <= step.low and step.to <= to


def _bar(count: int, total: int, mark: str) -> Cell:
    return Cell(mark * (round(count / total * _BAR) or int(count > 0)))


def _teams(facts: CalibrationDocument, width: int) -> list[str]:
    headings = (
        ("name", ""),
        ("forecasts", "forecasts"),
        ("ends", "month ends"),
        ("within", "in range"),
        ("off", "off by"),
        ("bias", "too high (+) or low (−)"),
    )
    columns = tuple(Column(key, heading, "left" if key == "name" else "right") for key, heading in headings)
    rows = tuple(Row(tuple(map(Cell, (safe_name(team.team), *_cells(team))))) for team in facts.teams)
    return table_lines(Table(columns, rows), width)


def _cells(team: Calibration) -> tuple[str, ...]:
    off = DASH if team.median_error is None else f"{team.median_error:.0%}"
    bias = f"+{wording.exact(team.bias)}" if team.bias > 0 else wording.exact(team.bias)
    return f"{team.forecasts:,}", f"{team.month_ends:,}", f"{team.coverage or 0.0:.0%}", off, bias


def _left(facts: CalibrationDocument, width: int) -> list[str]:
    """Return what of the log could not be judged, by reason, and which lines of it are no forecasts."""
    lines = []
    if facts.not_judged:
        count = sum(item.count for item in facts.not_judged)
        lines = sentence(
            f"Not judged: {count:,} of {wording.counted(facts.logged, 'logged forecast')}:"
            f" {wording.listed([_reason(item) for item in facts.not_judged], most=8)}.",
            width,
        )
    for problem in facts.problems:
        lines += sentence(f"Not looked at: {visible(problem.position)}: {visible(problem.message)}.", width)
    return lines


def _reason(item: NotJudged) -> str:
    return f"{item.count:,} {_REASONS[item.reason]}"
