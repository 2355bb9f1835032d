"""Pull: exports of the past year and a month, month by month, each fetched once, proved whole and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from reconciler.app.evidence.store import ExportStore, digest_of_file, only_one
from reconciler.app.listening import note, progress, say
from reconciler.app.session import connected, load_desired
from reconciler.findings import RemoteError
from reconciler.forecast.windows import trailing_window
from reconciler.model.exports import ExportsManifest, KeptExport
from reconciler.model.money import ZERO, rounding
from reconciler.model.period import Period
from reconciler.report.renderers import Printed

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.exports import ExportJob, ExportJobs
    from reconciler.model.desired import Desired
    from reconciler.settings import Settings

PARTIAL = ".partial"
"""Where a file is until it was read whole; what a killed run left there is removed."""

Days = tuple[date, date]
"""Both included, as an export job takes them."""


@dataclass(frozen=True, slots=True)
class Pulled(Printed):
    """What lies in the folder now, and how much of it was fetched by this run."""

    manifest: ExportsManifest
    folder: Path
    fetched: int

    def document(self) -> ExportsManifest:
        return self.manifest


def months_of(as_of: date) -> Iterator[Days]:
    """Yield the months that usage is looked at in before `as_of`, oldest first; of the last one its whole days."""
    first, _ = trailing_window(as_of)
    month = Period.of(first)
    while month.first < as_of:
        yield _whole_days(month, as_of)
        month = month.plus(1)


def _whole_days(month: Period, as_of: date) -> Days:
    return month.first, min(month.end, as_of) - timedelta(days=1)


def pull(settings: Settings, folder: Path, *, poll: float = 0.1) -> Pulled:
    """Fetch what is missing in `folder` of the exports of the past year, and return what lies there then.

    Where a month was asked for, of that one alone.
    A file that is there and whole is not asked for again; a job that was created before is asked for its file. `poll`
    is the first wait between two looks at a job, in seconds.

    Raises:
        LockHeldError: another run fetches into the folder.
        RemoteError: Keeptrusts does not give an export whole; what was fetched before is kept.
        UsageError: an export cannot be read.
    """
    desired, _ = load_desired(settings)
    organization = desired.organization
    month = settings.asked_month()
    wanted = [_whole_days(month, settings.as_of)] if month else list(months_of(settings.as_of))
    with only_one(folder), connected(settings, desired) as connection:
        store = ExportStore(folder, organization=organization.organization, currency=organization.currency)
        _require(connection, organization.organization)
        fetched = 0
        with progress("Fetching exports, month by month") as advance:
            for number, days in enumerate(wanted):
                advance(number, len(wanted))
                kept = store.manifest.of(*days)
                if kept is not None and store.is_whole(kept):
                    if kept.exact_cost is None or kept.spend_rounding is None:
                        _count_exactly(store, kept, desired)
                    continue
                if kept is not None:
                    say(f"{store.files / kept.file} is not as it was fetched: it is fetched again")
                _fetch(store, desired, connection, days, poll)
                fetched += 1
        _remove_others(store)
    return Pulled(store.manifest, folder, fetched)


def _require(connection: Connection, organization: str) -> None:
    from reconciler.keeptrusts.reader import Reader

    with Reader(connection) as reader:
        reader.require_organization(organization)


def _fetch(store: ExportStore, desired: Desired, connection: Connection, days: Days, poll: float) -> None:
    """Create a job, unless one was created before, and keep its file once it could be read whole."""
    from reconciler.keeptrusts.exports import ExportJobs

    first, last = days
    with ExportJobs(connection, poll=poll) as jobs:
        job = _resumed(jobs, store.manifest.job_of(first, last))
        if job is None:
            job = jobs.create("events", "csv", date_from=first, date_to=last)
            store.save(store.manifest.asking(first, last, job.id))
            job = jobs.wait(job)
        downloaded = jobs.download(job, store.folder / PARTIAL)
    shown = _shown(connection, desired.organization.currency, days)
    file = store.files / _name(days, downloaded)
    total = None if shown is None else sum(shown, Decimal(0))
    read = _read(downloaded, desired, days, job.id, total, rounded=rounding(*shown or ()))
    kept = read.model_copy(update={"file": file.name})
    store.files.mkdir(exist_ok=True)
    downloaded.replace(file)
    store.save(store.manifest.keeping(kept))
    note(f"{file}: {kept.rows:,} events, {desired.organization.currency} {kept.cost:,.2f}")


def _count_exactly(store: ExportStore, kept: KeptExport, desired: Desired) -> None:
    """Read a file again of which the manifest does not know what rounding makes, as earlier releases wrote it.

    The dashboard had a row for each team that is in the file.
    """
    read = _read(store.files / kept.file, desired, (kept.first_day, kept.last_day), kept.job, kept.spend)
    store.save(store.manifest.keeping(read))


def _resumed(jobs: ExportJobs, known: str | None) -> ExportJob | None:
    """Return a job that was created before, completed; None where there is none, or it came to nothing."""
    if known is None:
        return None
    from reconciler.keeptrusts.exports import ExportJob

    try:
        return jobs.wait(ExportJob(known, "queued", "csv"))
    except RemoteError as error:
        if error.__class__ is not RemoteError and getattr(error, "status", 404) not in (404, 410):
            raise
        say(f"the export job {known} came to nothing, so another is created: {error.message}")
        return None


def _name(days: Days, downloaded: Path) -> str:
    first, last = days
    whole = Period.of(first).end == last + timedelta(days=1)
    stem = f"events-{Period.of(first)}" if whole else f"events-{first}-to-{last}"
    return f"{stem}{''.join(downloaded.suffixes)}"


def _read(
    file: Path, desired: Desired, days: Days, job: str, shown: Decimal | None, *, rounded: Decimal | None = None
) -> KeptExport:
    from reconciler.report.usage_doubts import usage_summary
    from reconciler.usage.read import read_usage

    usage = read_usage(
        (str(file),),
        first=days[0],
        end=days[1] + timedelta(days=1),
        columns={str(ours): theirs for ours, theirs in desired.organization.usage.columns.items()},
        currency=desired.organization.currency,
        known_wallets=frozenset(desired.wallets),
    )
    left_out = usage_summary(usage.source).left_out
    return KeptExport(
        file=file.name,
        first_day=days[0],
        last_day=days[1],
        digest=digest_of_file(file),
        size=file.stat().st_size,
        job=job,
        rows=usage.source.rows,
        cost=usage.spent,
        exact_cost=usage.spent,
        left_out=left_out.rows,
        left_out_cost=left_out.cost,
        left_out_elsewhere=left_out.elsewhere,
        left_out_unread=left_out.unread,
        spend=shown,
        spend_rounding=rounding(*(ZERO for _ in {*usage.wallet})) if rounded is None else rounded,
    )


def _shown(connection: Connection, currency: str, days: Days) -> list[Decimal] | None:
    """Return what the dashboard shows for these days, row by row, None where it shows nothing."""
    from reconciler.keeptrusts.reader import Reader

    with Reader(connection) as reader:
        rows = reader.spend(days[0], days[1] + timedelta(days=1))
    return None if rows is None else [row.cost for row in rows if row.currency == currency]


def _remove_others(store: ExportStore) -> None:
    """Remove exports of an earlier part of a month, whose place another took, and what a killed run left behind."""
    rmtree(store.folder / PARTIAL, ignore_errors=True)
    named = {kept.file for kept in store.manifest.exports}
    for path in store.files.glob("events-*"):
        if path.name not in named:
            path.unlink()
            note(f"{path} was removed: another export has its days")
