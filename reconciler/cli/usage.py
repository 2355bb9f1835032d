"""Usage for a command: from the files that were named, or from an export that Keeptrusts is asked for."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.progress import progress
from reconciler.findings import Finding, Position, RemoteError, Severity, UsageError
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage


def obtain_usage(
    settings: Settings, desired: Desired, connection: Connection | None
) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    """Return daily usage and what is to be said about it.

    Without `--usage` an export of the trailing year is created, awaited and downloaded. When this Keeptrusts does
    not give one, usage is None and a warning says so: the forecast then goes by what the ledger settled.
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
    except (RemoteError, UsageError) as error:
        logging.getLogger(__name__).warning("no export: %s", error.message)
        return None, (
            Finding(
                Position(desired.organization_path),
                "usage-unavailable",
                Severity.WARNING,
                "Keeptrusts gave no export, so past spend is known from this month's ledger alone",
                "name export files with `--usage`, or use a token that may create export jobs",
            ),
        )
    return usage, tuple(
        replace(doubt, position=Position("export" if doubt.position.line else "usage", doubt.position.line))
        for doubt in _usage_findings(usage)
    )


def _download(settings: Settings, connection: Connection, folder: Path) -> Path:
    from reconciler.keeptrusts.exports import ExportJobs
    from reconciler.usage.window import trailing_window

    first, _ = trailing_window(settings.as_of)
    with ExportJobs(connection) as jobs, progress("Waiting for the export of the past year") as advance:
        job = jobs.create("events", "csv", date_from=first, date_to=settings.as_of)
        return jobs.download(jobs.wait(job, on_progress=advance), folder)


def _read(settings: Settings, desired: Desired, paths: tuple[str, ...]) -> DailyUsage:
    from reconciler.usage.read import read_usage
    from reconciler.usage.window import trailing_window

    first, end = trailing_window(settings.as_of)
    with progress("Reading usage"):
        return read_usage(
            paths,
            first=first,
            end=end,
            columns={str(ours): theirs for ours, theirs in desired.organization.usage.columns.items()},
            known_wallets=frozenset(desired.wallets),
        )


def _usage_findings(usage: DailyUsage) -> tuple[Finding, ...]:
    """Return what is doubtful in the events: rows that could not be used, cost nothing, or belong to nobody here."""
    source = usage.source
    issues = [
        Finding(Position(issue.path, issue.row, 1 if issue.row else 0), issue.code, Severity.WARNING, issue.message)
        for issue in source.issues
    ]
    if not source.rows:
        issues.append(
            Finding(
                Position("usage"),
                "no-events",
                Severity.WARNING,
                "the usage that was given holds no event of the past 400 days, so past spend is known from this month's"
                " ledger alone",
                "name exports of the trailing year with `--usage`",
            )
        )
    if source.unpriced_rows:
        issues.append(
            Finding(
                Position("usage"),
                "unpriced-events",
                Severity.WARNING,
                f"{source.unpriced_rows:,} events carry tokens, cost nothing and are no cache hits:"
                f" {source.unpriced_share:.1%} of all tokens have no price, so spend is understated",
                "give their models a price in Keeptrusts",
            )
        )
    if source.unknown_teams:
        most = sorted(source.unknown_teams.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{team} ({count:,})" for team, count in most[:5])
        others = f" and {len(most) - 5} more" if len(most) > 5 else ""
        issues.append(
            Finding(
                Position("usage"),
                "unknown-teams",
                Severity.WARNING,
                f"{sum(source.unknown_teams.values()):,} events belong to teams that no wallet names: {named}{others}",
                "add their `team_id` to a team's wallets, or leave them unmanaged",
            )
        )
    return tuple(issues)
