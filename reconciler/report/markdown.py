"""A Report as a forge's Markdown within a limit, with nothing from outside that could act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from reconciler.report.document import Align, Chart, Line, Notice, Report, Table
from reconciler.report.escape import code_span, escaped, inline, label
from reconciler.report.size_budget import Section, allocate, size
from reconciler.report.spans import Cell, Words

SMALLEST_LIMIT = 16_000
"""Below this, a verdict, its sentences and one refusal full of hostile text might not fit."""

_RULES: dict[Align, str] = {"left": ":--", "right": "--:"}


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text within a limit. `cut` counts the rows, sentences and blocks that had no room, which the text says too."""

    text: str
    cut: int


def markdown(report: Report, *, limit: int = 60_000) -> str:
    """Return the text that `fitted` gives."""
    return fitted(report, limit=limit).text


def fitted(report: Report, *, limit: int) -> Fitted:
    """Return a text of at most `limit` characters and UTF-8 bytes; ValueError for a limit below 16,000.

    The verdict, refusals and footer always survive, then the changed wallets, worst first, then the rest. Tables are
    cut between rows, and folded parts are always closed.
    """
    if limit < SMALLEST_LIMIT:
        raise ValueError(f"a comment needs a limit of {SMALLEST_LIMIT} or more, not {limit}")
    top = "\n\n".join((f"### {inline(report.headline)}", *_paragraph((*report.lead, *report.approve))))
    bottom = f"<sub>{' '.join(inline(sentence) for sentence in report.footer)}</sub>"
    body, cut = allocate(_sections(report), limit - size(top) - size(bottom) - 8)
    return Fitted("\n\n".join((top, *body, bottom)) + "\n", cut)


def _paragraph(sentences: Iterable[Words]) -> tuple[str, ...]:
    text = " ".join(inline(sentence) for sentence in sentences)
    return (text,) if text else ()


def _sections(report: Report) -> list[Section]:
    """Return what is between the verdict and the footer, in reading order."""
    return [
        _table(report.wallets, "wallet", rank=1),
        _list(report.wallet_notes, "note", "", rank=2),
        _headed(report.rules, "setting", "What else merging changes", rank=1),
        _headed(report.ahead, "later change", "Months to come", rank=1),
        _headed(report.approvals, "approval", "Who must approve, and what for", rank=1),
        _headed(report.neighbours, report.request, f"Other {report.request}s and the same money", rank=1),
        *(_table(listed.table, listed.noun, rank=listed.rank) for listed in report.objects),
        _blocks([_assumptions(table) for table in report.assumptions], "planning table", "", rank=5),
        _notices(report.refusals, "refusal", "Refused", rank=0),
        _notices(report.waivers, "waiver", "Waived", rank=2),
        _notices(report.warnings, "warning", "Warnings", rank=4),
        _blocks([mermaid(chart) for chart in report.charts], "chart", "How the month may go (chart)", rank=7),
        _blocks([_titled(table) for table in report.levers], "table", "What makes the month-end figure", rank=8),
        _blocks([_titled(table) for table in report.months], "table", "The months ahead", rank=12),
        _folded(_table(report.move_table, "move", rank=6), "What moves, to the cent"),
        _list(report.method, "note", "How far to trust this", rank=9),
        _folded(
            _table(report.other_wallets, "wallet", rank=10, above=report.other_notes), "Wallets that do not change"
        ),
        _list(report.drift, "difference", "Changed by hand in Keeptrusts", rank=6),
        _list(report.unmanaged, "thing", "Seen in Keeptrusts, not declared in git", rank=11),
    ]


def _folded(section: Section, summary: str) -> Section:
    """Return `section` inside a closed fold, or as it is where there is no summary."""
    if not summary:
        return section
    head = f"<details><summary>{summary}</summary>\n\n{section.head}"
    return Section(section.items, section.noun, section.rank, head, f"{section.tail}\n\n</details>", section.separator)


def _table(table: Table, noun: str, *, rank: int, above: tuple[Words, ...] = ()) -> Section:
    head = "".join(f"{text}\n\n" for text in _paragraph(above))
    return Section(tuple(_rows(table)), noun, rank, head=f"{head}{_head(table)}")


def _head(table: Table) -> str:
    headings = " | ".join(escaped(column.heading) for column in table.columns)
    rules = "|".join(_RULES[column.align] for column in table.columns)
    return f"| {headings} |\n|{rules}|\n"


