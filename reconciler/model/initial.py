"""What a repository of budgets begins with: which files were written, and which were there."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen


class InitialFile(Frozen):
    """One file."""

    path: Told = Field(description="Its path from the top of the repository.")
    state: Literal["created", "extended", "kept"] = Field(
        description="`created`, `extended` by lines that it lacked, or `kept` as it was."
    )


class InitDocument(Document):
    """What `init` wrote."""

    commands: ClassVar = ("init",)
    format: Literal["kt-budgets.init/1"] = "kt-budgets.init/1"
    organization: str = Field(description="The organization's id in Keeptrusts.")
    currency: str = Field(description="The currency of its budgets, ISO 4217.")
    forge: str = Field(description="`github`, `gitlab` or `none`: where the repository is.")
    written: bool = Field(description="Whether the files were written; false for a dry run.")
    files: tuple[InitialFile, ...] = Field(description="Each file that a repository begins with.")
    next: tuple[Told, ...] = Field(description="What is to be done next, one sentence each.")
