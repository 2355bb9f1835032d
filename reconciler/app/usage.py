"""Usage for a command: from the files that were named, or from an export that Keeptrusts is asked for."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.app.listening import note, progress, say
from reconciler.app.session import connected
from reconciler.findings import Finding, Position, RemoteError, Severity, UsageError
from reconciler.forecast.windows import trailing_window
from reconciler.report.wording import counted
from reconciler.settings import Settings
from reconciler.usage.engine_names import DUCKDB

if TYPE_CHECKING:
    from reconciler.keeptrusts.channel import OnAnswer
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage
    from reconciler.usage.store.use import StoreUse

    ReadWith = Callable[["Exports"], "Read"]


def obtain_usage(
    settings: Settings,
    desired: Desired,
    connection: Connection | None,
    *,
    since: date | None = None,
    named: DailyUsage | None = None,
    ledgers: bool = True,
) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    """Return daily usage and what is to be said about it.

    It is that of the trailing year, and since `since`. Without `--usage` an export is created, awaited and downloaded.
    When this Keeptrusts does not give one, usage is None and a warning says so: the forecast then goes by what the
    ledger settled. `named` is what was read already of the files that were named. Without `ledgers` nothing stands for
    days that are missing there.
    """
    from reconciler.app.beside_usage import with_days_beside
    from reconciler.app.dashboard import spend_findings
    from reconciler.report.missing_days import missing_days
    from reconciler.report.usage_doubts import usage_findings

    currency = desired.organization.currency
    missing = partial(missing_days, as_of=settings.as_of, is_named=bool(settings.usage))
    if connection is None:
        usage = from_files(settings, desired, since=since) if settings.usage else None
        if usage is None:
            return None, ()
        return usage, (*usage_findings(usage.source, currency=currency), *missing(usage.source, ledgers=False))
    try:
        if settings.usage:
            usage = named or from_files(settings, desired, since=since)
        else:
            usage = exported(settings, desired, connection, since=since)
    except (RemoteError, UsageError) as error:
        if settings.usage:
            raise
        logging.getLogger(__name__).warning("no export: %s", error.message)
        return None, (_unavailable(desired),)
    compared = spend_findings(desired, connection, usage, as_of=settings.as_of)
    if ledgers:
        usage = with_days_beside(desired, connection, usage, as_of=settings.as_of)
    silent = missing(usage.source, ledgers=ledgers, is_confirmed=compared == ())
    return usage, (*usage_findings(usage.source, currency=currency), *silent, *(compared or ()))


def _unavailable(desired: Desired) -> Finding:
    return Finding(
        Position(desired.organization_path),
        "usage-unavailable",
        Severity.WARNING,
        "Keeptrusts gave no export, so past spend is known from this month's ledger alone",
        "name export files with `--usage`, or use a token that may create export jobs",
    )


def usage_alone(
    settings: Settings, desired: Desired, purpose: str, *, since: date | None = None, compare: bool = False
) -> tuple[DailyUsage, tuple[Finding, ...]]:
    """Return what `obtain_usage` does for what reads nothing else of Keeptrusts: of our organization alone.

    With `compare` files are held against the dashboard where there is a token. `purpose` is what cannot be done without
    usage. Raises UnauthorizedError where the token belongs to another organization, and RemoteError where Keeptrusts
    gives no export.
    """
    usage, doubts = _usage_alone(settings, desired, since=since, compare=compare)
    if usage is None:
        raise RemoteError(
            f"there is no usage to {purpose}: Keeptrusts gave no export", hint="name export files with `--usage`"
        )
    return usage, doubts


def _usage_alone(
    settings: Settings, desired: Desired, *, since: date | None, compare: bool
) -> tuple[DailyUsage | None, tuple[Finding, ...]]:
    if settings.usage and not (compare and (settings.token or settings.sandbox)):
        return obtain_usage(settings, desired, None, since=since)
    from reconciler.keeptrusts.reader import Reader

    with connected(settings, desired) as connection:
        with Reader(connection) as reader:
            reader.require_organization(desired.organization.organization)
        return obtain_usage(settings, desired, connection, since=since, ledgers=False)


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
        file = _download(settings, connection, Path(folder), _first(settings, since), on_answer)
        exports = exports_of(settings, desired, since=since)
        return _downloaded(_told(exports._replace(paths=(str(file),), store=None, engine=DUCKDB), read_exports))


def from_files(
    settings: Settings, desired: Desired, *, since: date | None = None, read: ReadWith | None = None
) -> DailyUsage:
    """Return the usage of the trailing year, and since `since`, from the files that were named.

    `read` is what reads them, by default `read_exports` in this process.

    Raises UsageError where they hold rows of which not one can be used: nothing that was read is not nothing spent.
    """
    exports = exports_of(settings, desired, since=since)
    usage = _told(exports, read or read_exports)
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
    "bad-timestamp": f"{_MAP}, without saving it from a spreadsheet, which writes times in its own way",
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


class Exports(NamedTuple):
    """Which exports are read, and how: what `read_usage` takes. `store` is the place of a store, if there is one."""

    paths: tuple[str, ...]
    first: date
    end: date
    columns: Mapping[str, str]
    currency: str
    known_wallets: Collection[str]
    store: str | None
    engine: str


class Read(NamedTuple):
    """Usage, and what a store was good for on the way."""

    usage: DailyUsage
    uses: tuple[StoreUse, ...]


def read_exports(exports: Exports, *, folder: Path | None = None) -> Read:
    """Read exports; temporary files go to `folder`, if one is given. Raises what `read_usage` does."""
    from reconciler.usage.read import read_usage
    from reconciler.usage.store.session import Store

    uses: list[StoreUse] = []
    usage = read_usage(
        exports.paths,
        first=exports.first,
        end=exports.end,
        columns=exports.columns,
        currency=exports.currency,
        known_wallets=exports.known_wallets,
        folder=folder,
        store=Store(exports.store, uses.append) if exports.store else None,
        engine=exports.engine,
    )
    return Read(usage, tuple(uses))


def exports_of(settings: Settings, desired: Desired, *, since: date | None = None) -> Exports:
    """Return which of the exports that were named are read: of the trailing year, and since `since`."""
    _, end = trailing_window(settings.as_of)
    return Exports(
        paths=settings.usage,
        first=_first(settings, since),
        end=end,
        columns={str(ours): theirs for ours, theirs in desired.organization.usage.columns.items()},
        currency=desired.organization.currency,
        known_wallets=frozenset(map(str, desired.wallets)),
        store=settings.usage_store,
        engine=settings.engine,
    )


def _told(exports: Exports, read: ReadWith) -> DailyUsage:
    with progress("Reading usage"):
        usage, uses = read(exports)
    for use in uses:
        _tell_use(use, exports.store or "")
    source = usage.source
    days = (source.rows, source.first_day, source.last_day)
    logging.getLogger(__name__).info("read usage: %d events from %s to %s", *days)
    return usage


def _tell_use(use: StoreUse, place: str) -> None:
    from reconciler.usage.files import shown

    note(f"usage store {shown(place)}: {use}")
    if use.trouble:
        say(f"the usage store {shown(place)} was not used as it is: {use.trouble}")
