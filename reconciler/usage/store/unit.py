"""What a store keeps of one export, and the manifest that lists it: all that a later reading needs in place of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen

Kind = Literal["rows", "sums", "ids"]


class StoredReject(Frozen):
    """A row of a CSV file that was left out, with its line; see `rejects.Reject`."""

    line: int
    code: str
    cost: Decimal | None
    day: str


class StoredPart(Frozen):
    """Which page of an export it is; see `parts.Part`."""

    key: str
    total: int
    listed: int


class Unit(Frozen):
    """What is kept of one export, whatever is asked of it later: nothing here depends on a window or on a name.

    Its rows are in one of two files. `rows` holds, as they are written, those of which something is to be said or whose
    id another row has as well; `sums` holds the daily sums of all others, and `ids` the hashes of their ids. `columns`
    are the columns of `rows` and their types, none where the export holds nothing that could be scanned.
    `first_rows` is the first line of each day in `sums`. `is_text` says that it is UTF-8 throughout; where it is not,
    it matters whether it was read in `whole_rows`, and `breaks` says that it cannot be read otherwise.
    """

    octets: int = 0
    empty: bool
    packed: bool
    rowless: bool
    part: StoredPart | None = None
    columns: tuple[tuple[str, str], ...] = ()
    layout: str = ""
    unmapped: str = ""
    rejects: tuple[StoredReject, ...] = ()
    open_end: Decimal | None = None
    first_rows: Mapping[date, int] = Field(default_factory=dict)
    is_text: bool = True
    whole_rows: bool = False
    breaks: bool = False
    files: Mapping[Kind, str] = Field(default_factory=dict)


class Manifest(Frozen):
    """Units by the export that they were made of: its name and what tells its content.

    No two rows of them share an id unless both are in `rows`. `made_by` is what the units depend on besides.
    """

    format: Literal["kt-budgets.usage-store/1"] = "kt-budgets.usage-store/1"
    made_by: Mapping[str, str]
    units: Mapping[str, Unit]
