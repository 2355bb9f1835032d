"""What of a landing cannot be planned for now: its teams keep their place until it can (decision 0127)."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from reconciler.app.change_request.settled import Unplanned
from reconciler.app.change_request.step import Step
from reconciler.findings import ExitCode
from reconciler.model.desired import Desired
from reconciler.model.kinds.registry import kinds
from reconciler.model.outcome import exit_code_of
from reconciler.model.plan import Plan
from reconciler.model.plan_finding import PlanFinding


def unplanned(step: Step, plan: Plan) -> dict[str, Unplanned]:
    """Return the teams of which `plan`, made for a step, cannot hold all that is to be changed, each with why.

    An empty plan for them says nothing: a wallet of theirs is in doubt, or Keeptrusts holds an object that the step
    changes in a form that is not understood.
    """
    return dict((*_objects(step, plan), *_wallets(step, plan)))


def _wallets(step: Step, plan: Plan) -> Iterator[tuple[str, Unplanned]]:
    for doubt in plan.doubts:
        team = step.after.wallets[doubt.wallet].team
        reason = f"{team}: {doubt.reason}; what was merged for this team waits"
        yield team, Unplanned(reason, doubt.hint, exit_code_of([doubt]) or ExitCode.STALE)


def _objects(step: Step, plan: Plan) -> Iterator[tuple[str, Unplanned]]:
    for part, finding in not_understood(step.before, step.after, step.parts, plan):
        reason = f"{finding.message}; what was merged about it waits"
        yield part, Unplanned(reason, finding.hint, ExitCode.STALE)


def not_understood(
    before: Desired | None, after: Desired, parts: Collection[str], plan: Plan
) -> Iterator[tuple[str, PlanFinding]]:
    """Yield which of `parts` say otherwise than `before` of an object that Keeptrusts holds in an unclear form."""
    unclear = {f"unclear-{kind.code}": kind.name for kind in kinds()}
    for finding in plan.findings:
        if (name := unclear.get(finding.code)) is None:
            continue
        for part in parts:
            path = after.team_path(part) if part else after.organization_path
            if finding.path == str(path) and _of(before, name, part) != _of(after, name, part):
                yield part, finding


def _of(desired: Desired | None, kind: str, part: str) -> dict[object, object]:
    """Return what a team declares of a kind, or the organization where `part` names none."""
    listed = desired.objects.get(kind, {}) if desired else {}
    return {key: wanted.value for key, wanted in listed.items() if wanted.team == part}
