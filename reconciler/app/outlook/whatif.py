"""What if: other targets, growth, cache, models or demand, on the same simulated days and without editing a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.app.outlook.look import Outlook, look
from reconciler.app.outlook.notices import known_words, left_alone, outlook_notices, seen_notices
from reconciler.app.outlook.scenarios import read_scenarios, with_targets
from reconciler.app.wallet_names import label
from reconciler.findings import UsageError
from reconciler.report.forecast_layout import told_once
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen

if TYPE_CHECKING:
    from reconciler.forecast.question import Forecast, WalletQuestion
    from reconciler.forecast.scenario import Scenario
    from reconciler.model.desired import Desired
    from reconciler.model.forecast import ForecastNotice, WalletForecast
    from reconciler.model.period import Period
    from reconciler.report.whatif_text import WhatIfPage
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Supposed:
    """What is supposed, each as it is written on the command line, such as `support/prod=14500`.

    `levers` are what is supposed of levers by the names of their options, such as `{"growth": ["support=+25%"]}`.
    """

    targets: Sequence[str] = ()
    levers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def is_nothing(self) -> bool:
        return not self.targets and not any(self.levers.values())


@dataclass(frozen=True, slots=True)
class WhatIf(Answer):
    """Two forecasts: `now` is the YAML as it stands, `then` is what if; `other` is the YAML with other targets.

    `left_alone` says which wallets the plan of `other` leaves alone.
    """

    outlook: Outlook
    other: Desired
    scenarios: tuple[Scenario, ...]
    now: Forecast
    then: Forecast
    left_alone: tuple[ForecastNotice, ...] = ()

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]:
        """What was left out or is doubtful: code, sentence, hint."""
        return told_once(self._told)

    @property
    def _told(self) -> tuple[ForecastNotice, ...]:
        concerned = self.concerned(self.now)
        teams = {found.team for found in concerned}
        left = [one for one in self.left_alone if one.team in teams]
        return outlook_notices(self.outlook, (*left, *seen_notices(concerned)))

    @property
    def words(self) -> list[str]:
        """What is supposed, in sentences."""
        return [
            *_targets(self.outlook.desired, self.other, self.outlook.settings.period),
            *(_words(each) for each in self.scenarios),
        ]

    def concerned(self, side: Forecast) -> list[WalletForecast]:
        """Return the wallets of one side whose team something is supposed of."""
        teams = {each.team for each in self.scenarios} | {
            wallet.team for key, wallet in self.other.wallets.items() if wallet != self.outlook.desired.wallets[key]
        }
        return [found for found in side.wallets if found.team in teams]

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json` (kt-budgets.whatif/1)."""
        return render("whatif", format_, self._page(), screen)

    def _page(self) -> WhatIfPage:
        from reconciler.report.whatif_text import WhatIfPage

        organization, settings = self.outlook.desired.organization, self.outlook.settings
        return WhatIfPage(
            organization=organization.organization,
            currency=organization.currency,
            period=settings.period,
            as_of=settings.as_of,
            known=known_words(self.outlook),
            supposed=self.words,
            now=self.concerned(self.now),
            then=self.concerned(self.then),
            year_now=self.now.year,
            year_then=self.then.year,
            notices=self._told,
        )


def suppose(settings: Settings, supposed: Supposed, *, offline: bool = False) -> WhatIf:
    """Return what would come of what is supposed, beside what is expected now.

    Raises:
        UsageError: nothing is supposed, or of a wallet that is not declared, or it cannot be read.
        FindingsError: the YAML has errors.
        RemoteError: Keeptrusts cannot be read whole.
    """
    if supposed.is_nothing:
        raise UsageError("nothing is supposed", hint="say what if, such as `--wallet support/prod=14500`")
    outlook = look(settings, offline=offline)
    other = with_targets(outlook.desired, supposed.targets, period=settings.period)
    scenarios = read_scenarios(outlook.desired, supposed.levers)
    now, asked = outlook.forecast(outlook.asking()), outlook.asking(desired=other)
    then = _then(outlook, other, scenarios, asked)
    return WhatIf(outlook, other, scenarios, now, then, left_alone(asked))


def _then(
    outlook: Outlook, other: Desired, scenarios: Sequence[Scenario], questions: Sequence[WalletQuestion]
) -> Forecast:
    from reconciler.forecast.scenario import supposed

    asked = supposed(
        outlook.seen,
        questions,
        scenarios,
        organization=other.organization,
        as_of=outlook.settings.as_of,
        teams=other.teams,
    )
    return outlook.forecast(asked)


def _targets(desired: Desired, other: Desired, period: Period) -> Iterator[str]:
    for key, wallet in other.wallets.items():
        if wallet != desired.wallets[key]:
            setting = wallet.setting
            last = setting.last_alike(period)
            when = f" in {period}" if period in setting.overrides else f" a month{f' up to {last}' if last else ''}"
            yield f"{label(wallet)} is funded with {setting.target(period):,.2f}{when}"


def _words(scenario: Scenario) -> str:
    who = f"{scenario.team}/{scenario.environment}" if scenario.environment else scenario.team
    return f"{who}: {scenario.what.reason.removeprefix('what if: ')}"
