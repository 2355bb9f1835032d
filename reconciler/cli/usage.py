"""Usage for a command: from the files that were named, or from an export that Keeptrusts is asked for."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.progress import progress
from reconciler.findings import Finding, Position, RemoteError, Severity
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage

HISTORY_DAYS = 400


def obtain_usage(
    settings: Settings, desired: Desired, connection: Connection | None
) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    """Return daily usage and what is to be said about it.

    Without `--usage` an export of the trailing year is created, awaited and downloaded. When this Keeptrusts does
    not give one, usage is None and a warning says so: the forecast then is the plan's own baseline, marked as such.
    """
    if settings.usage:
        usage = _read(settings, desired, settings.usage)
        return usage, _usage_findings(usage)
    if connection is None:
        return None, ()
    try:
        with tempfile.TemporaryDirectory(prefix="kt-budgets-") as folder:
            file = _download(settings, connection, Path(folder))
            usage = _read(settings, desired, (str(file),))
    except RemoteError as error:
        logging.getLogger(__name__).warning("no export: %s", error.message)
        return None, (
            Finding(
                Position(desired.organization_path),
                "usage-unavailable",
                Severity.WARNING,
                "Keeptrusts gave no export, so nothing is known of past spend: the forecast is the plan's own baseline",
                "name export files with `--usage`, or use a token that may create export jobs",
            ),
        )
    return usage, tuple(
        replace(doubt, position=Position("export", doubt.position.line)) for doubt in _usage_findings(usage)
    )


def _download(settings: Settings, connection: Connection, folder: Path) -> Path:
    from reconciler.keeptrusts.exports import ExportJobs

    first = settings.as_of - timedelta(days=HISTORY_DAYS)
    with ExportJobs(connection) as jobs, progress("Waiting for the export of the past year") as advance:
        job = jobs.create("events", "csv", date_from=first, date_to=settings.as_of)
        return jobs.download(jobs.wait(job, on_progress=advance), folder)


def _read(settings: Settings, desired: Desired, paths: tuple[str, ...]) -> DailyUsage:
    from reconciler.usage.read import read_usage

    with progress("Reading usage"):
        return read_usage(
            paths,
            first=settings.as_of - timedelta(days=HISTORY_DAYS),
            end=settings.as_of,
            columns=desired.organization.usage.columns,
            known_wallets=frozenset(desired.wallets),
        )


def _usage_findings(usage: DailyUsage) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            Position(issue.path, issue.row, 1 if issue.row else 0),
            issue.code,
            Severity.WARNING,
            issue.message,
        )
        for issue in usage.source.issues
    )
