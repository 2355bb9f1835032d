"""What text is shown on."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.forge_words import USUAL, ForgeWords


@dataclass(frozen=True, slots=True)
class Screen:
    """How many columns there are, whether ANSI colours are wanted, and whether pictures may be made of blocks.

    `is_known` is whether somebody said so: a terminal, COLUMNS or `--width`. Then no line is wider. `words` are what
    whoever reads it calls things.
    """

    width: int = 120
    colour: bool = False
    blocks: bool = True
    words: ForgeWords = USUAL
    is_known: bool = False


PAPER = Screen()
"""A file, or whatever else nothing is known about."""
