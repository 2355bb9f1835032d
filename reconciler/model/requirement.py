"""Requirement: one approval that a change needs, with what for. A plan notes them as they were when it was made."""

from __future__ import annotations

from pydantic import Field

from reconciler.model.frozen import Frozen


class Requirement(Frozen):
    """One of `owners` must approve, for `reason`. Nobody is named: then it cannot be met.

    `team` is whom it is about: missing, that team alone is not applied. None is the whole change. `fallback` are the
    owners who stand in where none of `owners` can approve.
    """

    reason: str = Field(description="What it is needed for.")
    owners: tuple[str, ...] = Field(description="People and groups of whom one must approve; empty: nobody is named.")
    team: str | None = Field(None, description="The team that is not applied without it; null for the whole change.")
    fallback: tuple[str, ...] = Field((), description="Owners who stand in where none of `owners` can approve.")
