"""What text is shown on: a terminal of some width and colours, or a file."""

from __future__ import annotations

import sys
from pathlib import Path

from reconciler.report.screen import PAPER, Screen
from reconciler.settings import environment

_NARROW, _WIDE = 40, 160
_BLOCKS = "▁▂▃▄▅▆▇█▓▒░"


def on_terminal() -> bool:
    """Whether progress may be shown: stderr is a terminal."""
    return sys.stderr.isatty()


def screen(output: Path | None = None) -> Screen:
    """Return what text is shown on: the terminal, within reason, or the file that `--output` names."""
    from shutil import get_terminal_size

    from reconciler.app.forge_session import forge_words

    columns = get_terminal_size((PAPER.width, 24)).columns
    colour = output is None and sys.stdout.isatty() and not environment().get("NO_COLOR")
    return Screen(max(_NARROW, min(columns, _WIDE)), colour, _shows_blocks(output), forge_words())


def _shows_blocks(output: Path | None) -> bool:
    try:
        _BLOCKS.encode("utf-8" if output else sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def known_screen(output: Path | None = None) -> Screen | None:
    """Return what text is shown on where that is known: a terminal, or whatever COLUMNS says it is."""
    return screen(output) if sys.stdout.isatty() or "COLUMNS" in environment() else None
