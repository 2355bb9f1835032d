"""What the last applied commit declared: the third side of the comparison that decides deletions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LastApplied:
    """`billing_budgets` maps each declared key (as text) to its team; `export_schedules` are the declared names.

    Unless `whole`, only plans for single teams were applied so far, so that no commit stands for all of it.
    `unfinished` are the teams for which the last run that was about them did not do everything; an empty name stands
    for what belongs to no team.
    """

    commit: str | None = None
    billing_budgets: Mapping[str, str] = field(default_factory=dict)
    export_schedules: frozenset[str] = frozenset()
    whole: bool = True
    unfinished: frozenset[str] = frozenset()
    ahead: Mapping[str, str] = field(default_factory=dict)
    dirty: bool = False
