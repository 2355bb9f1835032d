"""The full report: one self-contained HTML file that asks nothing of the network and reads well on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from reconciler.report.document import Notice, Report, Table
from reconciler.report.spans import Cell, Words
from reconciler.report.stylesheet import STYLE
from reconciler.report.svg import svg

_TAGS = {"plain": "", "strong": "strong", "emphasis": "em", "code": "code", "reference": ""}


def html(report: Report) -> str:
    """Return the whole report, nothing cut, as an HTML document."""
    sections = "\n".join(f"<section>{section}</section>" for section in _sections(report) if section)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(report.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<header><p>{escape(report.header)}</p><h1>{_inline(report.headline)}</h1>\n"
        f'<p class="lead">{_sentences(report.lead)}</p></header>\n'
        f"<main>\n{sections}\n</main>\n<footer><p>{_sentences(report.footer)}</p></footer>\n</body>\n</html>\n"
    )


def _sections(report: Report) -> Iterator[str]:
    yield _notices("Refused", report.refusals, "notice refusal")
    yield _titled("Wallets", _table(report.wallets), _list(report.wallet_notes))
    yield _titled("What else merging changes", _list(report.rules))
    yield _titled("Months to come", _list(report.ahead))
    yield _titled("Who must approve, and what for", _list(report.approvals))
    yield _titled("Other pull requests and the same money", _list(report.neighbours))
    for listed in report.objects:
        yield _titled(f"{listed.noun.capitalize()}s", _table(listed.table))
    for table in report.assumptions:
        yield _titled(f"Is the plan still true for {table.title}?", _table(table))
    yield _notices("Waived", report.waivers, "notice")
    yield _notices("Warnings", report.warnings, "notice")
    yield _titled("How the month may go", *(svg(chart) for chart in report.charts))
    yield _titled("What makes the month-end figure", *map(_captioned, report.levers))
    yield _titled("The months ahead", *map(_captioned, report.months))
    yield _titled("What moves, to the cent", _table(report.move_table))
    yield _titled("How far to trust this", _list(report.method))
    yield _titled("Wallets that do not change", _table(report.other_wallets), _list(report.other_notes))
    yield _titled("Changed by hand in Keeptrusts", _list(report.drift))
    yield _titled("Seen in Keeptrusts, not declared in git", _list(report.unmanaged))


def _titled(title: str, *parts: str) -> str:
    """Return the parts below their title, nothing where there are none."""
    body = "".join(parts)
    return f"<h2>{escape(title)}</h2>{body}" if body else ""


def _inline(sentence: Words) -> str:
    pieces = []
    for span in sentence:
        tag, words = _TAGS[span.style], escape(span.text)
        pieces.append(f"<{tag}>{words}</{tag}>" if tag else words)
    return "".join(pieces)


def _sentences(sentences: Iterable[Words]) -> str:
    return " ".join(_inline(sentence) for sentence in sentences)


def _list(sentences: tuple[Words, ...]) -> str:
    items = "".join(f"<li>{_inline(sentence)}</li>" for sentence in sentences)
    return f"<ul>{items}</ul>" if items else ""


def _captioned(table: Table) -> str:
    return f"<h3>{escape(table.title)}</h3>{_table(table, 'short')}"


def _table(table: Table, style: str = "stack") -> str:
    """Return a table; one of style `stack` becomes a list of records on a phone."""
    if not table:
        return ""
    head = "".join(f'<th class="{column.align}">{escape(column.heading)}</th>' for column in table.columns)
    body = "".join(f"<tr>{''.join(_cells(table, row.cells))}</tr>" for row in table.rows)
    return f'<div class="wide"><table class="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cells(table: Table, cells: tuple[Cell, ...]) -> Iterator[str]:
    for column, cell in zip(table.columns, cells, strict=True):
        heading = escape(column.heading)
        yield f'<td class="{column.align}" data-heading="{heading}">{_wrapped(cell)}</td>'


def _wrapped(cell: Cell) -> str:
    """Return a cell as one element, so that a narrow layout moves it as a whole."""
    if cell.changes:
        return f'<span><span class="from">{escape(cell.now)} →</span> <strong>{escape(cell.new)}</strong></span>'
    first, rest = (cell.verdict, cell.new) if cell.verdict else (cell.new, "")
    shown = f"<strong>{escape(first)}</strong>" if cell.strong else escape(first)
    words = f"{shown}: {escape(rest)}" if rest else shown
    return f"<span>{words}</span>" if words else ""


def _notices(title: str, notices: tuple[Notice, ...], style: str) -> str:
    return _titled(title, *(_notice(notice, style) for notice in notices))


def _notice(notice: Notice, style: str) -> str:
    where = f" <code>{escape(notice.where)}</code>" if notice.where else ""
    hint = f"<p><strong>Fix:</strong> {_inline(notice.hint)}</p>" if notice.hint else ""
    head = f"<p><strong>{escape(notice.title)}</strong>{where}</p>"
    return f'<div class="{style}">{head}<p>{_inline(notice.message)}</p>{hint}</div>'
