"""Hold the forecasts that people acted on against what came."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.forecast_log import LOGGED_MONTHS, log_place, read_log
from reconciler.app.outlook.backtest import as_it_was
from reconciler.app.outlook.notices import usage_words
from reconciler.app.session import load_desired
from reconciler.app.usage import usage_alone
from reconciler.app.wallet_names import chosen
from reconciler.model.forecast_log import CalibrationDocument, LogProblem
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen

if TYPE_CHECKING:
    from reconciler.model.forecast_log import LoggedForecast
    from reconciler.model.period import Period
    from reconciler.report.calibration_text import CalibrationPage
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Calibrated(Answer):
    """How logged forecasts compare with what came."""

    page: CalibrationPage

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return self.page.notices

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json` (kt-budgets.calibration/1)."""
        return render("calibration", format_, self.page, screen)


def calibrated(settings: Settings, *, wallets: Sequence[str] = (), months: int = LOGGED_MONTHS) -> Calibrated:
    """Return how the logged forecasts of `wallets` (each TEAM or TEAM/ENV; none: all) of `months` compare with usage.

    `months` are the last whole ones before `settings.as_of`, or until the month that was asked for. Teams that git does
    not declare any more count when all wallets are asked for.

    Raises:
        UsageError: a wallet is not declared.
        RemoteError: Keeptrusts gives no export, and no files were named.
        FindingsError: the YAML has errors.
        JournalError: the log cannot be reached.
    """
    from reconciler.forecast.calibration import by_team, calibration, judged, pit
    from reconciler.forecast.range_alarm import range_alarm
    from reconciler.model.period import Period
    from reconciler.report.calibration_text import CalibrationPage

    desired, _ = load_desired(settings)
    organization, keys = desired.organization, chosen(desired, wallets)
    reading = read_log(settings, organization.organization)
    settings = as_it_was(settings)
    entries = _asked(reading.entries, keys, since=Period.of(settings.as_of).plus(-months), last=settings.month)
    usage, doubts = usage_alone(settings, desired, "replay")
    found = judged(entries, usage, as_of=settings.as_of, currency=organization.currency)
    overall, steps = calibration(found.met), pit(found.met)
    alarm = range_alarm(overall)
    facts = CalibrationDocument(
        organization=organization.organization,
        currency=organization.currency,
        as_of=settings.as_of,
        log=log_place(settings),
        logged=len(entries),
        months=found.months,
        enough=found.is_enough,
        overall=overall,
        alarm=alarm,
        pit=steps,
        certain=len(found.met) - sum(step.count for step in steps),
        teams=by_team(found.met),
        not_judged=found.not_judged(),
        problems=tuple(LogProblem(position=str(where), message=why) for where, why in reading.problems),
    )
    told = [(doubt.code, f"{doubt.position}: {doubt.message}", doubt.hint) for doubt in doubts]
    told += [(alarm.code, alarm.message, alarm.hint)] if alarm else []
    return Calibrated(CalibrationPage(facts, usage_words(usage), told))


def _asked(
    logged: Iterable[LoggedForecast], wallets: Collection[str] | None, *, since: Period, last: Period | None
) -> list[LoggedForecast]:
    """Return what was logged for `wallets` (None: all) of the months from `since` to `last` (None: all that follow)."""
    return [
        entry
        for entry in logged
        if (wallets is None or entry.wallet in wallets)
        and entry.period >= since
        and (last is None or entry.period <= last)
    ]
