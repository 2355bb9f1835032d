"""The warning about the annual target, once usage tells what the months that are over really cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.findings import Finding, Origin, Severity
from reconciler.model.year_targets import ANNUAL_TARGET_EXCEEDED
from reconciler.source.marks import positions

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage
    from reconciler.settings import Settings


def year_known(
    findings: Sequence[Finding], *, settings: Settings, desired: Desired, usage: DailyUsage | None
) -> tuple[Finding, ...]:
    """Return `findings` with the annual target compared with what was spent, where the YAML alone knew no day."""
    from reconciler.forecast.year import year_targets

    others = tuple(finding for finding in findings if finding.code != ANNUAL_TARGET_EXCEEDED)
    target = desired.organization.annual_target
    found = year_targets(desired, usage, as_of=settings.as_of)
    if target is None or found.total <= target:
        return others
    origin = Origin(desired.organization_path, ("annual_target",))
    place = positions(desired.files, [origin])[origin]
    warning = Finding(place, ANNUAL_TARGET_EXCEEDED, Severity.WARNING, found.sentence(target), found.cure(target))
    return (*others, warning)
