"""What is to be said about usage: rows that were left out or are in doubt, with their number, place and money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from reconciler.findings import Finding, Position, Severity
from reconciler.model.usage import NotServed, RowIssue, UsageSource, by_currency
from reconciler.model.usage_summary import (
    REPLACED,
    LeftOutRows,
    NotServedRows,
    UsageDoubt,
    UsageSummary,
    share_of_month,
)
from reconciler.report import wording

_FILES = 5
"""In so many files rows of a kind are told file by file; of more, all together."""
_PLAIN = (
    *("not-an-export", "hidden", "linked-twice", "folder-like-a-file", "empty-file", "no-rows", "not-gzip"),
    "id-not-mapped",
)
"""About files rather than rows: there is nothing to count."""


def usage_findings(source: UsageSource, *, currency: str) -> tuple[Finding, ...]:
    """Return what is doubtful in the events: rows that could not be used, cost nothing, or belong to nobody here."""
    return tuple(
        Finding(Position(path, row, 1 if row else 0), code, Severity.WARNING, message, hint)
        for path, row, code, message, hint in (*_about_rows(source, currency), *_about_all(source, currency))
    )


def usage_summary(source: UsageSource) -> UsageSummary:
    missing = _month_left_out(source)
    same = {name: getattr(source, name) for name in UsageSummary.model_fields if hasattr(source, name)}
    unserved = source.not_served
    doubts = [
        UsageDoubt(
            **{name: getattr(issue, name) for name in UsageDoubt.model_fields if hasattr(issue, name)}
            | {"elsewhere": dict(issue.elsewhere)},
            rows=issue.count,
            month_share=share_of_month(issue.month_cost, source.month_cost, missing),
        )
        for issue in source.issues
        if issue.code not in _PLAIN
    ]
    found: dict[str, Any] = {"unpriced_share": round(source.unpriced_share, 6), "left_out": left_out(source)}
    found["not_served"] = NotServedRows(
        rows=unserved.rows, cost=unserved.cost, unpriced_share=round(unserved.unpriced_share, 6)
    )
    return UsageSummary.model_validate({**same, **found, "doubts": doubts})


def left_out(source: UsageSource) -> LeftOutRows:
    """Return all that is not in the figures, together."""
    issues = _missing(source)
    month_cost = _month_left_out(source)
    return LeftOutRows(
        rows=sum(issue.count for issue in issues),
        cost=sum((issue.cost for issue in issues), Decimal(0)),
        month_cost=month_cost,
        month_share=share_of_month(month_cost, source.month_cost, month_cost),
        unread=sum(issue.unread for issue in issues),
        elsewhere=dict(_elsewhere(issues)),
    )


def _missing(source: UsageSource) -> list[RowIssue]:
    return [issue for issue in source.issues if not issue.counted and issue.code not in (*REPLACED, *_PLAIN)]


def _month_left_out(source: UsageSource) -> Decimal:
    return sum((issue.month_cost for issue in _missing(source)), Decimal(0))


_Said = tuple[str, int, str, str, str]
"""Path, row, code, message and hint."""


def _about_rows(source: UsageSource, currency: str) -> Iterator[_Said]:
    for _, group in groupby(sorted(source.issues, key=lambda issue: issue.code), key=lambda issue: issue.code):
        for issue, files in _together(sorted(group)):
            if issue.code in _PLAIN:
                yield issue.path, issue.row, issue.code, issue.message, ""
                continue
            message = f"{_rows(issue, files)}{money_words(issue, source, currency)}: {issue.message}"
            yield issue.path, issue.row, issue.code, message, _HINTS.get(issue.code, "")


_HINTS = {
    "unknown-decision": "where they were not served, have gateways write `blocked`, `rate_limited` or `failed`",
    "reused-ids": "where a later export moved events to another team or model, make the earlier exports of those days"
    " again: they hold them as they were",
}


def _together(issues: Sequence[RowIssue]) -> Iterator[tuple[RowIssue, int]]:
    """Yield the issues of one kind, and in how many files: file by file when they are few."""
    if len(issues) <= _FILES or issues[0].code in _PLAIN:
        yield from ((issue, 1) for issue in issues)
        return
    yield (
        replace(
            next((issue for issue in issues if issue.row), issues[0]),
            count=sum(issue.count for issue in issues),
            cost=sum((issue.cost for issue in issues), Decimal(0)),
            month_cost=sum((issue.month_cost for issue in issues), Decimal(0)),
            unread=sum(issue.unread for issue in issues),
            elsewhere=_elsewhere(issues),
        ),
        len(issues),
    )


def _elsewhere(issues: Sequence[RowIssue]) -> tuple[tuple[str, Decimal], ...]:
    return by_currency(amount for issue in issues for amount in issue.elsewhere)


def _rows(issue: RowIssue, files: int) -> str:
    places = [f"first: row {issue.row:,}"] if issue.row else []
    if files > 1:
        places = [f"in {files:,} files", *places]
    return wording.counted(issue.count, "row") + (f" ({', '.join(places)})" if places else "")


def money_words(issue: RowIssue | LeftOutRows, source: UsageSource, currency: str) -> str:
    """Return `, USD 9.00, USD 3.00 of it in June 2026, 12.5% of that month's money`, as far as there is to say."""
    rows = issue.count if isinstance(issue, RowIssue) else issue.rows
    if issue.unread == rows:
        return ", their cost cannot be read" if rows > 1 else ", its cost cannot be read"
    elsewhere = dict(issue.elsewhere)
    told = [_money(issue.cost, currency)] if issue.cost or not elsewhere else []
    share = share_of_month(issue.month_cost, source.month_cost, _month_left_out(source))
    if issue.month_cost and source.month:
        part = "" if issue.month_cost == issue.cost else f"{_money(issue.month_cost, currency)} of it "
        of_it = f", {wording.share(share)} of that month's money" if share is not None and share >= 0 else ""
        told.append(f"{part}in {source.month:%B %Y}{of_it}")
    told += abroad(elsewhere)
    if issue.unread:
        told.append(f"the cost of {issue.unread:,} cannot be read")
    return "".join(f", {each}" for each in told)


_CURRENCIES = 3


def amounts(left: LeftOutRows, currency: str) -> str:
    """Return the money of rows: ours, unless all is in other currencies, and that in those."""
    own = [f"{currency} {wording.exact(left.cost)}".strip()] if left.cost or not left.elsewhere else []
    return ", ".join((*own, *abroad(left.elsewhere)))


def abroad(elsewhere: Mapping[str, Decimal]) -> Iterator[str]:
    """Yield the money in other currencies, a few of them."""
    yield from (_money(amount, other) for other, amount in list(elsewhere.items())[:_CURRENCIES])
    if len(elsewhere) > _CURRENCIES:
        yield f"and money in {wording.counted(len(elsewhere) - _CURRENCIES, 'more currency')}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{currency} {amount:,.2f}"


def _about_all(source: UsageSource, currency: str) -> Iterator[_Said]:
    if not source.rows:
        yield (
            "usage",
            0,
            "no-events",
            f"the usage that was given holds no {'usable event' if source.issues else 'event'} of the past 400 days,"
            " so past spend is known from this month's ledger alone",
            "name exports of the trailing year with `--usage`",
        )
    if len(_missing(source)) > 1:
        every = left_out(source)
        message = f"in all {wording.counted(every.rows, 'row')} were left out{money_words(every, source, currency)}"
        yield "usage", 0, "rows-left-out", message, "correct them where the exports are made, and export again"
    if source.rows_without_price:
        yield (
            "usage",
            0,
            "unpriced-events",
            f"{_without_price(source.rows_without_price)}: {source.share_without_price:.1%} of all tokens have no"
            " price, so spend is understated",
            "give their models a price in Keeptrusts",
        )
    if source.not_served.rows:
        yield _not_served(source.not_served, currency)
    if source.unknown_teams:
        yield _unknown_teams(source, currency)
    for wallet, last in sorted(source.stale.items()):
        yield (
            "usage",
            0,
            "usage-ends-early",
            f"the exports that hold {wallet} end on {last:%Y-%m-%d}, those of others on"
            f" {source.last_day or last:%Y-%m-%d}: what it spent in between is not known and missing from its figures",
            f"give an export of {wallet} that reaches as far as the others",
        )
    for (wallet, month), amount in sorted(source.below_zero.items()):
        yield _below_zero(wallet, month, _money(amount, currency))


def _without_price(rows: int) -> str:
    if rows == 1:
        return "1 event carries tokens, costs nothing and is no cache hit"
    return f"{rows:,} events carry tokens, cost nothing and are no cache hits"


def _not_served(found: NotServed, currency: str) -> _Said:
    were, they, their = ("was", "it is", "its") if found.rows == 1 else ("were", "they are", "their")
    return (
        "usage",
        0,
        "requests-not-served",
        f"{wording.counted(found.rows, 'request')}, {_money(found.cost, currency)}, {were} not served, as `decision`"
        f" says: {they} no demand and in no price of a token; {their} money counts",
        "where they were served, say in org.yaml which column tells it: `usage: {columns: {decision: NAME}}`",
    )


def _unknown_teams(source: UsageSource, currency: str) -> _Said:
    most = sorted(source.unknown_teams.items(), key=lambda item: (-item[1], item[0]))
    rows = sum(source.unknown_teams.values())
    named = ", ".join(f"{team} ({count:,})" for team, count in most[:5])
    others = f" and {len(most) - 5} more" if len(most) > 5 else ""
    return (
        "usage",
        0,
        "unknown-teams",
        f"{wording.counted(rows, 'event')}, {_money(source.unknown_cost, currency)},"
        f" {'belongs to a team' if rows == 1 else 'belong to teams'} that no wallet names: {named}{others}",
        "add their `team_id` to a team's wallets, or leave them unmanaged",
    )


def _below_zero(wallet: str, month: date, amount: str) -> _Said:
    return (
        "usage",
        0,
        "month-below-zero",
        f"the events of {wallet} in {month:%B %Y} add up to {amount}: credits, or rows with a wrong price, are more"
        " than its spend, so what it spent and will spend looks too small",
        "look at its negative rows before believing its forecast",
    )
