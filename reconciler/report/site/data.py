"""The page of how far to trust the figures: how they came about, the usage, what is in none of them."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.usage_summary import NotServedRows, UsageDoubt, UsageSummary
from reconciler.report import wording
from reconciler.report.details import method
from reconciler.report.document import Column, Row, Table
from reconciler.report.site.page import Page, Subject, forecasts
from reconciler.report.site.parts import bullets, table, titled
from reconciler.report.spans import Cell, safe_name, visible
from reconciler.report.usage_doubts import amounts

KEY = "data"


def data(subject: Subject) -> Page:
    plan, usage = subject.plan, subject.plan.usage
    body = (
        '<h1 tabindex="-1">How good the data are</h1>'
        + titled("How far to trust this", bullets(method(plan, subject.stories)))
        + titled("Usage", "<p>The plan saw no usage.</p>" if usage is None else table(_usage(usage, plan.currency)))
        + titled("What is doubtful in it, or left out", table(_doubts(usage, plan.currency)) if usage else "")
        + titled("What each wallet's forecast rests on", table(_history(subject)))
        + titled("Seen in Keeptrusts, not declared in git", bullets(subject.report.unmanaged))
    )
    return Page(KEY, "How good the data are", "Data", body)


def _usage(usage: UsageSummary, currency: str) -> Table:
    """Return what is in the figures, and what is not, in rows and money."""
    unit, left = safe_name(currency, 8), usage.left_out
    days = f"{usage.first_day} to {usage.last_day}" if usage.first_day and usage.last_day else "none"
    unread = f", and {left.unread:,} whose cost cannot be read" if left.unread else ""
    month = f"{usage.month:%B %Y}" if usage.month else "month"
    rows = [
        ("Days with events", days),
        ("Events in the figures", f"{usage.rows:,}"),
        (f"Money of {month}, all wallets", f"{unit} {wording.exact(usage.month_cost)}"),
        ("Tokens without a price", wording.share(usage.share_without_price)),
        *_not_served(usage.not_served, unit),
        (
            "Events that came twice, counted once",
            f"{usage.duplicates:,} ({unit} {wording.exact(usage.duplicates_cost)})",
        ),
        ("Events left out", f"{left.rows:,} ({amounts(left, unit)}{unread})"),
        ("Events of days that were not asked for", f"{usage.outside_window:,}"),
        ("Digest", visible(usage.digest[:23], 40)),
    ]
    columns = (Column("name", "What"), Column("value", "How much"))
    return Table(columns, tuple(Row(tuple(map(Cell, row))) for row in rows))


def _not_served(found: NotServedRows, unit: str) -> Iterator[tuple[str, str]]:
    if found.rows:
        yield "Requests that were not served, no demand", f"{found.rows:,} ({unit} {wording.exact(found.cost)})"


def _doubts(usage: UsageSummary, currency: str) -> Table:
    columns = (
        Column("code", "What is wrong"),
        Column("path", "File"),
        Column("rows", "Rows", "right"),
        Column("cost", safe_name(currency, 8), "right"),
        Column("counted", "In the figures"),
    )
    return Table(columns, tuple(Row(tuple(map(Cell, _doubt(one)))) for one in usage.doubts))


def _doubt(one: UsageDoubt) -> tuple[str, ...]:
    first = f", first in row {one.row:,}" if one.row else ""
    place = f"{visible(one.path, 160)}{first}"
    return visible(one.code, 60), place, f"{one.rows:,}", amounts(one, ""), "yes" if one.counted else "no"


def _history(subject: Subject) -> Table:
    columns = (
        Column("name", "Wallet"),
        Column("days", "Days of history", "right"),
        Column("fresh", "Last event"),
        Column("sure", "Confidence"),
    )
    rows = [
        Row(
            (
                Cell(story.name),
                Cell(f"{found.history_days:,}"),
                Cell(f"{found.data_as_of:%Y-%m-%d %H:%M} UTC" if found.data_as_of else "none"),
                Cell("by the annual plan alone" if found.confidence == "none" else found.confidence),
            )
        )
        for story, found in forecasts(subject.stories)
    ]
    return Table(columns, tuple(rows))
