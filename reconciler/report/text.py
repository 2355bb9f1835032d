"""The terminal: a Report as aligned text of a given width, in plain ASCII punctuation, with or without colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from reconciler.report.columns import GLUE, Grid, clipped_apart, columns_of, padded, wrapped
from reconciler.report.document import Move, Notice, Report, Table
from reconciler.report.forecast_layout import ascii_punctuation
from reconciler.report.spans import Cell, Words, plain, words

MOST = 40
"""So many changes of one kind are told, and the rest counted."""
NARROWEST = 40
"""Narrower terminals get lines of this width: breaking them is then up to the terminal."""


class Ink(StrEnum):
    """How a line stands out, as an ANSI style."""

    NONE = ""
    BOLD = "1"
    RED = "31"
    YELLOW = "33"


def text(report: Report, *, width: int, colour: bool) -> str:
    """Return the report as lines of at most `width` columns, ending in a newline."""
    lines = [
        f"\x1b[{ink.value}m{line}\x1b[0m" if colour and ink and line else line
        for line, ink in _lines(report, max(width, NARROWEST))
    ]
    return "\n".join(lines) + "\n"


Inked = tuple[str, Ink]


def _lines(report: Report, width: int) -> Iterator[Inked]:
    yield from _inked(wrapped(ascii_punctuation(report.header), width, indent=0), Ink.BOLD)
    if report.status == "nothing":
        yield ("", Ink.NONE)
        yield from _inked(wrapped(ascii_punctuation(report.nothing), width, indent=0))
    blocks = (
        _refused(report, width),
        _changes(report, width),
        _sentences("", _decided(report.decision), width),
        _sentences("", (*report.by_hand, *report.urgent), width),
        _table(report.wallets.without("target"), width),
        _sentences("", report.wallet_notes, width),
        _sentences("What else this changes:", _some(report.rules), width),
        _sentences("Months to come:", _some(report.ahead), width),
        _sentences("Other changes of the same money:", report.neighbours, width),
        *(_notices(word, notices, width, ink) for word, notices, ink in _noticed(report)),
        _sentences("Changed by hand in Keeptrusts:", report.drift, width),
        _sentences("Not declared in git, left alone:", report.unmanaged, width),
        _sentences("", report.approve, width),
        _sentences("Who must approve, and what for:", _some(report.approvals), width),
    )
    for block in blocks:
        lines = list(block)
        if lines:
            yield ("", Ink.NONE)
            yield from lines
    yield ("", Ink.NONE)
    yield from _inked(wrapped(ascii_punctuation(report.totals), width, indent=0), Ink.BOLD)


def _refused(report: Report, width: int) -> list[Inked]:
    if report.status != "refused":
        return []
    return _inked(wrapped(ascii_punctuation(plain(report.headline)), width, indent=0, hanging=4), Ink.RED)


def _decided(table: Table) -> tuple[Words, ...]:
    """Return what follows from a plan, line by line, and what is without it."""
    lines = [[cell.new for cell in row.cells] for row in table.rows]
    told = (f"{what}: {then}; without this plan: {now}." for what, then, now in lines)
    return tuple(words(line.replace(" · ", ", ")) for line in told)


def _some(sentences: tuple[Words, ...]) -> tuple[Words, ...]:
    """Return as many sentences as one reads on a terminal, and how many more there are."""
    more = len(sentences) - MOST
    return (*sentences[:MOST], words(f"{more:,} more, in plan.json.")) if more > 0 else sentences


def _noticed(report: Report) -> tuple[tuple[str, tuple[Notice, ...], Ink], ...]:
    return (
        ("refused", report.refusals, Ink.RED),
        ("waived", report.waivers, Ink.YELLOW),
        ("warning", (*report.warnings, *report.running_out, *report.standing), Ink.YELLOW),
    )


def _inked(lines: list[str], ink: Ink = Ink.NONE) -> list[Inked]:
    return [(line, ink) for line in lines]


def _named(names: Sequence[str], width: int) -> list[str]:
    """Return names that leave half of the line to what is said about them."""
    return clipped_apart([ascii_punctuation(name) for name in names], width // 2 - 4)


def _changes(report: Report, width: int) -> list[Inked]:
    """Return the moves of money and the settings, names aligned with each other; the wallet's id where it fits."""
    listed = _named([*(m.name for m in report.moves), *(s.name for s in report.settings)], width)
    names = max(map(columns_of, listed), default=0)
    lines = _moves(report.moves, listed, names, width)
    for setting, label in zip(report.settings, listed[len(report.moves) :], strict=True):
        told = ", ".join(f"{field} {_cell(cell)}".replace(" ", GLUE) for field, cell in setting.differences)
        words = wrapped(ascii_punctuation(f"{setting.kind.ljust(15)}  {setting.verb}  {told}"), width, indent=names + 4)
        lines += [f"  {padded(label, names, 'left')}{words[0][names + 2 :]}", *words[1:]]
    return _inked(lines)


def _moves(moves: tuple[Move, ...], listed: Sequence[str], names: int, width: int) -> list[str]:
    rows = [
        (
            padded(label, names, "left"),
            ascii_punctuation(m.wallet),
            f"funded {m.funded}",
            f"target {m.target}",
            m.verb,
            m.amount,
        )
        for m, label in zip(moves, listed, strict=False)
    ]
    full = Grid(("",) * 6, ("left", "left", "right", "right", "left", "right"), tuple(rows))
    if not rows or full.fits(width):
        return full.lines(width) if rows else []
    short = full.without(1)
    bare = Grid(("",) * 3, ("left", "left", "right"), tuple((name, verb, amount) for name, *_, verb, amount in rows))
    if short.fits(width) or not bare.fits(width):
        return short.lines(width)
    beside = (wrapped(f"funded {m.funded}, target {m.target}", width, indent=6) for m in moves)
    return [line for pair in zip(bare.aligned(), beside, strict=True) for line in (pair[0], *pair[1])]


def _table(table: Table, width: int) -> list[Inked]:
    if len(table.columns) < 2 or not table:
        return []
    grid = Grid(
        tuple("" if column.key == "name" else column.short or column.heading for column in table.columns),
        tuple(column.align for column in table.columns),
        tuple(
            (name, *(ascii_punctuation(_cell(cell)) for cell in row.cells[1:]))
            for name, row in zip(_named([row.cells[0].new for row in table.rows], width), table.rows, strict=True)
        ),
    )
    return _inked(grid.lines(width))


def _cell(cell: Cell) -> str:
    if cell.changes:
        return f"{cell.now} -> {cell.new}"
    return ": ".join(part for part in (cell.verdict, cell.new) if part)


def _notices(word: str, notices: tuple[Notice, ...], width: int, ink: Ink) -> Iterator[Inked]:
    for notice in notices:
        where = f"{notice.where}: " if notice.where else ""
        sentence = ascii_punctuation(f"{word} {notice.title}: {where}{plain(notice.message)}")
        yield from _inked(wrapped(sentence, width, indent=2, hanging=4), ink)
        if notice.hint:
            yield from _inked(wrapped(ascii_punctuation(f"hint: {plain(notice.hint)}"), width, indent=4, hanging=6))


def _sentences(title: str, sentences: tuple[Words, ...], width: int) -> Iterator[Inked]:
    if title and sentences:
        yield (f"  {title}", Ink.NONE)
    for sentence in sentences:
        indent = 4 if title else 2
        yield from _inked(wrapped(ascii_punctuation(plain(sentence)), width, indent=indent, hanging=indent + 2))
