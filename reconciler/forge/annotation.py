"""Annotations: what a plan has to say about single lines of the YAML, for the check run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from reconciler.model.forecast import WalletForecast
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding

Level = Literal["notice", "warning", "failure"]

BATCH = 50
"""GitHub takes that many annotations in one request."""

_RUNS_OUT_FROM = 0.5
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>[1-9]\d*)(?::(?P<column>[1-9]\d*))?")
_ORDER: dict[Level, int] = {"failure": 0, "warning": 1, "notice": 2}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark on one line. `path` is relative to the top of the repository."""

    path: str
    line: int
    level: Level
    title: str
    message: str
    column: int = 0

    def document(self) -> dict[str, Any]:
        """Return this as GitHub takes it; texts are cut to what fits."""
        place = {"start_column": self.column, "end_column": self.column} if self.column else {}
        return {
            "path": self.path,
            "start_line": self.line,
            "end_line": self.line,
            "annotation_level": self.level,
            "title": self.title[:255],
            "message": self.message[:16_000] or self.title[:255],
            **place,
        }


def remarks(plan: Plan, *, located: Callable[[str], str]) -> tuple[Annotation, ...]:
    """Return every remark of `plan`, the worst first. `located` turns the plan's paths into the repository's."""
    return _sorted([*_findings(plan.findings), *_guards(plan), *_forecasts(plan)], located)


def finding_remarks(findings: Iterable[PlanFinding], *, located: Callable[[str], str]) -> tuple[Annotation, ...]:
    """Return findings as remarks, the worst first."""
    return _sorted(_findings(findings), located)


def _sorted(found: Iterable[Annotation], located: Callable[[str], str]) -> tuple[Annotation, ...]:
    mapped = {
        Annotation(located(item.path), item.line, item.level, item.title, item.message, item.column) for item in found
    }
    return tuple(sorted(mapped, key=lambda item: (_ORDER[item.level], item.path, item.line, item.title, item.message)))


def _findings(findings: Iterable[PlanFinding]) -> Iterator[Annotation]:
    for finding in findings:
        level: Level = "failure" if finding.severity == "error" else "warning"
        message = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
        yield Annotation(finding.path, finding.line or 1, level, finding.code, message, finding.column)


def _guards(plan: Plan) -> Iterator[Annotation]:
    for guard in plan.guards:
        place = _PLACE.fullmatch(guard.position)
        if guard.status != "refused":
            continue
        path, line = (place["path"], int(place["line"])) if place else (_organization_path(plan), 1)
        yield Annotation(path, line, "failure", guard.guard, f"{guard.message}\n{guard.hint}".strip())


def _forecasts(plan: Plan) -> Iterator[Annotation]:
    """Yield a warning for each changed wallet that is likelier than not to run out under its new target."""
    places = {getattr(change, "wallet", None): change.position for change in plan.changes}
    for forecast in plan.impact:
        place = _PLACE.fullmatch(places.get(forecast.wallet, ""))
        gone = forecast.desired.exhaustion.probability
        if place and forecast.confidence != "none" and gone is not None and gone >= _RUNS_OUT_FROM:
            yield Annotation(
                place["path"], int(place["line"]), "warning", "runs-out", _runs_out(forecast), int(place["column"] or 0)
            )


def _runs_out(forecast: WalletForecast) -> str:
    when = forecast.desired.exhaustion.date.get("0.5")
    date = f" {when.isoformat()}," if when else ""
    return (
        f"{forecast.team} / {forecast.environment} runs out{date} before the month is over,"
        f" with probability {forecast.desired.exhaustion.probability:.0%}"
    )


def _organization_path(plan: Plan) -> str:
    folders = {change.position.partition("/")[0] for change in plan.changes if change.position}
    return f"{min(folders) if folders else 'budgets'}/org.yaml"
