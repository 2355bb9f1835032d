"""Export schedules: create, update, delete; three-way, like billing budgets."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.findings import Severity
from reconciler.model.applied import LastApplied
from reconciler.model.change import CreateExportSchedule, DeleteExportSchedule, UpdateExportSchedule
from reconciler.model.desired import Desired, Origin
from reconciler.model.live import Live
from reconciler.model.organization import ExportSchedule
from reconciler.model.plan import Unmanaged
from reconciler.plan.note import Note
from reconciler.plan.scope import Teams

ScheduleChange = CreateExportSchedule | UpdateExportSchedule | DeleteExportSchedule


def schedule_document(schedule: ExportSchedule) -> dict[str, object]:
    """Return an export schedule as it stands in `before` and `after`."""
    return schedule.model_dump(mode="json", warnings=False)


def schedule_changes(
    desired: Desired, live: Live, last_applied: LastApplied
) -> Iterator[tuple[ScheduleChange, Origin]]:
    """Yield every change of an export schedule with the place that asks for it: deletes, updates, creates."""
    if live.export_schedules is None:
        return
    for name, found in sorted(live.export_schedules.items()):
        if name not in desired.export_schedules and name in last_applied.export_schedules:
            origin = Origin(desired.organization_path, ("export_schedules",))
            yield DeleteExportSchedule(key=name, before=schedule_document(found.schedule)), origin
    creates = []
    unclear = {found.name for found in live.unreadable_of("export_schedule")}
    for name, wanted in sorted(desired.export_schedules.items()):
        current = live.export_schedules.get(name)
        if current is None and name in unclear:
            continue
        after = schedule_document(wanted.schedule)
        if current is None:
            creates.append((CreateExportSchedule(key=name, after=after), wanted.origin))
        elif current.schedule != wanted.schedule:
            before = schedule_document(current.schedule)
            yield UpdateExportSchedule(key=name, before=before, after=after), wanted.origin
    yield from creates


def unmanaged_schedules(desired: Desired, live: Live, last_applied: LastApplied) -> Iterator[Unmanaged]:
    """Yield the export schedules that git neither declares nor deletes."""
    for name in sorted(live.export_schedules or {}):
        if name not in desired.export_schedules and name not in last_applied.export_schedules:
            yield Unmanaged(kind="export_schedule", key=name, name=name)


def unclear_schedules(desired: Desired, live: Live, teams: Teams) -> Iterator[Note]:
    """Yield a note for each declared export schedule that Keeptrusts holds in a form that is not understood."""
    for found in live.unreadable_of("export_schedule"):
        wanted = desired.export_schedules.get(found.name)
        if wanted is None or teams is not None or found.name in (live.export_schedules or {}):
            continue
        yield Note(
            origin=wanted.origin,
            code="unclear-export-schedule",
            severity=Severity.WARNING,
            message=f"Keeptrusts holds the export schedule {found.name} in a form that is not understood:"
            f" {found.reason}; it is neither compared nor changed",
            hint="correct it in Keeptrusts, or delete it there: the next plan then creates it",
        )


def missing_schedules(desired: Desired, live: Live) -> Iterator[Note]:
    """Yield a note when git declares schedules and this deployment offers none."""
    if live.export_schedules is None and desired.export_schedules:
        first = next(iter(desired.export_schedules.values()))
        yield Note(
            origin=first.origin,
            code="schedules-not-offered",
            severity=Severity.WARNING,
            message="this Keeptrusts does not offer export schedules, so the declared ones are not compared",
            hint="remove `export_schedules` from the organization's YAML, or ask for a newer Keeptrusts",
        )
