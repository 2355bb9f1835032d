"""Sentences, tables, notices and charts as HTML: nothing of what comes from outside acts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import chain

from reconciler.report import wording
from reconciler.report.charts.drawing import Drawing
from reconciler.report.document import Column, Notice, Table
from reconciler.report.spans import Cell, Words

_TAGS = {"plain": "", "strong": "strong", "emphasis": "em", "code": "code", "reference": ""}
_MOST_OPEN = 6
"""More warnings than these are folded."""


def inline(sentence: Words) -> str:
    pieces = []
    for span in sentence:
        tag, words = _TAGS[span.style], escape(span.text)
        pieces.append(f"<{tag}>{words}</{tag}>" if tag else words)
    return "".join(pieces)


def sentences(told: Iterable[Words]) -> str:
    return " ".join(inline(sentence) for sentence in told)


def bullets(told: Iterable[Words]) -> str:
    items = "".join(f"<li>{inline(sentence)}</li>" for sentence in told)
    return f"<ul>{items}</ul>" if items else ""


def titled(title: str, *parts: str, level: int = 2) -> str:
    """Return a heading and what is below it; nothing where there is nothing."""
    body = "".join(parts)
    return f"<h{level}>{escape(title)}</h{level}>{body}" if body else ""


def folded(summary: str, body: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{body}</details>" if body else ""


def table(
    shown: Table, style: str = "stack", *, rows: Sequence[str] = (), links: Mapping[str, str] | None = None
) -> str:
    """Return a table; one of style `stack` becomes a list of records on a phone.

    `rows` are attributes of its rows, `links` leads from the text of a row's first cell to a page.
    """
    if not shown:
        return ""
    head = "".join(map(_heading, shown.columns))
    right = "".join(f" r{place}" for place, column in enumerate(shown.columns, 1) if column.align == "right")
    marks = rows or ("",) * len(shown.rows)
    cells = _cells if style == "short" else _whole_cells
    body = "".join(
        f"<tr{mark}>{''.join(cells(row.cells, links or {}))}</tr>" for row, mark in zip(shown.rows, marks, strict=True)
    )
    head = f"<thead><tr>{head}</tr></thead>"
    return f'<div class="wide"><table class="{style}{right}">{head}<tbody>{body}</tbody></table></div>'


def _heading(column: Column) -> str:
    """Return a heading; a column without one has a cell that is none."""
    return f'<th scope="col">{escape(column.heading)}</th>' if column.heading else "<td></td>"


def _cells(cells: tuple[Cell, ...], _: Mapping[str, str]) -> Iterator[str]:
    for cell in cells:
        yield f"<td>{_worded(cell)}</td>"


def _whole_cells(cells: tuple[Cell, ...], links: Mapping[str, str]) -> Iterator[str]:
    """Yield cells that are one element each, so that a phone can lay them out anew."""
    for index, cell in enumerate(cells):
        worded = _worded(cell)
        if index == 0 and (target := links.get(cell.new)):
            worded = f'<a href="#{target}">{worded}</a>'
        sort = f' data-sort="{escape(cell.sort)}"' if cell.sort else ""
        yield f"<td{sort}><span>{worded}</span></td>" if worded else "<td></td>"


def _worded(cell: Cell) -> str:
    if cell.changes:
        return f'<span class="from">{escape(cell.now)} →</span> <strong>{escape(cell.new)}</strong>'
    first, rest = (cell.verdict, cell.new) if cell.verdict else (cell.new, "")
    shown = f"<strong>{escape(first)}</strong>" if cell.strong else escape(first)
    return f"{shown}: {escape(rest)}" if rest else shown


def notices(title: str, told: tuple[Notice, ...], style: str) -> str:
    shown = _by_place(told, style)
    if len(told) > _MOST_OPEN and "refusal" not in style:
        return titled(title, folded(wording.counted(len(told), "notice"), shown))
    return titled(title, shown)


def _by_place(told: tuple[Notice, ...], style: str) -> str:
    """Return the notices, those of one file together below its name where they are of several files."""
    files: dict[str, list[str]] = {}
    for notice in told:
        files.setdefault(notice.where.partition(":")[0], []).append(_notice(notice, style))
    if len(files) < 2:
        return "".join(chain.from_iterable(files.values()))
    heads = {name: f"<h3>{escape(name.rpartition('/')[2] or 'The plan as a whole')}</h3>" for name in files}
    return "".join(f"{heads[name]}{''.join(shown)}" for name, shown in files.items())


def _notice(notice: Notice, style: str) -> str:
    where = f" <code>{escape(notice.where)}</code>" if notice.where else ""
    hint = f"<p><strong>Fix:</strong> {inline(notice.hint)}</p>" if notice.hint else ""
    head = f"<p><strong>{escape(notice.title)}</strong>{where}</p>"
    return f'<div class="{style}">{head}<p>{inline(notice.message)}</p>{hint}</div>'


def figure(drawing: Drawing) -> str:
    """Return a chart with what its lines are, and the same as a table, folded."""
    keys = "".join(f'<li><i class="k-{kind}"></i>{escape(words)}</li>' for kind, words in drawing.legend)
    legend = f'<ul class="legend">{keys}</ul>' if keys else ""
    below = folded("The same as a table", table(drawing.table, "short"))
    return f"<figure><figcaption>{escape(drawing.title)}</figcaption>{drawing.svg}{legend}{below}</figure>"
