"""What a check says at single lines stays within what a forge takes, and says what is missing."""

from __future__ import annotations

from typing import Literal

from reconciler.app.change_request.verdict import MOST_ANNOTATIONS, annotated
from reconciler.model.plan_finding import PlanFinding


def findings(count: int, severity: Literal["error", "warning"] = "warning") -> tuple[PlanFinding, ...]:
    return tuple(
        PlanFinding(path="a.yaml", line=line, column=1, severity=severity, code="c", message="m", hint="")
        for line in range(1, count + 1)
    )


def test_as_many_findings_as_are_shown_are_left_as_they_are() -> None:
    assert annotated(findings(MOST_ANNOTATIONS)) == findings(MOST_ANNOTATIONS)


def test_of_more_findings_the_last_says_how_many_are_missing() -> None:
    *kept, last = annotated(findings(10_000))
    assert tuple(kept) == findings(MOST_ANNOTATIONS - 1)
    assert (last.severity, last.line) == ("warning", MOST_ANNOTATIONS)
    assert last.message == f"{10_001 - MOST_ANNOTATIONS:,} findings more are not shown at their lines, 0 of them errors"


def test_errors_that_are_not_shown_are_an_error() -> None:
    last = annotated(findings(300, "error"))[-1]
    assert last.severity == "error"
    assert last.message.endswith("51 of them errors")
