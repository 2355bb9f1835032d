"""Remarks: what a plan has to say about single lines of the YAML, for whoever shows them at their lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>[1-9]\d*)(?::(?P<column>[1-9]\d*))?")


def remarks(plan: Plan, *, located: Callable[[str], str]) -> tuple[PlanFinding, ...]:
    """Return every remark of `plan`, the worst first. `located` turns the plan's paths into the repository's."""
    return in_order([*plan.findings, *_guards(plan)], located=located)


def in_order(found: Iterable[PlanFinding], *, located: Callable[[str], str]) -> tuple[PlanFinding, ...]:
    """Return findings once each, the worst first, with the paths of the repository."""
    placed = [finding.model_copy(update={"path": located(finding.path)}) for finding in found]
    return tuple(sorted(dict.fromkeys(placed), key=_order))


def _order(finding: PlanFinding) -> tuple[bool, str, int, str, str]:
    return finding.severity != "error", finding.path, finding.line, finding.code, finding.message


def _guards(plan: Plan) -> Iterator[PlanFinding]:
    for guard in plan.guards:
        place = _PLACE.fullmatch(guard.position)
        if guard.status in ("refused", "warned", "asks"):
            path, line = (place["path"], int(place["line"])) if place else (_organization_path(plan), 1)
            yield PlanFinding(
                path=path,
                line=line,
                column=0,
                severity="error" if guard.status == "refused" else "warning",
                code=guard.guard,
                message=guard.message,
                hint=guard.hint,
            )


def _organization_path(plan: Plan) -> str:
    folders = {change.position.partition("/")[0] for change in plan.changes if change.position}
    return f"{min(folders) if folders else 'budgets'}/org.yaml"
