"""The Report: all that a renderer prints, already sorted, worded and rounded. Unknown is a dash, never 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reconciler.model.forge_words import USUAL
from reconciler.report.spans import Cell, Words

Align = Literal["left", "right"]
Status = Literal["refused", "changes", "nothing"]
Standing = Literal["short", "risky", "tight", "safe", "unknown"]
Role = Literal["spent", "p10", "p90", "now", "new", "alert"]


@dataclass(frozen=True, slots=True)
class Column:
    """`key` names the column for renderers that show some columns only; `short` is the heading where room is scarce."""

    key: str
    heading: str
    align: Align = "left"
    short: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell for each column. `standing` is how the wallet of a row stands, where it is about one."""

    cells: tuple[Cell, ...]
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    title: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows)

    def without(self, *keys: str) -> Table:
        kept = [index for index, column in enumerate(self.columns) if column.key not in keys]
        return Table(
            tuple(self.columns[index] for index in kept),
            tuple(Row(tuple(row.cells[index] for index in kept)) for row in self.rows),
            self.title,
        )


@dataclass(frozen=True, slots=True)
class Move:
    """Money that moves, to the cent. `remark` says what of it cannot."""

    name: str
    wallet: str
    verb: str
    amount: str
    funded: str
    target: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A managed object of a `kind` that changes. `differences` pairs what differs with from and to."""

    name: str
    kind: str
    verb: str
    differences: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True)
class ObjectTable:
    """The objects of one kind that change. `rank` tells how soon the table is left out where there is little room."""

    noun: str
    table: Table
    rank: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A refusal, a waiver or a warning: what it is called, where it comes from, what it says, and the cure."""

    title: str
    message: Words
    hint: Words = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart, in whole units of money, a value for each day."""

    name: str
    role: Role
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Cumulative spend of a month. `picked` are the few days for small charts; `known` counts the days known in full.

    `ticks` are the values of the vertical axis with their labels, in units of `unit`; the first of them is its bottom
    and the last its top. `places` are how far along the axis each day is, 0 to 1; empty where they are evenly apart.
    `span` is what ends with the last of the days: a month, of whose days each is told, or a year, of ends of months.
    """

    title: str
    currency: str
    days: tuple[str, ...]
    known: int
    picked: tuple[int, ...]
    lines: tuple[Line, ...]
    ticks: tuple[tuple[int, str], ...]
    unit: int = 1
    places: tuple[float, ...] = ()
    span: Literal["month", "year"] = "month"

    @property
    def bottom(self) -> int:
        return self.ticks[0][0]

    @property
    def top(self) -> int:
        return self.ticks[-1][0]


@dataclass(frozen=True, slots=True)
class Asked:
    """Owners of whom one must approve: for the whole plan by `reasons`, and for teams, together where that is alike."""

    owners: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    teams: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A plan for people.

    `decision` is what follows if it is approved and if it is not, `brief` the wallets in four columns,
    `brief_notes` what it leaves open. `by_hand` is what somebody did that the plan takes back, `urgent` what it
    leaves in need, `failing` the assumptions that the data do not bear out, `standing` the warnings that hold without
    it too, `running_out` those about wallets that it funds and that may run out, as the tables tell at a glance.
    `approve` is who must approve it and what for, in a sentence, and `approvals` that one by one where they are many.
    `rules` is what its YAML says otherwise, `ahead` what changes later, `neighbours` what other pull requests do to the
    same money, each of which is a `request` to its readers. `totals` is the closing line of the terminal's text,
    `nothing` what it says of no changes.
    """

    status: Status
    title: str
    header: str
    headline: Words
    lead: tuple[Words, ...]
    decision: Table = Table()
    brief: Table = Table()
    brief_notes: tuple[Words, ...] = ()
    by_hand: tuple[Words, ...] = ()
    urgent: tuple[Words, ...] = ()
    failing: Table = Table()
    object_lines: tuple[Words, ...] = ()
    standing: tuple[Notice, ...] = ()
    how_wrong: str = "How these figures are made"
    wallets: Table = Table()
    wallet_notes: tuple[Words, ...] = ()
    rules: tuple[Words, ...] = ()
    ahead: tuple[Words, ...] = ()
    approve: tuple[Words, ...] = ()
    approvals: tuple[Words, ...] = ()
    neighbours: tuple[Words, ...] = ()
    other_wallets: Table = Table()
    other_notes: tuple[Words, ...] = ()
    moves: tuple[Move, ...] = ()
    move_table: Table = Table()
    settings: tuple[Setting, ...] = ()
    objects: tuple[ObjectTable, ...] = ()
    assumptions: tuple[Table, ...] = ()
    refusals: tuple[Notice, ...] = ()
    waivers: tuple[Notice, ...] = ()
    warnings: tuple[Notice, ...] = ()
    running_out: tuple[Notice, ...] = ()
    charts: tuple[Chart, ...] = ()
    levers: tuple[Table, ...] = ()
    months: tuple[Table, ...] = ()
    method: tuple[Words, ...] = ()
    drift: tuple[Words, ...] = ()
    unmanaged: tuple[Words, ...] = ()
    footer: tuple[Words, ...] = ()
    totals: str = ""
    nothing: str = "Nothing to change."
    request: str = USUAL.request
