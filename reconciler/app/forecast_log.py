"""Forecasts that people acted on: logged when their plan is applied, read to say how wrong they were.

Decision 0101.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from reconciler.app.listening import say
from reconciler.journal.forecast_log import LogReading, forecast_log
from reconciler.journal.record import JournalError
from reconciler.model.change import Allocate, Reclaim
from reconciler.model.forecast_log import LoggedForecast, logged_forecasts
from reconciler.model.track_record import RangeAlarm, TrackRecord
from reconciler.report.spans import visible
from reconciler.report.wording import agree, counted

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.plan import Plan
    from reconciler.model.usage import DailyUsage
    from reconciler.policy.plan_record import PlanRecord
    from reconciler.settings import Settings

LOGGED_MONTHS = 12
"""So many whole months back the log is looked at, unless somebody asks for others."""
_TOLD = 3
"""So many lines of a log that are none are told one by one."""


def log_plan(settings: Settings, plan: Plan) -> None:
    """Log what the plan that was applied by hand had forecast. Where that is not possible, it is said."""
    log_forecasts(settings, logged_forecasts(plan))


def log_records(settings: Settings, records: Iterable[PlanRecord]) -> None:
    """Log what the plans had forecast that were shown in merged pull requests, as their records say."""
    found = list(records)
    log_forecasts(settings, [shown for record in found for shown in record.forecasts or ()])
    if silent := sum(record.forecasts is None for record in found):
        say(
            f"the record of {counted(silent, 'plan')} {'names' if silent == 1 else 'name'} no forecasts, so they are"
            " not logged: there was no room for them, or an earlier version wrote it"
        )


def log_forecasts(settings: Settings, shown: Sequence[LoggedForecast]) -> None:
    """Log forecasts that are not in the log yet. A log that cannot be written stops nothing, and is told."""
    if not shown:
        return
    try:
        forecast_log(settings.journal, folder=settings.root).append(shown)
    except JournalError as error:
        say(
            f"{counted(len(shown), 'forecast')} {agree(len(shown), 'is')} not logged, and"
            f" `kt-budgets backtest --logged` will not know of {'it' if len(shown) == 1 else 'them'}: {error.message}",
            error.hint,
        )


def log_place(settings: Settings) -> str:
    """Return where forecasts are logged, for people."""
    return str(forecast_log(settings.journal, folder=settings.root))


def read_log(settings: Settings, organization: str) -> LogReading:
    """Return what is logged, and the lines that are no forecast of ours.

    Raises:
        JournalError: the log cannot be reached.
    """
    return forecast_log(settings.journal, folder=settings.root).read(organization)


def _entries(settings: Settings, organization: str) -> tuple[LoggedForecast, ...]:
    """Return what is logged; what is wrong with the log is said, with its place."""
    try:
        reading = read_log(settings, organization)
    except JournalError as error:
        say(f"the log of forecasts cannot be read: {error.message}", error.hint)
        return ()
    for position, why in reading.problems[:_TOLD]:
        say(f"{visible(str(position))}: this line of the log of forecasts is not looked at: {visible(why, 300)}")
    if (more := len(reading.problems) - _TOLD) > 0:
        say(f"{counted(more, 'more line')} of the log of forecasts {agree(more, 'is')} not looked at")
    return reading.entries


def alarmed(settings: Settings, desired: Desired, usage: DailyUsage) -> RangeAlarm | None:
    """Return what is wrong with the 80% range by the log of the last year; None where nothing is, or none is known."""
    from reconciler.forecast.calibration import calibration, judged
    from reconciler.forecast.range_alarm import range_alarm
    from reconciler.model.period import Period

    organization = desired.organization
    since = Period.of(settings.as_of).plus(-LOGGED_MONTHS)
    entries = [one for one in _entries(settings, organization.organization) if one.period >= since]
    found = judged(entries, usage, as_of=settings.as_of, currency=organization.currency)
    return range_alarm(calibration(found.met))


def track_record(settings: Settings, desired: Desired, usage: DailyUsage | None, plan: Plan) -> TrackRecord | None:
    """Return how forecasts came out before: by the log, else by a replay of the past of the wallets that change."""
    if usage is None or not plan.impact:
        return None
    from reconciler.forecast.calibration import judged, logged_record, replayed_record

    organization = desired.organization
    entries = _entries(settings, organization.organization)
    found = judged(entries, usage, as_of=settings.as_of, currency=organization.currency)
    moved = {change.wallet for change in plan.changes if isinstance(change, Allocate | Reclaim)}
    return logged_record(found) or replayed_record(
        usage, moved, as_of=settings.as_of, organization=organization.organization
    )
