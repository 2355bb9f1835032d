"""Replay the past: how wrong the forecast would have been, beside the usual guesses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.app.listening import progress
from reconciler.app.outlook.look import Outlook
from reconciler.app.outlook.notices import notices, usage_words
from reconciler.app.session import load_desired
from reconciler.app.usage import usage_alone
from reconciler.app.wallet_names import chosen
from reconciler.findings import UsageError
from reconciler.model.period import Period
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen

if TYPE_CHECKING:
    from reconciler.forecast.backtest import BacktestReport
    from reconciler.report.backtest_text import BacktestPage
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Replayed(Answer):
    """The scores of the forecast and of the guesses, over `months` whole months."""

    outlook: Outlook
    months: int
    report: BacktestReport

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return notices(self.outlook)

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json` (kt-budgets.backtest/1)."""
        return render("backtest", format_, self._page(), screen)

    def _page(self) -> BacktestPage:
        from reconciler.report.backtest_text import BacktestPage

        desired = self.outlook.desired
        return BacktestPage(
            organization=desired.organization.organization,
            as_of=self.outlook.settings.as_of,
            known=usage_words(self.outlook.usage),
            months=self.months,
            report=self.report,
            names={key: (wallet.team, wallet.environment) for key, wallet in desired.wallets.items()},
            notices=self.notices,
        )


def as_it_was(settings: Settings) -> Settings:
    """Return the settings of the day after the month that was asked for; as they are where none was.

    Raises UsageError where that month is not over.
    """
    month = settings.month
    if month is None:
        return settings
    if month.end > settings.as_of:
        last = Period.of(settings.as_of).plus(-1)
        raise UsageError(f"{month} is not over on {settings.as_of}", hint=f"name a month until {last}")
    return replace(settings, as_of=month.end)


def backtest(settings: Settings, *, wallets: Sequence[str] = (), months: int = 12) -> Replayed:
    """Return how wrong the forecast of `wallets` (each TEAM or TEAM/ENV; none: all) was in the last `months`.

    The last of them is the month that was asked for, else the one before that of `settings.as_of`.

    Raises:
        UsageError: a wallet is not declared.
        RemoteError: Keeptrusts gives no export, and no files were named.
        FindingsError: the YAML has errors.
    """
    from reconciler.forecast.backtest import backtest as replay

    desired, _ = load_desired(settings)
    keys = chosen(desired, wallets) or list(desired.wallets)
    settings = as_it_was(settings)
    usage, doubts = usage_alone(settings, desired, "replay")
    with progress("Replaying the past"):
        report = replay(
            usage, as_of=settings.as_of, organization=desired.organization.organization, months=months, wallets=keys
        )
    return Replayed(Outlook(settings, desired, None, usage, doubts), months, report)
