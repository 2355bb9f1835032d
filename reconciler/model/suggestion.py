"""Suggested changes: lines of a file and what to write in their place, for a forge that offers them to people."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import json_text


class SuggestedChange(Frozen):
    """Lines `start_line` to `line` of a file, counted from 1, and what to write in their place.

    Texts of several lines have a line feed between them and none at the end.
    """

    path: str = Field(description="The file, from the top of the repository.")
    start_line: int = Field(ge=1, description="The first line that is replaced.")
    line: int = Field(ge=1, description="The last line that is replaced.")
    original: str = Field(description="These lines as they stand in the working tree.")
    replacement: str = Field(description="The lines to write instead; empty to remove them.")
    key: str = Field(description="What the change is about: the keys down to the value.")
    before: str = Field("", description="What stands there now; empty where something is added.")
    reason: str = Field("", description="Why, as plain text.")


class SuggestionsDocument(Document):
    """What a command suggests to change in the YAML."""

    commands: ClassVar = ("validate --suggestions", "recommend --suggestions")
    format: Literal["kt-budgets.suggestions/1"] = "kt-budgets.suggestions/1"
    command: str = Field("", description="The command that suggests it and shows it again.")
    suggestions: tuple[SuggestedChange, ...] = Field(description="Each suggested change.")

    def text(self) -> str:
        """Return the bytes of the file as text, keys in the order of the fields."""
        return json_text(self.fields(), sort_keys=False)
