"""How a CSV file is written: the line of its header, the names in it, its delimiter and the end of its lines."""

from __future__ import annotations

import csv
import io
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from reconciler.findings import UsageError
from reconciler.usage.formats import HEAD_BYTES
from reconciler.usage.unpack import damaged

_DELIMITERS = (",", ";", "\t", "|")
_COMPARED_ROWS = 50
_LINE_ENDS = ("\r\n", "\n", "\r")
_DECIMAL_COMMA = re.compile(r"[-+]?(\d+|\d{1,3}(\.\d{3})+),\d+")
_IN_THOUSANDS = re.compile(r"[-+]?\d{1,3}(\.\d{3})+")
_SEPARATOR = re.compile(r"\"?sep=([^\r\n\"]?)\"?[\r\n]*", re.IGNORECASE)


class _Rows(Protocol):
    """What `csv.reader` returns."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """`skip` lines stand above the header; its `names` are as they are written.

    `sample` are rows below it, with the number of the line that each ends on. `below` are the lines below it that were
    read, the last of which may not be whole.
    """

    names: tuple[str, ...]
    delimiter: str
    line_end: str
    skip: int
    sample: tuple[tuple[int, tuple[str, ...]], ...] = ()
    below: Sequence[str] = field(default=(), repr=False, compare=False)

    def column(self, at: int) -> Iterator[str]:
        """Yield the values of the column `at` in all rows that were read, up to one that cannot be taken apart."""
        whole = self.below if self.below and self.below[-1].endswith(_LINE_ENDS) else self.below[:-1]
        with suppress(csv.Error):
            yield from (row[at] for row in csv.reader(whole, delimiter=self.delimiter) if len(row) > at)


def dialect_of(name: str, path: Path, known: Collection[str]) -> Dialect:
    """Return how a CSV file is written; `known` are the names, in lower case, that its columns may have.

    A first line `sep=;`, which spreadsheets write, names the delimiter. Else it is the one under which most names of
    the header are known, and then the one that cuts the most rows into as many columns as the header has. Empty lines
    above the header are skipped.
    """
    with path.open("rb") as source:
        head = source.read(HEAD_BYTES)
    text = head.decode("utf-8-sig", errors="replace")
    lines = io.StringIO(text, newline="").readlines()
    skip = 0
    told = None
    while skip < len(lines) and (not lines[skip].strip(" ;,\t|\r\n") or _SEPARATOR.fullmatch(lines[skip])):
        told = _separator(lines[skip]) or told
        skip += 1
    try:
        read = [_read(lines[skip:], each, skip) for each in ([told] if told else _DELIMITERS)]
    except csv.Error as error:
        raise damaged(f"{name}:{skip + 1}", f"this line is not the header of a CSV file ({error})") from error
    return max(read, key=lambda each: (sum(column.strip().casefold() in known for column in each.names), _fit(each)))


class ForeignAmountsError(UsageError):
    """The amounts of a column are not written as those of an export."""


def refuse_foreign_amounts(name: str, dialect: Dialect, places: Sequence[int]) -> None:
    """Raise ForeignAmountsError where amounts have a comma before decimals, or points between thousands."""
    _refuse_decimal_commas(name, dialect, places)
    for at in places:
        sampled = (row[at] for _, row in dialect.sample if len(row) > at)
        if _may_hold_thousands(sampled):
            _refuse_thousands(name, dialect.names[at].strip(), [value.strip() for value in dialect.column(at)])


def _may_hold_thousands(amounts: Iterable[str]) -> bool:
    """Whether every amount with a point has three digits behind each."""
    return all(_IN_THOUSANDS.fullmatch(amount.strip()) for amount in amounts if "." in amount)


def _refuse_thousands(name: str, column: str, amounts: Sequence[str]) -> None:
    twice = next((amount for amount in amounts if amount.count(".") > 1), None)
    if twice is not None and _may_hold_thousands(amounts):
        raise ForeignAmountsError(
            f"{name}: `{twice}` in `{column}` has points between thousands, so that `1.234` here is more than a"
            " thousand; an export has one point, before the decimals (`1234.00`), so nothing of it was used",
            hint="leave separators of thousands out where this file is made, and make it again",
        )


def _refuse_decimal_commas(name: str, dialect: Dialect, places: Sequence[int]) -> None:
    """Raise when most amounts hold a comma where the point belongs: `12,50` is no amount in an export."""
    width = len(dialect.names)
    written = [(line, row[at].strip()) for line, row in dialect.sample if len(row) == width for at in places if row[at]]
    with_comma = [(line, amount) for line, amount in written if _DECIMAL_COMMA.fullmatch(amount)]
    if len(with_comma) * 2 > len(written):
        line, amount = with_comma[0]
        is_plain = dialect.delimiter != "," and not any("." in amount for _, amount in with_comma)
        plain = f"; or run `tr , . < {shlex.quote(name)} > points.csv`, if no other column has commas"
        raise ForeignAmountsError(
            f"{name}:{line}: `{amount}` in `{dialect.names[places[0]].strip()}` is written with a comma, as most"
            " amounts of this file are; an export has a point there (`12.50`), so nothing of it was used",
            hint="set the decimal separator to a point where this file is made, and make it again"
            + (plain if is_plain else ""),
        )


def _separator(line: str) -> str | None:
    """Return the delimiter that a line `sep=;` tells, None when it is no such line or tells none."""
    told = _SEPARATOR.fullmatch(line)
    return (told[1] or None) if told else None


def _read(lines: Sequence[str], delimiter: str, skip: int) -> Dialect:
    reader = csv.reader(lines, delimiter=delimiter)
    names = tuple(next(reader, ()))
    last_line = lines[reader.line_num - 1] if names else ""
    below = lines[reader.line_num :]
    end = next((end for end in _LINE_ENDS if last_line.endswith(end)), "")
    return Dialect(names, delimiter, end, skip, _sample(reader, skip), below)


def _sample(reader: _Rows, skip: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Return some rows below the header, up to one that cannot be taken apart."""
    rows: list[tuple[int, tuple[str, ...]]] = []
    with suppress(csv.Error):
        for row in reader:
            rows += [(skip + reader.line_num, tuple(row))] if row else []
            if len(rows) == _COMPARED_ROWS:
                break
    return tuple(rows)


def _fit(each: Dialect) -> tuple[float, int]:
    """Return how well a delimiter cuts the rows, and into how many columns."""
    if len(each.names) < 2:
        return 0.0, 0
    alike = sum(len(row) == len(each.names) for _, row in each.sample)
    return (alike / len(each.sample) if each.sample else 1.0), len(each.names)
