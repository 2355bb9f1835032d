"""Checks: what we say about a commit under our own name, as values. Decision 0051 says why a record lives in one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reconciler.model.plan_finding import PlanFinding
from reconciler.policy.plan_record import PlanRecord
from reconciler.policy.rulings import Conclusion

PLAN = "kt-budgets / plan"
GATE = "kt-budgets / approval"


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """What a check is to say. `summary` is Markdown; `text` holds the record, or why there is none.

    `findings` are shown at their lines, the worst first; their paths are relative to the top of the repository.
    """

    conclusion: Conclusion
    title: str
    summary: str
    text: str
    findings: tuple[PlanFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """A check of ours as it was read back; `conclusion` is None until it is complete, and `record` where it has none.

    `at` is when it was complete, or else begun.
    """

    conclusion: Conclusion | None
    is_complete: bool
    at: datetime | None
    record: PlanRecord | None


def instant(value: object) -> datetime | None:
    """Return the moment that a forge wrote, None when it is not one."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


class Written(StrEnum):
    """What became of a check."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    SUPERSEDED = "superseded"
