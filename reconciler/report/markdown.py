"""A Report as a forge's Markdown within a limit, with nothing from outside that could act."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from reconciler.report.document import Align, Notice, Report, Standing, Table
from reconciler.report.escape import code_span, escaped, inline
from reconciler.report.mermaid import mermaid
from reconciler.report.narrow import narrow
from reconciler.report.size_budget import Section, allocate, size
from reconciler.report.spans import Cell, Words
from reconciler.report.wording import several

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
    parts = (
        f"### {inline(report.headline)}",
        *_paragraph(report.lead),
        *_decision(report),
        *_paragraph(report.by_hand, report.approve),
    )
    top = "\n\n".join(parts)
    bottom = f"<sub>{' '.join(inline(sentence) for sentence in report.footer)}</sub>"
    body, cut = allocate(_sections(report), limit - size(top) - size(bottom) - 8)
    return Fitted("\n\n".join((top, *body, bottom)) + "\n", cut)


def _paragraph(*lines: Iterable[Words]) -> tuple[str, ...]:
    """Return a paragraph with the sentences of each line; nothing where there are none."""
    told = (" ".join(inline(sentence) for sentence in sentences) for sentences in lines)
    text = _LINE.join(filter(None, told))
    return (text,) if text else ()


_MARKS: dict[Standing | None, str] = {
    "short": "🔴 ",
    "risky": "🔶 ",
    "tight": "🟡 ",
    "safe": "✅ ",
    "unknown": "❔ ",
    None: "",
}
"""Marks that differ in shape too, beside a percentage that says the same."""

_WARNINGS, _FAILING = 3, 3
_LINE = "<br>\n"
_SHOWN = 8
"""So many rows, warnings and sentences of a kind are read at once; more are folded."""


def _decision(report: Report) -> tuple[str, ...]:
    return (table_markdown(narrow(report.decision)),) if report.decision else ()


def _sections(report: Report) -> list[Section]:
    """Return what is between the verdict and the footer, in reading order."""
    return [
        *_refusals(report.refusals),
        _brief(report),
        *_more(report),
        *_some(report.rules, "setting", "What else merging changes"),
        *_some(report.ahead, "later change", "Months to come"),
        _headed(report.approvals, "approval", "Who must approve, and what for", rank=1),
        _headed(report.neighbours, report.request, f"Other {report.request}s and the same money", rank=1),
        _notices(report.waivers, "waiver", "Waived", rank=2),
        *_warnings(report.warnings),
        *_group("Every wallet, month by month, and charts", _in_full(report)),
        *_group("Not caused by this change", _beside(report)),
        _list(report.method, "note", report.how_wrong, rank=9),
    ]


def _more(report: Report) -> tuple[Section, ...]:
    """Return what is read after the wallets; of a plan that cannot be approved as it is, what is urgent alone."""
    urgent = report.urgent if report.refusals else (*report.brief_notes, *report.urgent)
    rest = [_failing(report), _paragraphs(report.object_lines, "change", rank=2)]
    if report.refusals:
        parts = [_paragraphs(report.brief_notes, "note", rank=2), *rest]
        rest = [*_group("What else this plan changes, and what it assumes", parts)]
    return (_paragraphs(urgent, "note", rank=2), *rest)


def _in_full(report: Report) -> Iterator[Section]:
    yield _folded(_table(report.wallets, "wallet", rank=1, above=report.wallet_notes), "The wallets that this is about")
    running_out = _plain_notices(report.running_out, "warning", rank=4)
    yield _folded(running_out, f"Wallets that may run out ({len(report.running_out)})")
    for listed in report.objects:
        yield _folded(_table(listed.table, listed.noun, rank=listed.rank), f"{several(listed.noun).capitalize()}")
    yield _blocks(
        [_assumptions(t) for t in report.assumptions], "planning table", "What the annual plans assume", rank=5
    )
    yield _blocks([mermaid(chart) for chart in report.charts], "chart", "How the month may go (chart)", rank=7)
    yield _blocks([_titled(table) for table in report.levers], "table", "What makes the month-end figure", rank=8)
    yield _blocks([_titled(table) for table in report.months], "table", "The months ahead", rank=12)
    yield _folded(_table(report.move_table, "move", rank=6), "What moves, to the cent")
    others = _table(report.other_wallets, "wallet", rank=10, above=report.other_notes)
    yield _folded(others, "Wallets that do not change")


def _beside(report: Report) -> Iterator[Section]:
    notices = _plain_notices(report.standing, "notice", rank=4)
    yield _folded(notices, f"Standing notices ({len(report.standing)})")
    yield _list(report.drift, "difference", f"Changed by hand in Keeptrusts ({len(report.drift)})", rank=6)
    yield _list(report.unmanaged, "thing", f"In Keeptrusts and not in git ({len(report.unmanaged)})", rank=11)


def _group(summary: str, parts: Iterable[Section]) -> Iterator[Section]:
    """Yield what is in `parts` between the ends of a fold; nothing where they are empty."""
    found = [part for part in parts if part.items]
    if found:
        yield Section((f"<details><summary>{summary}</summary>",), "fold", 0)
        yield from found
        yield Section(("</details>",), "fold", 0)


def _brief(report: Report) -> Section:
    """Return the first rows of the wallets in four columns, the worst first; all are in the table in full."""
    rows = report.brief.rows
    more = len(rows) - _SHOWN
    tail = f"\n\n… and {more:,} more {'wallets' if more > 1 else 'wallet'}, see below." if more > 0 else ""
    table = narrow(Table(report.brief.columns, rows[:_SHOWN]))
    return replace(_table(table, "wallet", rank=1), tail=tail)


def _failing(report: Report) -> Section:
    """Return the first assumptions that do not hold, how many there are in the heading."""
    table, rows = report.failing, report.failing.rows
    if len(rows) > _FAILING:
        first, *others = table.columns
        table = Table(
            (replace(first, heading=f"{first.heading} ({_FAILING} of {len(rows):,})"), *others), rows[:_FAILING]
        )
    return _table(narrow(table), "assumption", rank=2)


def _some(sentences: tuple[Words, ...], noun: str, heading: str) -> Iterator[Section]:
    """Yield the first sentences under a heading, and the rest folded."""
    yield _headed(sentences[:_SHOWN], noun, heading, rank=1)
    yield _list(sentences[_SHOWN:], noun, f"{heading}: {len(sentences) - _SHOWN:,} more", rank=3)


def _refusals(notices: tuple[Notice, ...]) -> Iterator[Section]:
    yield _notices(notices[:_SHOWN], "refusal", "Refused", rank=0)
    rest = _plain_notices(notices[_SHOWN:], "refusal", rank=0)
    yield _folded(rest, f"Refused: {len(rest.items):,} more")


def _warnings(notices: tuple[Notice, ...]) -> Iterator[Section]:
    yield _notices(notices[:_WARNINGS], "warning", "Warnings", rank=4)
    rest = len(notices) - _WARNINGS
    yield _folded(_plain_notices(notices[_WARNINGS:], "warning", rank=4), f"{rest:,} more warnings")


def _paragraphs(sentences: tuple[Words, ...], noun: str, *, rank: int) -> Section:
    return Section(tuple(map(inline, sentences)), noun, rank, separator=_LINE)


def _plain_notices(notices: tuple[Notice, ...], noun: str, *, rank: int) -> Section:
    return Section(tuple(map(_notice, notices)), noun, rank)


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
        yield f"| {_MARKS[row.standing]}{' | '.join(_cell(cell) for cell in row.cells)} |"


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
    return f"#### Is the annual plan still true for {escaped(table.title)}?\n\n{table_markdown(table)}"


def table_markdown(table: Table) -> str:
    return f"{_head(table)}{chr(10).join(_rows(table))}"


def _blocks(blocks: list[str], noun: str, summary: str, *, rank: int) -> Section:
    return _folded(Section(tuple(blocks), noun, rank, separator="\n\n"), summary)


def _list(sentences: tuple[Words, ...], noun: str, summary: str, *, rank: int) -> Section:
    return _folded(Section(tuple(f"- {inline(sentence)}" for sentence in sentences), noun, rank), summary)


def _headed(sentences: tuple[Words, ...], noun: str, heading: str, *, rank: int) -> Section:
    items = tuple(f"- {inline(sentence)}" for sentence in sentences)
    return Section(items, noun, rank, head=f"**{heading}**\n\n")


def _notices(notices: tuple[Notice, ...], noun: str, heading: str, *, rank: int) -> Section:
    return replace(_plain_notices(notices, noun, rank=rank), head=f"**{heading}**\n\n")


def _notice(notice: Notice) -> str:
    where = f" {code_span(notice.where)}" if notice.where else ""
    hint = f"<br>Fix: {inline(notice.hint)}" if notice.hint else ""
    return f"- **{escaped(notice.title)}**{where}: {inline(notice.message)}{hint}"
