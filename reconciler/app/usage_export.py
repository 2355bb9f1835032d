"""Export daily usage for finance: CSV, FOCUS, Parquet, or a workbook whose sums are formulas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Literal

from reconciler.app.listening import note, say
from reconciler.app.session import load_desired
from reconciler.app.usage import usage_alone
from reconciler.files import write_file
from reconciler.findings import UsageError
from reconciler.report.usage_rows import MONEY, PLAIN, Cell, Row, csv_of, focus_rows, plain_rows
from reconciler.settings import Settings

Format = Literal["csv", "focus", "parquet", "xlsx"]
FORMATS: tuple[Format, ...] = ("csv", "focus", "parquet", "xlsx")
MOST_ROWS = 1_048_575
"""So many rows below its heading a sheet of a workbook has."""


def export(settings: Settings, format_: Format, output: Path | None = None) -> str:
    """Return daily usage as text (`csv`, `focus`), or write it to `output` and return an empty text.

    Of the month that was asked for alone, where one was.
    Parquet and workbooks are files: by default `usage-DATE` in this folder. What was left out of the usage is said.

    Raises:
        UsageError: the usage has more rows than a workbook holds, or the file cannot be written.
        RemoteError: Keeptrusts gives no export, and no files were named.
    """
    desired, _ = load_desired(settings)
    month = settings.asked_month()
    usage, doubts = usage_alone(settings, desired, "export", since=month.first if month else None, compare=True)
    for doubt in doubts:
        say(f"{doubt.position}: {doubt.message}", doubt.hint)
    rows = [row for row in plain_rows(usage, desired) if month is None or str(row["day"]).startswith(str(month))]
    if month and not rows:
        say(f"there is no usage of {month}", "name exports that reach back that far with `--usage`")
    if format_ == "csv":
        return _given(csv_of(rows, PLAIN), output)
    if format_ == "focus":
        charges = list(focus_rows(iter(rows), desired.organization.organization))
        return _given(csv_of(charges, list(charges[0]) if charges else ["BilledCost"]), output)
    data = _parquet(rows) if format_ == "parquet" else _workbook(rows, settings, desired.organization.currency)
    file = output or Path(f"usage-{month or settings.as_of}.{format_}")
    write_file(file, data)
    note(f"{file}: {len(rows):,} rows")
    return ""


def _given(text: str, output: Path | None) -> str:
    if output is None:
        return text
    write_file(output, text)
    return ""


def _parquet(rows: Sequence[Row]) -> bytes:
    """Return the rows with money as decimals of nine places, exact."""
    import pyarrow as pa
    from pyarrow import parquet

    kinds = {"day": pa.date32(), **dict.fromkeys(MONEY, pa.decimal128(38, 9))}
    kinds |= {name: pa.int64() for name in PLAIN[PLAIN.index("requests") :]}
    fields = [pa.field(name, kinds.get(name, pa.string())) for name in PLAIN]
    columns = [pa.array([row[one.name] for row in rows], one.type) for one in fields]
    file = BytesIO()
    parquet.write_table(pa.table(columns, schema=pa.schema(fields)), file)
    return file.getvalue()


def _workbook(rows: Sequence[Row], settings: Settings, currency: str) -> bytes:
    """Return a workbook: the rows, and sums by team and month that are formulas over them."""
    if len(rows) > MOST_ROWS:
        raise UsageError(
            f"a workbook holds {MOST_ROWS:,} rows, and there are {len(rows):,}", hint="use `--format parquet` or `csv`"
        )
    import xlsxwriter

    file = BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime.combine(settings.as_of, datetime.min.time())})
        heading, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        money = book.add_format({"num_format": "#,##0.00"})
        sums, sheet = book.add_worksheet("Sums"), book.add_worksheet("Usage")
        sheet.write_row(0, 0, PLAIN, heading)
        for number, row in enumerate(rows, start=1):
            for column, name in enumerate(PLAIN):
                style = day if name == "day" else money if name in MONEY else None
                sheet.write(number, column, _cell(row[name]), style)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(PLAIN) - 1)
        months = sorted({str(row["day"])[:7] for row in rows})
        sums.write_row(0, 0, ("team", *months, f"all, {currency}"), heading)
        names = sorted({str(row["team"]) for row in rows})
        for line, team in enumerate(names, start=1):
            sums.write(line, 0, team or "in no YAML", heading)
            for column, month in enumerate(months, start=1):
                value = _sum(rows, team=team, month=month)
                sums.write_formula(line, column, _formula(len(rows), team, month), money, value)
            total = f"=SUM({_at(line, 1)}:{_at(line, len(months))})"
            sums.write_formula(line, len(months) + 1, total, money, _sum(rows, team=team))
        last = len(names) + 1
        sums.write(last, 0, "all", heading)
        for column in range(1, len(months) + 2):
            month = months[column - 1] if column <= len(months) else ""
            total = f"=SUM({_at(1, column)}:{_at(last - 1, column)})"
            sums.write_formula(last, column, total, money, _sum(rows, month=month))
        sums.set_column(0, len(months) + 1, 14)
    return file.getvalue()


def _formula(rows: int, team: str, month: str) -> str:
    """Return the formula for what a team spent in a month, over the sheet with the rows."""
    year, number = month.split("-")
    first, after = f"DATE({int(year)},{int(number)},1)", f"DATE({int(year)},{int(number) + 1},1)"
    wanted = team.replace('"', '""') if team else "="
    days = f"Usage!$A$2:$A${rows + 1}"
    return (
        f'=SUMIFS(Usage!$J$2:$J${rows + 1},Usage!$B$2:$B${rows + 1},"{wanted}",{days},">="&{first},{days},"<"&{after})'
    )


def _at(row: int, column: int) -> str:
    from xlsxwriter.utility import xl_rowcol_to_cell

    return str(xl_rowcol_to_cell(row, column))


def _sum(rows: Sequence[Row], *, team: str | None = None, month: str = "") -> float:
    """Return what a formula comes to, for programs that show a workbook without working it out."""
    costs = (row["cost"] for row in rows if (team is None or row["team"] == team) and str(row["day"]).startswith(month))
    return float(sum((cost for cost in costs if isinstance(cost, Decimal)), Decimal(0)))


def _cell(value: Cell) -> object:
    return float(value) if isinstance(value, Decimal) else value
