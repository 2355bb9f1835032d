"""Words on their way to a reader: clean text with a little emphasis, the same for every format.

Everything that comes from YAML or Keeptrusts passes through `visible` before it reaches a renderer, so that no control
character, no change of writing direction and no endless name gets any further. Renderers only escape for their syntax.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

DASH = "–"
"""Unknown, or never. A zero would be a claim."""

Style = Literal["plain", "strong", "emphasis", "code", "reference"]

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MARKS_IN_A_ROW = 3


def visible(text: str, limit: int = 600) -> str:
    """Return `text` on one line of at most `limit` characters, with every hidden character spelled out."""
    if text.isascii() and text.isprintable() and len(text) <= limit:
        return " ".join(text.split())
    shown: list[str] = []
    marks = 0
    for character in text[: 4 * limit]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if character in "\n\r\t\v\f":
            shown.append(" ")
        elif category in _HIDDEN:
            shown.append(character.encode("unicode_escape").decode("ascii"))
        elif marks <= _MARKS_IN_A_ROW:
            shown.append(character)
    line = " ".join("".join(shown).split())
    return shortened(f"{line}…" if len(text) > 4 * limit else line, limit)


def shortened(text: str, limit: int) -> str:
    """Return `text` cut to `limit` characters, the last of them being an ellipsis when something was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def safe_name(text: str, limit: int = 128) -> str:
    """Return a name from outside, fit for a table. No name that YAML allows a team is cut: two could look alike."""
    return visible(text, limit) or DASH


def safe_place(team: str, environment: str, limit: int = 128) -> str:
    """Return what people call a wallet."""
    return f"{safe_name(team, limit)} / {safe_name(environment, limit)}"


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a sentence in one style."""

    text: str
    style: Style = "plain"


Words = tuple[Span, ...]
"""A sentence, piece by piece."""


def words(*pieces: str | Span | Words) -> Words:
    """Return one sentence out of pieces; a string is plain."""
    sentence: list[Span] = []
    for piece in pieces:
        match piece:
            case str():
                sentence.append(Span(piece))
            case Span():
                sentence.append(piece)
            case _:
                sentence.extend(piece)
    return tuple(span for span in sentence if span.text)


def plain(sentence: Words) -> str:
    """Return a sentence as plain text, with code between backticks."""
    return "".join(f"`{span.text}`" if span.style == "code" else span.text for span in sentence)


def marked(text: str) -> Words:
    """Return a sentence in which what stands between backticks is code, as in our own messages."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return words(text)
    return words(*(Span(piece, "code" if index % 2 else "plain") for index, piece in enumerate(pieces)))


def strong(text: str) -> Span:
    return Span(text, "strong")


def emphasis(text: str) -> Span:
    return Span(text, "emphasis")


def code(text: str) -> Span:
    return Span(text, "code")


def reference(number: int, sign: str = "#") -> Span:
    """Return a pull request's number after the forge's `sign`: the one thing that a forge may make a link of."""
    return Span(f"{sign}{number:d}", "reference")


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table: how it is, and how it will be. `now` is empty where nothing changes.

    `verdict` is the word that the field comes down to, where it has one; `strong` marks that word, else the whole.
    `sort` is by what rows are put in order where readers can, instead of the text.
    """

    new: str
    now: str = ""
    verdict: str = ""
    strong: bool = False
    sort: str = ""

    @property
    def changes(self) -> bool:
        return bool(self.now)


def shift(now: str, new: str) -> Cell:
    """Return the cell for what is `now` and will be `new`."""
    return Cell(new) if now == new else Cell(new, now)


UNKNOWN = Cell(DASH)
