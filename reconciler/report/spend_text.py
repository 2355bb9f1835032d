"""`kt-budgets spend` for a terminal and as CSV: three surfaces side by side, and where they disagree."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import StringIO
from typing import Protocol

from reconciler.model.spend import Disagreement, SpendDocument, Spent, Surface
from reconciler.report.columns import Grid, wrapped
from reconciler.report.findings_text import visible
from reconciler.report.screen import PAPER, Screen
from reconciler.report.wording import counted, exact, listed, long_day

NAMES: dict[Surface, str] = {"spend": "the dashboard", "export": "the export", "ledger": "the ledger"}
_MOST = 20
_NOBODY = "not attributed"


class Shown(Protocol):
    def document(self) -> SpendDocument: ...


def spend_text(shown: Shown, screen: Screen = PAPER) -> str:
    found = shown.document()
    days = f"{found.first_day:%-d %B} to {found.last_day:%-d %B %Y}"
    lines = [f"{visible(found.organization)}, spent on whole days from {days}, in {found.currency}", ""]
    lines += _table("wallet", [*found.wallets, found.total.model_copy(update={"key": "all"})], screen)
    if found.paid_elsewhere:
        lines.append(
            f"  {exact(found.paid_elsewhere)} of the ledger was paid by wallets of the organization or of users; for"
            " which team, no ledger says."
        )
    for heading, rows in (("team", found.teams), ("workload", found.workloads), ("model", found.models)):
        lines += ["", *_table(heading, rows, screen)]
    lines += ["", *_verdict(found, screen)]
    lines += [f"  {amount:,.2f} {name} is in no sum above." for name, amount in found.other_currencies.items()]
    for notice in found.notices:
        lines += wrapped(f"{notice.code}: {visible(notice.message)}", screen.width, indent=0, hanging=2)
        lines += wrapped(f"hint: {visible(notice.hint)}", screen.width, indent=2) if notice.hint else []
    return "\n".join(lines) + "\n"


def _table(heading: str, rows: Sequence[Spent], screen: Screen) -> list[str]:
    """Return a table; rows beyond the first twenty are one row, their money included."""
    told = [(_name(row), row) for row in rows[:_MOST]]
    if rest := rows[_MOST:]:
        told.append((f"{len(rest):,} more", _together(rest)))
    cells = tuple((name, *_cells(row)) for name, row in told)
    grid = Grid(
        (heading, "dashboard", "export", "ledger", "requests"), ("left", "right", "right", "right", "right"), cells
    )
    return grid.lines(screen.width) if cells else [f"  no {heading} is told"]


def _together(rows: Sequence[Spent]) -> Spent:
    def added(amounts: Sequence[Decimal | None]) -> Decimal | None:
        return None if None in amounts else sum((amount for amount in amounts if amount is not None), Decimal(0))

    return Spent(
        key="",
        spend=added([row.spend for row in rows]),
        export=added([row.export for row in rows]),
        ledger=added([row.ledger for row in rows]),
        requests=None,
    )


def _cells(row: Spent) -> tuple[str, str, str, str]:
    requests = "–" if row.requests is None else f"{row.requests:,}"
    return exact(row.spend), exact(row.export), exact(row.ledger), requests


def _name(row: Spent) -> str:
    return visible(f"{row.team} / {row.environment}" if row.environment else row.key or _NOBODY)


def _verdict(found: SpendDocument, screen: Screen) -> Iterator[str]:
    if found.agrees:
        told = [NAMES[name] for name in NAMES if getattr(found.total, name) is not None]
        agree = "agree, but for what rounding to cents makes" if _rounded(found) else "agree to the cent"
        word = agree if len(told) > 1 else "is all that answers: there is nothing to compare it with"
        yield f"{listed(told)} {word}."
        return
    yield f"{counted(len(found.disagreements), 'disagreement')}:"
    for one in found.disagreements[:_MOST]:
        yield from wrapped(sentence(one, found), screen.width, indent=2, hanging=4)
    if rest := found.disagreements[_MOST:]:
        yield f"  and {counted(len(rest), 'more')} of {exact(sum((abs(one.amount) for one in rest), Decimal(0)))}"


def _rounded(found: SpendDocument) -> bool:
    """Whether surfaces that agree show other cents. Single ledgers say less where wallets of no team paid."""
    told = 2 if found.paid_elsewhere else 3
    rows = [_cells(found.total)[:3], *(_cells(row)[:told] for row in found.wallets)]
    return any(len({*row} - {exact(None)}) > 1 for row in rows)


def sentence(found: Disagreement, document: SpendDocument) -> str:
    """Return one disagreement of the document: how much, where and since when."""
    first, second = (NAMES[surface] for surface in found.between)
    if found.together:
        named = any(one.between == found.between for one in document.disagreements if not one.together)
        where = "all other wallets together" if named else "all wallets together"
    else:
        where = visible(f"{found.team} / {found.environment}" if found.team else found.wallet or _NOBODY)
    than = "more" if found.amount > 0 else "less"
    since = ""
    if found.since and found.until:
        span = f"on {long_day(found.since)}" if found.days == 1 else f"since {long_day(found.since)}"
        last = "" if found.days == 1 else f", on {counted(found.days, 'day')} until {long_day(found.until)}"
        since = f", {span}{last}"
    return (
        f"{where}: {second} shows {document.currency} {exact(abs(found.amount))} {than} than {first}"
        f" ({exact(found.second_amount)} against {exact(found.first_amount)}){since}"
    )


def spend_csv(shown: Shown, _: Screen = PAPER) -> str:
    """Return every row as CSV with a header; money in major units, empty where a surface says nothing."""
    found, file = shown.document(), StringIO()
    writer = csv.writer(file, lineterminator="\n")
    columns = ("key", "team", "environment", "spend", "export", "ledger", "requests")
    writer.writerow(("by", *columns, "currency", "first_day", "last_day"))
    parts = (("total", (found.total,)), ("wallet", found.wallets), ("team", found.teams))
    for name, rows in (*parts, ("workload", found.workloads), ("model", found.models)):
        for row in rows:
            values = ("" if (value := getattr(row, column)) is None else str(value) for column in columns)
            writer.writerow((name, *values, found.currency, found.first_day, found.last_day))
    return file.getvalue()
