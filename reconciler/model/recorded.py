"""Answers of a real Keeptrusts, without names, as a fixture that tests of the contract replay."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from reconciler.model.document import Document, Told
from reconciler.model.frozen import Frozen


class RecordedAnswer(Frozen):
    """What one question was answered."""

    method: Literal["GET", "POST"] = Field("GET", description="GET, or POST of an export job.")
    path: Told = Field(description="The path that was asked for, its ids made up.")
    query: dict[str, Told] = Field(description="The query, its ids and cursors made up.")
    status: int = Field(description="The HTTP status.")
    headers: dict[str, Told] = Field(description="The headers that pages, waits and clocks are read from.")
    body: Told = Field(description="The JSON as text, its numbers as they were written; empty where it was no JSON.")


class RecordedDocument(Document):
    """What `kt-budgets doctor --record DIR` writes. Amounts, dates and names of fields are the deployment's own."""

    commands: ClassVar = ()
    format: Literal["kt-budgets.recorded/1"] = "kt-budgets.recorded/1"
    answers: tuple[RecordedAnswer, ...] = Field(description="Each answer, by path and query.")