def _rows(table: Table) -> Iterable[str]:
    for row in table.rows:
        yield f"| {' | '.join(_cell(cell) for cell in row.cells)} |"


def _cell(cell: Cell) -> str:
    if cell.changes:
        return f"{escaped(cell.now)} → **{escaped(cell.new)}**"
    first, rest = (cell.verdict, cell.new) if cell.verdict else (cell.new, "")
    shown = f"**{escaped(first)}**" if cell.strong else escaped(first)
    return f"{shown}: {escaped(rest)}" if rest else shown


def _titled(table: Table) -> str:
    title = f"*{escaped(table.title)}*\n\n" if table.title else ""
    return f"{title}{_head(table)}{chr(10).join(_rows(table))}"


def _assumptions(table: Table) -> str:
    return f"#### Is the plan still true for {escaped(table.title)}?\n\n{table_markdown(table)}"


def table_markdown(table: Table) -> str:
    return f"{_head(table)}{chr(10).join(_rows(table))}"


def _blocks(blocks: list[str], noun: str, summary: str, *, rank: int) -> Section:
    return _folded(Section(tuple(blocks), noun, rank, separator="\n\n"), summary)


def _list(sentences: tuple[Words, ...], noun: str, summary: str, *, rank: int) -> Section:
    return _folded(Section(tuple(f"- {inline(sentence)}" for sentence in sentences), noun, rank), summary)


def _headed(sentences: tuple[Words, ...], noun: str, heading: str, *, rank: int) -> Section:
    items = tuple(f"- {inline(sentence)}" for sentence in sentences)
    return Section(items, noun, rank, head=f"#### {heading}\n\n")


def _notices(notices: tuple[Notice, ...], noun: str, heading: str, *, rank: int) -> Section:
    return Section(tuple(_notice(notice) for notice in notices), noun, rank, head=f"#### {heading}\n\n")


def _notice(notice: Notice) -> str:
    where = f" {code_span(notice.where)}" if notice.where else ""
    hint = f"<br>Fix: {inline(notice.hint)}" if notice.hint else ""
    return f"- **{escaped(notice.title)}**{where}: {inline(notice.message)}{hint}"


_COLOURS = {
    "spent": ("#0969da", "blue"),
    "p10": ("#8250df", "purple"),
    "p90": ("#8250df", "purple"),
    "now": ("#cf222e", "red"),
    "new": ("#1a7f37", "green"),
    "alert": ("#bf8700", "amber"),
}


_AXIS = '{"labelFontSize": 12, "labelPadding": 10}'
_SHAPE = f'"width": 400, "height": 280, "showLegend": false, "xAxis": {_AXIS}, "yAxis": {_AXIS}'


def mermaid(chart: Chart) -> str:
    """Return the sentence that names the chart and its lines, and the fenced diagram."""
    palette = ", ".join(_COLOURS[line.role][0] for line in chart.lines)
    colours = f'"themeVariables": {{"xyChart": {{"plotColorPalette": "{palette}"}}}}'
    lines = "\n".join(f'    line "{label(line.name)}" [{_values(line, chart.unit)}]' for line in chart.lines)
    return (
        f"*{escaped(chart.title)}*: {escaped(', '.join(_legend(chart)))}.\n\n"
        f'```mermaid\n%%{{init: {{"theme": "base", "xyChart": {{{_SHAPE}}}, {colours}}}}}%%\nxychart-beta\n'
        f"    x-axis {chart.days[0]} --> {chart.days[-1]}\n"
        f"    y-axis {chart.bottom // chart.unit} --> {chart.top // chart.unit}\n"
        f"{lines}\n```"
    )


def _values(line: Line, unit: int) -> str:
    """Return a value for each day; a level one needs its ends alone."""
    values = line.values if len(set(line.values)) > 1 else (line.values[0], line.values[-1])
    return ", ".join(str(value) if unit == 1 else f"{Decimal(value) / unit:.3f}" for value in values)


def _legend(chart: Chart) -> Iterator[str]:
    """Yield the lines with their colours; neighbours of one colour go together."""
    for colour, lines in groupby(chart.lines, key=lambda line: _COLOURS[line.role][1]):
        yield f"{' and '.join(line.name for line in lines)} ({colour})"
