"""Spend: what was spent this month, by dashboard, export and ledger, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from reconciler.app.dashboard import SPEND_DISAGREES
from reconciler.app.listening import progress
from reconciler.app.session import connected, load_desired
from reconciler.app.usage import obtain_usage
from reconciler.findings import Finding, UsageError
from reconciler.model.forecast import ForecastNotice
from reconciler.model.money import rounding
from reconciler.model.period import Period
from reconciler.model.spend import ByDay, Payment, Reading, SpendDocument, SpentRow
from reconciler.plan.agreement import NOTHING, disagreements, needs_days
from reconciler.report.renderers import Printed

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage
    from reconciler.settings import Settings

Shown = Mapping[str, tuple[SpentRow, ...] | None]


@dataclass(frozen=True, slots=True)
class CurrentSpend(Printed):
    """What was spent, and what is to be said about it."""

    facts: SpendDocument

    def document(self) -> SpendDocument:
        return self.facts

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return [notice.told for notice in self.facts.notices]


def spend(settings: Settings) -> CurrentSpend:
    """Return what was spent in the month of `settings`, on days that are over.

    On the first of a month that is the month before. Every wallet's ledger is read, so that what the organization's
    own wallet paid for a team is known.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: the month is still to come.
        RemoteError: Keeptrusts cannot be read whole.
    """
    first, end = days_of(settings)
    desired, _ = load_desired(settings)
    with connected(settings, desired) as connection:
        shown, payments = _read(desired, connection, first, end)
        usage, doubts = obtain_usage(settings, desired, connection, since=first, ledgers=False)
        reading = _reading(desired, shown, payments, usage, first, end)
        if needs_days(reading):
            reading = replace(reading, days=_single_days(connection, reading, desired))
    return CurrentSpend(_document(settings, desired, reading, shown, payments, usage, doubts))


def days_of(settings: Settings) -> tuple[date, date]:
    """Return the days [first, end) that are looked at: whole ones alone."""
    period = settings.period
    if period.first == settings.as_of:
        period = period.plus(-1)
    if period.first > settings.as_of:
        raise UsageError(
            f"{settings.period} is still to come on {settings.as_of}, so nothing was spent in it",
            hint=f"name a month until {Period.of(settings.as_of)}, or another day with `--as-of`",
        )
    return period.first, min(period.end, settings.as_of)


def _read(desired: Desired, connection: Connection, first: date, end: date) -> tuple[Shown, tuple[Payment, ...]]:
    from reconciler.keeptrusts.reader import Reader
    from reconciler.keeptrusts.spending import DIMENSIONS

    with Reader(connection) as reader, progress("Reading every ledger") as advance:
        payments = reader.payments(desired.organization.organization, Period.of(first), on_progress=advance)
        shown: Shown = {name: reader.spend(first, end, name) for name in DIMENSIONS}
    return shown, payments


def _reading(
    desired: Desired,
    shown: Shown,
    payments: Sequence[Payment],
    usage: DailyUsage | None,
    first: date,
    end: date,
) -> Reading:
    from reconciler.plan.spent import Events, paid

    currency = desired.organization.currency
    ledger, elsewhere = paid(payments, currency, first, end)
    rounded = paid(payments, currency, first, end, of=rounding)
    spend = {
        name: None if rows is None else {row.key: row for row in rows if row.currency == currency}
        for name, rows in shown.items()
    }
    export = Events(usage, first, end).days() if usage is not None else None
    return Reading(first, end, spend, export, ledger, elsewhere, {}, *rounded)


def _single_days(connection: Connection, reading: Reading, desired: Desired) -> ByDay:
    from reconciler.keeptrusts.reader import Reader

    days = [reading.first + timedelta(days=number) for number in range((reading.end - reading.first).days)]
    currency = desired.organization.currency
    with Reader(connection) as reader, progress("Looking for the day since which they differ"):
        found = reader.spend_on(days)
    return {(day, row.key): row.cost for day, rows in found.items() for row in rows if row.currency == currency}


def _document(
    settings: Settings,
    desired: Desired,
    reading: Reading,
    shown: Shown,
    payments: Sequence[Payment],
    usage: DailyUsage | None,
    doubts: Sequence[Finding],
) -> SpendDocument:
    from reconciler.plan import spent

    first, end, currency = reading.first, reading.end, desired.organization.currency
    events = spent.Events(usage, first, end) if usage is not None else None
    wallets = spent.wallets(reading, events, desired)
    elsewhere = sum(reading.elsewhere.values(), NOTHING)
    total = spent.added("", wallets)
    differ = disagreements(reading, desired)
    return SpendDocument(
        organization=desired.organization.organization,
        currency=currency,
        as_of=settings.as_of,
        first_day=first,
        last_day=end - timedelta(days=1),
        total=total.model_copy(update={"ledger": (total.ledger or NOTHING) + elsewhere}),
        wallets=wallets,
        teams=spent.teams(wallets),
        workloads=spent.dimension(reading.spend["workload"], events.by(spent.workload_of) if events else None),
        models=spent.dimension(reading.spend["model"], events.by(spent.model_of) if events else None),
        paid_elsewhere=elsewhere,
        other_currencies=spent.other_currencies(shown["team"] or (), payments, currency, first, end),
        agrees=not differ,
        disagreements=differ,
        notices=tuple(_notices(reading, doubts)),
    )


def _notices(reading: Reading, doubts: Sequence[Finding]) -> Iterator[ForecastNotice]:
    if reading.spend["team"] is None:
        yield ForecastNotice(
            code="no-dashboard",
            message="this Keeptrusts shows no current spend (GET /v1/spend), or not to this token",
            hint="use a token that may read spend; export and ledger are compared all the same",
        )
    for doubt in (doubt for doubt in doubts if doubt.code != SPEND_DISAGREES):
        yield ForecastNotice(code=doubt.code, message=f"{doubt.position}: {doubt.message}", hint=doubt.hint)
