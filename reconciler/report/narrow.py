"""Tables for a phone: a long word in one of their cells may break, so that nothing has to be moved sideways."""

from __future__ import annotations

import re
from dataclasses import replace

from reconciler.report.document import Table
from reconciler.report.spans import Cell

_WIDEST = 10
"""So many characters of a long word fit into the narrowest column of four on a screen of 390 pixels."""
_LONG = re.compile(r"(?=\S*[^\W\d])[^\s-]{13,}")
"""A long word that nothing breaks: not a figure, which stays whole."""
_BREAK = "\N{ZERO WIDTH SPACE}"


def narrow(table: Table) -> Table:
    """Return `table` with words that may break; in what people copy, such as ids, none do."""
    rows = (replace(row, cells=tuple(map(_narrow, row.cells))) for row in table.rows)
    return replace(table, rows=tuple(rows))


def _narrow(cell: Cell) -> Cell:
    return replace(cell, new=_broken(cell.new), now=_broken(cell.now))


def _broken(text: str) -> str:
    return _LONG.sub(_parts, text)


def _parts(word: re.Match[str]) -> str:
    return _BREAK.join(word[0][start : start + _WIDEST] for start in range(0, len(word[0]), _WIDEST))
