"""Wallets in a report: each one's change and forecast side by side, worst first, and the table of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Literal, Protocol

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.forecast import AlertForecast, AlertOutlook, WalletForecast, WalletOutlook
from reconciler.model.kinds.billing_budget import AlertPercentage
from reconciler.model.money import ZERO
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.model.wallet_ref import WalletRef
from reconciler.report import wording
from reconciler.report.changes import LimitChange, limit_changes
from reconciler.report.document import Column, Row, Standing, Table
from reconciler.report.spans import UNKNOWN, Cell, safe_place, shift

EVEN, SAFE, SURE = 0.5, 0.8, 0.9
"""From the second probability on, a wallet is said to last the month; below the first, to run out."""


class Dated(Protocol):
    """What a table of wallets is about: a period, seen from the first day that is not known in full."""

    @property
    def as_of(self) -> date: ...
    @property
    def period(self) -> Period: ...


@dataclass(frozen=True, slots=True)
class WalletStory:
    """One wallet: what changes, if anything, and how the month may go, if there is anything to tell it from.

    `target` is what it gets by the YAML, which is known without a forecast too; `limits` are hard limits that change.
    """

    team: str
    environment: str
    wallet: WalletRef
    change: Allocate | Reclaim | None
    forecast: WalletForecast | None
    target: Decimal | None = None
    limits: tuple[LimitChange, ...] = ()

    @property
    def name(self) -> str:
        return safe_place(self.team, self.environment)

    @property
    def is_changed(self) -> bool:
        return self.change is not None or bool(self.limits)

    @property
    def lasts_now(self) -> float | None:
        return _lasting(self.forecast.live) if self.forecast else None

    @property
    def lasts(self) -> float | None:
        """The probability that the money lasts under the new target."""
        return _lasting(self.forecast.desired) if self.forecast else None

    @property
    def carried_over(self) -> Decimal:
        """What the wallet can spend beyond what this period was funded with; nothing where that is within 1% of it.

        Spend that the organization's wallet paid for, because this one was empty, is no money of this wallet.
        """
        return beyond_funded(self.forecast.live) if self.forecast else Decimal(0)

    @property
    def carried_over_then(self) -> Decimal:
        """The same under the new target."""
        return beyond_funded(self.forecast.desired) if self.forecast else Decimal(0)

    @property
    def urgency(self) -> tuple[object, ...]:
        """The sort key: what changes first, what runs out first, what moves most money first."""
        lasts = 2.0 if self.lasts is None else self.lasts
        moved = self.change.amount if self.change else Decimal(0)
        return (not self.is_changed, lasts, -moved, self.team, self.environment, self.wallet)

    @property
    def standing(self) -> Standing:
        """How it stands under the new target: out of money more likely than not, risky, tight or safe."""
        lasts = self.lasts
        if lasts is None:
            return "unknown"
        if lasts < SAFE:
            return "short" if lasts < EVEN else "risky"
        return "safe" if lasts >= SURE else "tight"

    @property
    def first_alert(self) -> AlertForecast | None:
        """The alert that fires first: of those that will be there, or else of those that are."""
        return self.alert_of("desired") or self.alert_of("live")

    def alert_of(self, side: Literal["live", "desired"]) -> AlertForecast | None:
        """Return the alert that fires first on one side; it may be another one on the other, or have another name.

        The earliest by its likely day, then the likeliest: what a week may cost says nothing beside what a month may.
        """
        alerts = self.forecast.alerts if self.forecast else ()
        there = [(outlook, alert) for alert in alerts if (outlook := getattr(alert, side)) is not None]
        return min(there, key=_fires_first)[1] if there else None


def _fires_first(found: tuple[AlertOutlook, AlertForecast]) -> tuple[object, ...]:
    outlook, alert = found
    likely = outlook.date.get("0.5") or date.max
    return (likely, -outlook.probability, alert.fires_at, not alert.declared, alert.name)


def beyond_funded(outlook: WalletOutlook) -> Decimal:
    """Return what a ceiling holds beyond what the period was funded with; nothing where that is within 1% of it."""
    beyond = outlook.ceiling - outlook.funding
    return beyond if beyond >= max(Decimal(1), outlook.funding / 100) else Decimal(0)


def risk(outlook: WalletOutlook) -> str:
    """Return how likely the money runs out, or that it has."""
    gone = outlook.exhaustion.probability
    return "empty now" if gone == 1.0 and outlook.money_left <= 0 else wording.probability(gone)


def chance(outlook: WalletOutlook) -> str:
    """Return how likely the money runs out; where that is more likely than not, by which day half of the months have.

    Decision 0046.
    """
    middle, told = outlook.exhaustion.date.get("0.5"), risk(outlook)
    return f"{told} ({wording.day(middle)})" if middle and "%" in told else told


def _lasting(outlook: WalletOutlook) -> float | None:
    gone = outlook.exhaustion.probability
    return None if gone is None else 1 - gone


def is_known(forecast: WalletForecast) -> bool:
    """Whether there is a forecast at all: no history and no plan give quantiles of nothing."""
    quantiles = forecast.month_end.quantiles
    planned = (
        amount for each in (quantiles, *(month.quantiles for month in forecast.months)) for amount in each.values()
    )
    return bool(quantiles) and (forecast.confidence != "none" or any(planned))


def stories(plan: Plan) -> tuple[WalletStory, ...]:
    """Return every wallet that changes or has a forecast, worst first."""
    changes = {change.wallet: change for change in plan.changes if isinstance(change, Allocate | Reclaim)}
    forecasts = {forecast.wallet: forecast for forecast in plan.impact}
    limits, found = limit_changes(plan), []
    for wallet in {**changes, **forecasts}:
        about = changes.get(wallet) or forecasts[wallet]
        forecast = forecasts.get(wallet)
        known = forecast if forecast and is_known(forecast) else None
        target = forecast.desired.target if forecast else None
        stops = tuple(limit for limit in limits if limit.scope == ("team", wallet))
        found.append(WalletStory(about.team, about.environment, wallet, changes.get(wallet), known, target, stops))
    return tuple(sorted(found, key=lambda story: story.urgency))


def wallet_table(told: Sequence[WalletStory], plan: Dated, *, title: str = "") -> Table:
    """Return one row for each wallet; columns that would say nothing for any of them are left out."""
    percentages = {alert.percentage for story in told if (alert := story.first_alert)}
    common = percentages.pop() if len(percentages) == 1 else None
    forecast = any(story.forecast for story in told)
    warned = f"{common}% alert" if common else "First alert"
    columns: list[tuple[Column, Callable[[WalletStory], Cell]]] = [
        (Column("name", "Wallet"), lambda story: Cell(story.name, strong=story.is_changed)),
        (Column("target", "Target per month", "right"), _target),
        *(
            [(Column("ceiling", "Ceiling, with carried over", "right", "ceiling"), _ceiling)]
            if any_carried(told)
            else []
        ),
        *(_period_columns(plan) if forecast else []),
        *(
            [
                (
                    Column("alert", f"{warned} (days to react)", short=f"{warned} (days)"),
                    lambda story: _alert(story, common),
                )
            ]
            if common or percentages
            else []
        ),
    ]
    rows = tuple(Row(tuple(word(story) for _, word in columns)) for story in told)
    return Table(tuple(column for column, _ in columns), rows, title)


def brief_table(told: Sequence[WalletStory], plan: Dated) -> Table:
    """Return what a reviewer needs of each wallet in four columns, fit for a phone."""
    month = f"{plan.period.first:%B}"
    columns: list[tuple[Column, Callable[[WalletStory], Cell]]] = [
        (Column("name", "Wallet"), lambda story: Cell(story.name, strong=story.is_changed)),
        (Column("target", f"{month} money, now → new", "right"), _target),
        (Column("month_end", "Forecast spend", "right"), _middle),
        (Column("runs_out", "Runs out (likely day)"), _runs_out),
    ]
    rows = tuple(Row(tuple(word(story) for _, word in columns), story.standing) for story in told)
    return Table(tuple(column for column, _ in columns), rows)


def _middle(story: WalletStory) -> Cell:
    return Cell(wording.whole(story.forecast.month_end.quantiles.get("0.5"))) if story.forecast else UNKNOWN


def to_be_sure(told: Sequence[WalletStory]) -> str:
    """Return what would make wallets that may run out last in 9 of 10 months, the worst first."""
    named = [
        f"{wording.whole(short.to_integral_value(ROUND_CEILING))} to {story.name}"
        for story in told
        if story.forecast
        and story.standing in ("risky", "tight")
        and not story.forecast.is_stopped
        and (short := _short(story.forecast.desired)) > 0
    ]
    return wording.listed(named)


def _short(outlook: WalletOutlook) -> Decimal:
    """Return how much higher the target is to be, so that the money lasts in 9 of 10 months."""
    short = outlook.unserved.get("0.9", ZERO)
    return short + outlook.funding - outlook.target if short else ZERO


def _period_columns(plan: Dated) -> list[tuple[Column, Callable[[WalletStory], Cell]]]:
    yesterday = plan.as_of - timedelta(days=1)
    spent = f"Spent by {wording.day(yesterday)}" if yesterday in plan.period else "Spent so far"
    return [
        (Column("spent", spent, "right", "spent"), _spent),
        (Column("month_end", "Month end, P50 (P10 to P90)", "right", "month end (P10 to P90)"), _month_end),
        (Column("runs_out", "Runs out", short="runs out"), _runs_out),
    ]


def any_carried(told: Sequence[WalletStory]) -> bool:
    return any(story.carried_over or story.carried_over_then for story in told)


def _target(story: WalletStory) -> Cell:
    if story.change:
        return shift(wording.whole(story.change.funded_before), wording.whole(story.change.target))
    return UNKNOWN if story.target is None else Cell(wording.whole(story.target))


def _ceiling(story: WalletStory) -> Cell:
    return Cell(wording.whole(story.forecast.desired.ceiling)) if story.forecast else UNKNOWN


def _spent(story: WalletStory) -> Cell:
    return Cell(wording.whole(story.forecast.spend_to_date)) if story.forecast else UNKNOWN


def _month_end(story: WalletStory) -> Cell:
    return Cell(wording.interval(story.forecast.month_end.quantiles)) if story.forecast else UNKNOWN


def _runs_out(story: WalletStory) -> Cell:
    if story.forecast is None:
        return UNKNOWN
    return shift(chance(story.forecast.live), chance(story.forecast.desired))


def _alert(story: WalletStory, common: AlertPercentage | None) -> Cell:
    now, new = story.alert_of("live"), story.alert_of("desired")
    if now is None and new is None:
        return UNKNOWN
    return shift(
        _warning(now, now.live, common) if now else "none", _warning(new, new.desired, common) if new else "none"
    )


def fires(outlook: AlertOutlook) -> str:
    """Return the day by which an alert has fired in half of the months; how likely it fires where there is none."""
    middle = outlook.date.get("0.5")
    return wording.day(middle) if middle else wording.probability(outlook.probability)


def _warning(alert: AlertForecast, outlook: AlertOutlook | None, common: AlertPercentage | None) -> str:
    if outlook is None:
        return "none"
    prefix = "" if alert.percentage == common else f"{alert.percentage}%: "
    stays = "" if alert.declared else ", not in git, stays"
    if outlook.date.get("0.5") is None:
        return f"{prefix}{fires(outlook)}{stays}"
    days = outlook.reaction_days.get("0.5")
    late = " (too late)" if outlook.no_warning_probability >= 0.5 else ""
    return f"{prefix}{fires(outlook)}{late if days is None else f' ({days})'}{stays}"
