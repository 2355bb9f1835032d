"""Lines of text for the commands that look ahead: tables, sentences and notices at a given width, then colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import StringIO

from reconciler.model.forecast import ForecastNotice
from reconciler.report import wording
from reconciler.report.columns import Grid, clipped_apart, wrapped
from reconciler.report.document import Table
from reconciler.report.spans import DASH, Cell, visible

NARROWEST = 40

Notice = tuple[str, str, str]
"""A code, a sentence, and the cure, which may be empty."""


def ascii_punctuation(words: str) -> str:
    """Return `words` with the punctuation that every terminal has."""
    return words.replace("→", "->").replace("−", "-").replace(DASH, "-").replace("…", "...")


def table_lines(table: Table, width: int) -> list[str]:
    """Return a table as aligned lines of at most `width` columns."""
    if not table:
        return []
    names = ("" if column.key == "name" else column.short or column.heading for column in table.columns)
    titles = clipped_apart([ascii_punctuation(row.cells[0].new) for row in table.rows], width // 2 - 4)
    rows = (
        (title, *(cell_text(cell) for cell in row.cells[1:])) for title, row in zip(titles, table.rows, strict=True)
    )
    return Grid(tuple(names), tuple(column.align for column in table.columns), tuple(rows)).lines(width)


def cell_text(cell: Cell) -> str:
    """Return a cell in one line: now, then new."""
    return ascii_punctuation(f"{cell.now} -> {cell.new}" if cell.changes else cell.new)


def sentence(text: str, width: int, *, indent: int = 2) -> list[str]:
    """Return one sentence, wrapped."""
    return wrapped(ascii_punctuation(text), width, indent=indent, hanging=indent + 2)


def notice_lines(notices: Iterable[Notice], width: int) -> list[str]:
    lines: list[str] = []
    for code, message, hint in notices:
        lines += sentence(f"warning {visible(code, 60)}: {visible(message)}", width)
        if hint:
            lines += sentence(f"hint: {visible(hint)}", width, indent=4)
    return lines


def told_once(notices: Iterable[ForecastNotice]) -> list[Notice]:
    """Return code, sentence and hint of each; what holds alike for several wallets is said once, with their names."""
    alike: dict[Notice, list[str]] = {}
    for one in notices:
        wallet = f"{one.team}/{one.environment} " if one.team and one.environment else ""
        alike.setdefault((one.code, one.message.removeprefix(wallet), one.hint), []).append(wallet)
    return [
        (code, f"{first}{said}{wording.same_for([name.strip() for name in others]) if first and others else ''}", hint)
        for (code, said, hint), (first, *others) in alike.items()
    ]


def page(blocks: Iterable[Sequence[str]], *, width: int, colour: bool) -> str:
    """Return blocks of lines with one empty line between them; colour is laid over what is there."""
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += [*([""] if lines else []), *block]
    text = "\n".join(lines) + "\n"
    return coloured(text, width=width) if colour else text


def coloured(text: str, *, width: int) -> str:
    """Return `text` with ANSI colours: a bold first line, yellow warnings, faint uncertainty in the pictures."""
    from rich.console import Console
    from rich.text import Text

    file = StringIO()
    console = Console(file=file, width=width, force_terminal=True, color_system="standard", legacy_windows=False)
    for number, line in enumerate(text.splitlines()):
        inked = Text(line, style="bold" if number == 0 else "")
        inked.highlight_regex(r"^  warning \S+:", "yellow")
        inked.highlight_regex(r"[▓▒░]+", "cyan")
        inked.highlight_regex(r"(?<=[█▓▒░ ])\|", "red")
        console.print(inked, soft_wrap=True, highlight=False)
    return file.getvalue()
