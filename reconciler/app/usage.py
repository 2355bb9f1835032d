"""Usage for a command: from the files that were named, or from an export that Keeptrusts is asked for."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.listening import note, progress, say
from reconciler.app.session import connected
from reconciler.findings import Finding, Position, RemoteError, Severity, UsageError
from reconciler.forecast.windows import trailing_window
from reconciler.report.wording import counted
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.keeptrusts.channel import OnAnswer
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage


def obtain_usage(
    settings: Settings,
    desired: Desired,
    connection: Connection | None,
    *,
    since: date | None = None,
    named: DailyUsage | None = None,
) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    """Return daily usage and what is to be said about it.

    It is that of the trailing year, and since `since`. Without `--usage` an export is created, awaited and downloaded.
    When this Keeptrusts does not give one, usage is None and a warning says so: the forecast then goes by what the
    ledger settled. `named` is what was read already of the files that were named.
    """
    from reconciler.app.dashboard import spend_findings
    from reconciler.report.usage_doubts import usage_findings

    currency = desired.organization.currency
    if connection is None:
        usage = from_files(settings, desired, since=since) if settings.usage else None
        return usage, usage_findings(usage.source, currency=currency) if usage else ()
    try:
        if settings.usage:
            usage = named or from_files(settings, desired, since=since)
        else:
            usage = exported(settings, desired, connection, since=since)
    except (RemoteError, UsageError) as error:
        if settings.usage:
            raise
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
    compared = spend_findings(desired, connection, usage, as_of=settings.as_of)
    return usage, (*usage_findings(usage.source, currency=currency), *compared)


def usage_alone(
    settings: Settings, desired: Desired, *, since: date | None = None, compare: bool = False
) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    """Return what `obtain_usage` does for what reads nothing else of Keeptrusts: of our organization alone.

    With `compare` files are held against the dashboard where there is a token. Raises UnauthorizedError where the token
    belongs to another organization.
    """
    if settings.usage and not (compare and (settings.token or settings.sandbox)):
        return obtain_usage(settings, desired, None, since=since)
    from reconciler.keeptrusts.reader import Reader

    with connected(settings, desired) as connection:
        with Reader(connection) as reader:
            reader.require_organization(desired.organization.organization)
        return obtain_usage(settings, desired, connection, since=since)


def exported(
    settings: Settings,
    desired: Desired,
    connection: Connection,
    *,
    on_answer: OnAnswer | None = None,
    since: date | None = None,
) -> DailyUsage:
    """Return the usage of the trailing year, and since `since`, from an export that Keeptrusts is asked for.

    `on_answer` is told of every answer about the job. Raises RemoteError where it gives none, and UsageError where the
    export cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="kt-budgets-") as folder:
        first = _first(settings, since)
        file = _download(settings, connection, Path(folder), first, on_answer)
        return _downloaded(_read(settings, desired, (str(file),), first))


def from_files(settings: Settings, desired: Desired, *, since: date | None = None) -> DailyUsage:
    """Return the usage of the trailing year, and since `since`, from the files that were named.

    Raises UsageError where they hold rows of which not one can be used: nothing that was read is not nothing spent.
    """
    usage = _read(settings, desired, settings.usage, _first(settings, since), engine=settings.engine)
    unusable = [issue for issue in usage.source.issues if issue.code in _UNUSABLE]
    if unusable and not usage.source.rows:
        most = max(unusable, key=lambda issue: issue.count)
        rows = counted(sum(issue.count for issue in unusable), "row")
        place = f"{most.path}:{most.row}" if most.row else most.path
        raise UsageError(
            f"{place}: nothing of the usage that was named can be used, {rows} in all:"
            f" {most.message.removesuffix('; left out')}",
            hint=_UNUSABLE[most.code],
        )
    return usage


_MAP = "say under `usage: columns:` in org.yaml which column holds it, or make the export again"
_UNUSABLE = {
    "bad-timestamp": _MAP,
    "bad-cost": _MAP,
    "no-team": _MAP,
    "other-currency": "name an export in the currency of org.yaml, or correct `currency` there",
    "wrong-columns": "make the export again, with the same columns in each row",
    "not-utf8": "make the export again, as UTF-8",
}
"""What to do about rows that cannot be used, by why; others are readable, and of days that are not looked at."""


def _first(settings: Settings, since: date | None) -> date:
    trailing, _ = trailing_window(settings.as_of)
    return min(trailing, since or trailing)


def _downloaded(usage: DailyUsage) -> DailyUsage:
    """Return `usage` without the name of the file that it was downloaded to, which is gone."""
    issues = tuple(replace(issue, path="export" if issue.row else "usage") for issue in usage.source.issues)
    return replace(usage, source=replace(usage.source, issues=issues))


def _download(
    settings: Settings, connection: Connection, folder: Path, first: date, on_answer: OnAnswer | None
) -> Path:
    from reconciler.keeptrusts.exports import ExportJobs

    with (
        ExportJobs(connection, on_answer=on_answer) as jobs,
        progress("Waiting for the export of the past year") as advance,
    ):
        job = jobs.create("events", "csv", date_from=first, date_to=settings.as_of)
        return jobs.download(jobs.wait(job, on_progress=advance), folder)


def _read(
    settings: Settings, desired: Desired, paths: tuple[str, ...], first: date, *, engine: str = "duckdb"
) -> DailyUsage:
    from reconciler.usage.files import shown
    from reconciler.usage.read import read_usage
    from reconciler.usage.store.session import Store, StoreUse

    _, end = trailing_window(settings.as_of)
    uses: list[StoreUse] = []
    place = settings.usage_store if paths == settings.usage else None
    with progress("Reading usage"):
        usage = read_usage(
            paths,
            first=first,
            end=end,
            columns={str(ours): theirs for ours, theirs in desired.organization.usage.columns.items()},
            currency=desired.organization.currency,
            known_wallets=frozenset(desired.wallets),
            store=Store(place, uses.append) if place else None,
            engine=engine,
        )
    for use in uses:
        note(f"usage store {shown(place or '')}: {use}")
        if use.trouble:
            say(f"the usage store {shown(place or '')} was not used as it is: {use.trouble}")
    source = usage.source
    days = (source.rows, source.first_day, source.last_day)
    logging.getLogger(__name__).info("read usage: %d events from %s to %s", *days)
    return usage
