"""Documents: what commands print with `--format json`. `format` names the published schema of each, and its version."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field

from reconciler.model.frozen import Frozen
from reconciler.model.json_text import json_line, json_text
from reconciler.model.waiting import Waiting


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


Told = Annotated[str, BeforeValidator(_whole)]
"""Text that may name a file: half of a character, which JSON in UTF-8 cannot hold, is a question mark."""


class Document(Frozen):
    """A JSON document. `commands` are those that print it, as they are called after `kt-budgets`; none for a part.

    A change of what a field means, or of whether it is there, needs another version; a new field does not.
    """

    commands: ClassVar[tuple[str, ...]]
    format: str

    @classmethod
    def name(cls) -> str:
        """What its schema is called, such as `run` for `kt-budgets.run/1`."""
        return cls._format().removeprefix("kt-budgets.").rpartition("/")[0]

    @classmethod
    def address(cls) -> str:
        """What its schema is known as everywhere: `urn:kt-budgets:run:1`."""
        return f"urn:kt-budgets:{cls.name()}:{cls._format().rpartition('/')[2]}"

    def document(self) -> Self:
        """Return itself: what is printed for programs."""
        return self

    def fields(self) -> dict[str, Any]:
        """Return this as a JSON object."""
        return self.model_dump(mode="json")

    def text(self) -> str:
        """Return the bytes that are printed, as text: keys in order, so that the same facts are the same bytes."""
        return json_text(self.fields())

    @classmethod
    def _format(cls) -> str:
        return str(cls.model_fields["format"].default)


class ErrorDocument(Document):
    """Why a command stopped: what any command prints with `--format json` in the place of its own document."""

    commands: ClassVar = ("every command",)
    format: Literal["kt-budgets.error/1"] = "kt-budgets.error/1"
    exit_code: int = Field(description="The exit code of the process; see `kt-budgets help exit-codes`.")
    error: Told = Field(description="What is wrong, as a sentence.")
    hint: Told = Field(description="What is to be done; empty where nothing is known to help.")
    waiting: tuple[Waiting, ...] | None = Field(
        None, description="What was left behind, where `drift` cannot read Keeptrusts."
    )

    def fields(self) -> dict[str, Any]:
        """Return this as a JSON object; what is waiting comes first, and only where that was looked for."""
        fields = super().fields()
        waiting = {name: value for name in ("waiting",) if (value := fields.pop(name)) is not None}
        return {**waiting, **fields}

    def text(self) -> str:
        """Return it on one line, for programs that read a line at a time."""
        return json_line(self.fields(), sort_keys=False) + "\n"
