"""What text is shown on: a terminal of some width and colours, or a file."""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.report.screen import PAPER, Screen
from reconciler.settings import environment

NARROWEST, WIDEST = 40, 400
_WIDE = 160
_BLOCKS = "▁▂▃▄▅▆▇█▓▒░"


def on_terminal() -> bool:
    """Whether progress may be shown: stderr is a terminal."""
    return sys.stderr.isatty()


def screen(output: Path | None = None, *, width: int | None = None) -> Screen:
    """Return what text is shown on: the terminal, within reason, or the file that `--output` names.

    It is `width` columns wide where somebody asked for that, else as COLUMNS or the terminal has it.
    """
    from shutil import get_terminal_size

    from reconciler.app.forge_session import forge_words

    columns = get_terminal_size((PAPER.width, 24)).columns
    wide = width or max(NARROWEST, min(columns, _WIDE))
    is_known = bool(width) or "COLUMNS" in environment() or (output is None and sys.stdout.isatty())
    colour = output is None and sys.stdout.isatty() and not environment().get("NO_COLOR")
    return Screen(wide, colour, _shows_blocks(output), forge_words(), is_known)


def _shows_blocks(output: Path | None) -> bool:
    try:
        _BLOCKS.encode("utf-8" if output else sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
