"""Look ahead: how each wallet's month may end, when its money runs out, and the months after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from reconciler.app.outlook.look import Outlook, look
from reconciler.app.outlook.notices import forecast_notices, known_words, left_alone
from reconciler.app.wallet_names import chosen
from reconciler.report.forecast_layout import told_once
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen

if TYPE_CHECKING:
    from reconciler.forecast.question import Forecast
    from reconciler.model.forecast import ForecastNotice
    from reconciler.report.forecast_text import ForecastPage
    from reconciler.settings import Settings

WEEKS = 8


@dataclass(frozen=True, slots=True)
class LookAhead(Answer):
    """What is expected, and what it was worked out from. `is_whole` says that every wallet was asked for,
    `left_alone` of which the plan leaves alone.

    `forecast.wallets` holds for each wallet its money and its end of the month under the money of today and under that
    of the YAML: amounts are Decimal in the organization's currency, probabilities 0 to 1, days UTC.
    """

    outlook: Outlook
    forecast: Forecast
    is_whole: bool
    left_alone: tuple[ForecastNotice, ...] = ()

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return told_once(self._told)

    @property
    def _told(self) -> tuple[ForecastNotice, ...]:
        return (*self.left_alone, *forecast_notices(self.outlook, self.forecast))

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text`, `json` (kt-budgets.forecast/1) or `csv`."""
        return render("forecast", format_, self._page(), screen)

    def _page(self) -> ForecastPage:
        from reconciler.report.forecast_text import ForecastPage

        organization, settings = self.outlook.desired.organization, self.outlook.settings
        return ForecastPage(
            organization=organization.organization,
            currency=organization.currency,
            period=settings.period,
            as_of=settings.as_of,
            known=known_words(self.outlook),
            forecasts=self.forecast.wallets,
            weeks=_weeks(self.outlook),
            year=self.forecast.year if self.is_whole else None,
            usage=self.outlook.usage.source if self.outlook.usage else None,
            notices=self._told,
        )


def look_ahead(
    settings: Settings, *, wallets: Sequence[str] = (), horizon: int | None = None, offline: bool = False
) -> LookAhead:
    """Return the forecast of `wallets`, each TEAM or TEAM/ENV, or of all.

    `horizon` is how many months to look ahead, as org.yaml says by default. With `offline`, or with `settings.usage`
    and no token, Keeptrusts is asked nothing: each wallet is taken to hold its target.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: a wallet is not declared, or the usage cannot be read.
        RemoteError: Keeptrusts cannot be read whole.
    """
    outlook = look(settings, offline=offline, horizon=horizon)
    keys = chosen(outlook.desired, wallets)
    asked = outlook.asking(keys)
    found = outlook.forecast(asked)
    return LookAhead(outlook, found, keys is None, left_alone(asked))


def _weeks(outlook: Outlook) -> Mapping[str, Sequence[Decimal]]:
    """Return the spend of each wallet in the last whole weeks before as_of, oldest first."""
    known = outlook.spending
    ends = [known.known_until - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    return {
        key: [known.of(key).between(end - timedelta(weeks=1), end) for end in ends] for key in outlook.desired.wallets
    }
