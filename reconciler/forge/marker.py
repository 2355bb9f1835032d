"""The hidden first line of our comment: by which it is found, and which tells an older run from a newer one.

What stands in it is no proof of anything: people who may write to the repository can edit comments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

_LINE = re.compile(r"\A<!-- kt-budgets:v1((?: [a-z-]+=[^\s<>]*)*) -->\n?")
_FIELD = re.compile(r" ([a-z-]+)=([^\s<>]*)")
_RUN = re.compile(r"([0-9]{1,20})\.([0-9]{1,6})")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a comment was written for. `run` is the workflow run and its attempt, None outside of a workflow."""

    number: int
    head: str
    run: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """A comment's body taken apart: the fields of its marker, and the text below it."""

    fields: Mapping[str, str]
    text: str

    @property
    def run(self) -> tuple[int, int] | None:
        match = _RUN.fullmatch(self.fields.get("run", ""))
        return (int(match[1]), int(match[2])) if match else None

    @property
    def is_untouched(self) -> bool:
        """Whether the text still has the digest that was written with it."""
        return self.fields.get("text") == text_digest(self.text)

    @property
    def body(self) -> str:
        """The whole comment: the marker's line, then the text."""
        fields = "".join(f" {name}={value}" for name, value in self.fields.items())
        return f"<!-- kt-budgets:v1{fields} -->\n{self.text}"


def read_marked(body: object) -> Marked | None:
    """Return the parts of a body that starts with our marker, None for any other."""
    text = body.replace("\r\n", "\n") if isinstance(body, str) else ""
    match = _LINE.match(text)
    return Marked(dict(_FIELD.findall(match[1])), text[match.end() :]) if match else None


def stamped(markdown: str, stamp: Stamp) -> Marked:
    """Return `markdown`, with or without a marker of its own, under a marker that says what it was written for."""
    given = read_marked(markdown) or Marked({}, markdown)
    text = given.text.strip("\n") + "\n"
    fields = {"pr": str(stamp.number), "head": stamp.head}
    if stamp.run:
        fields["run"] = f"{stamp.run[0]}.{stamp.run[1]}"
    rest = {name: value for name, value in given.fields.items() if name not in ("pr", "head", "run", "text")}
    return Marked({**fields, **rest, "text": text_digest(text)}, text)


def text_digest(text: str) -> str:
    """Return the digest of a comment's text; GitHub keeps neither trailing blank lines nor their kind."""
    return sha256(text.replace("\r\n", "\n").strip("\n").encode()).hexdigest()[:20]
