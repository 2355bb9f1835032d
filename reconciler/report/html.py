"""The full report: one self-contained HTML file that asks nothing of the network and reads well on a phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from reconciler.report.document import Notice, Report, Table
from reconciler.report.spans import Cell, Words
from reconciler.report.svg import svg

STYLE = """
:root{color-scheme:light dark;--ink:#1f2328;--faint:#59636e;--paper:#fff;--panel:#f6f8fa;--line:#d1d9e0;
--spent:#0969da;--band:#0969da33;--now:#cf222e;--new:#1a7f37;--alert:#9a6700;--bad:#cf222e;--badbg:#ffebe9;
--warn:#9a6700;--warnbg:#fff8c5}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#9198a1;--paper:#0d1117;--panel:#151b23;--line:#3d444d;
--spent:#4493f8;--band:#4493f840;--now:#f85149;--new:#3fb950;--alert:#d29922;--bad:#f85149;--badbg:#25171c;
--warn:#d29922;--warnbg:#272115}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
header p{color:var(--faint);margin:0}
header p.lead{color:inherit}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .8rem;text-wrap:balance}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1rem;margin:1.4rem 0 .4rem}
.lead{font-size:1.05rem;max-width:62rem}
.wide{overflow-x:auto;margin:.6rem 0}
table{border-collapse:collapse;width:100%;font-size:.92rem;font-variant-numeric:tabular-nums}
th,td{padding:.45rem .55rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
th{color:var(--faint);font-weight:600;vertical-align:bottom}
.right{text-align:right}
.short{max-width:44rem}
td.right{white-space:nowrap}
.short td:first-child *{white-space:normal}
.from{color:var(--faint)}
.notice{margin:.6rem 0;padding:.7rem .9rem;border-left:4px solid var(--warn);background:var(--warnbg);border-radius:4px}
.refusal{border-color:var(--bad);background:var(--badbg)}
.notice p{margin:.2rem 0}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;
background:var(--panel);padding:.1em .3em;border-radius:4px}
figure{margin:1rem 0}
figcaption{font-size:.92rem;margin-bottom:.3rem;font-weight:600}
svg{display:block;width:100%;height:auto;max-width:48rem}
svg *{vector-effect:non-scaling-stroke}
svg text{fill:var(--faint);font:13px system-ui,sans-serif}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;padding:0;margin:.4rem 0 0;list-style:none;
font-size:.88rem;color:var(--faint)}
.legend i{display:inline-block;width:1.6em;margin-right:.4em;vertical-align:middle;border-top:3px solid}
.legend .dashed{border-top-style:dashed}
.legend .band{border-top-width:.8em;border-color:var(--band)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--faint);font-size:.9rem}
@media (max-width:44rem){
.stack thead{position:absolute;display:block;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack tr{display:block;padding:.5rem 0;border-bottom:1px solid var(--line)}
.stack td{display:flex;justify-content:space-between;gap:1rem;border:0;padding:.12rem 0;
text-align:right;white-space:normal}
.stack td::before{content:attr(data-heading);flex:0 0 auto;max-width:45%;color:var(--faint);text-align:left}
.stack td:first-child{font-size:1.02rem;text-align:left}
.stack td:first-child::before{content:none}
.stack td:empty{display:none}
.short td{white-space:normal}
svg text{font-size:21px}}
@media (min-width:78rem){span:has(>.from){white-space:nowrap}}
@media print{body{max-width:none}h2{break-after:avoid}figure,tr{break-inside:avoid}}
"""


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
        f'<p class="lead">{_sentences((*report.lead, *report.approve))}</p></header>\n'
        f"<main>\n{sections}\n</main>\n<footer><p>{_sentences(report.footer)}</p></footer>\n</body>\n</html>\n"
    )


def _sections(report: Report) -> Iterator[str]:
    yield _notices("Refused", report.refusals, "notice refusal")
    yield _titled("Wallets", _table(report.wallets), _list(report.wallet_notes))
    yield _titled("What else merging changes", _list(report.rules))
    yield _titled("Months to come", _list(report.ahead))
    yield _titled("Who must approve, and what for", _list(report.approvals))
    yield _titled(f"Other {report.request}s and the same money", _list(report.neighbours))
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
