"""The page of what merging changes: money to the cent, objects, settings, later months, who must approve."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from reconciler.report.site.page import Page, Subject
from reconciler.report.site.parts import bullets, sentences, table, titled

KEY = "changes"


def changes(subject: Subject) -> Page:
    body = '<h1 tabindex="-1">What changes</h1>' + "".join(_sections(subject))
    return Page(KEY, "What changes", "Changes", body)


def _sections(subject: Subject) -> Iterator[str]:
    report = subject.report
    if not (report.move_table or report.objects or report.rules or report.ahead):
        yield f"<p>{escape(report.nothing)}</p>"
    yield titled("What moves, to the cent", table(report.move_table))
    for listed in report.objects:
        yield titled(f"{listed.noun.capitalize()}s", table(listed.table))
    yield titled("What else merging changes", bullets(report.rules))
    yield titled("Months to come", bullets(report.ahead))
    yield titled("Who must approve, and what for", bullets(report.approvals))
    yield titled(f"Other {report.request}s and the same money", bullets(report.neighbours))
    yield titled("Changed by hand in Keeptrusts", bullets(report.drift))
    yield titled("What merging does", f"<p>{sentences(report.footer)}</p>")
