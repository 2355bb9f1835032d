"""Rate limits: no day costs more than the tightest cap in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from reconciler.findings import Keys
from reconciler.forecast.levers.effect import Effect, Setting
from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.part import Part
from reconciler.forecast.levers.whatif import FromDay, Sight, WhatIf
from reconciler.forecast.when import Month
from reconciler.forecast.windows import HISTORY_DAYS
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, RateLimit
from reconciler.model.yaml_types import parse_amount

if TYPE_CHECKING:
    from reconciler.forecast.team_view import TeamView

AT_THE_LIMIT = Decimal("0.98")
NO_LIMIT = Decimal("Infinity")


class RateLimits(Lever):
    name = key = "rate_limits"
    word = "rate limits"

    def effects(self, plan: AnnualPlan, setting: Setting) -> Iterator[Effect]:
        """Yield the tightest daily cap in force, this wallet's share of it where it is its team's."""
        if not plan.rate_limits:
            return
        share = Decimal(repr(setting.share))
        most = [cap.daily * (1 if isinstance(cap, _WalletLimit) else share) for cap in plan.rate_limits]
        caps = [
            setting.days.during(cap.starts, inside=daily, outside=NO_LIMIT)
            for cap, daily in zip(plan.rate_limits, most, strict=True)
        ]
        limit = caps[0]
        for cap in caps[1:]:
            limit = limit.clip(max=cap)
        yield Effect(self.name, limit=limit)

    def parts(self, plan: AnnualPlan, view: TeamView | None) -> Iterator[Part]:
        for limit in plan.rate_limits:
            what = f"at most {limit.daily:,.2f} a day from {limit.starts}"
            yield Part("governance", self.name, what, limit.reason, limit=partial(_most, limit))

    def amounts(self, plan: AnnualPlan) -> Iterator[tuple[Keys, Decimal]]:
        for index, limit in enumerate(plan.rate_limits):
            yield ("plan", self.key, index, "daily"), limit.daily

    def turns(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> Iterator[tuple[Keys, date, str]]:
        for index, limit in enumerate(plan.rate_limits):
            what = f"a day costs at most {money(limit.daily)}: {limit.reason}"
            yield ("plan", self.key, index, "from"), limit.starts.first, what

    def told(self, plan: AnnualPlan, money: Callable[[Decimal], str]) -> str:
        return ", ".join(
            f"{money(limit.daily)} a day from {limit.starts} ({limit.reason})" for limit in plan.rate_limits
        )

    def limited(self, plan: AnnualPlan, spent: Callable[[date, date], Decimal], until: date) -> Iterator[date]:
        for limit in plan.rate_limits:
            day = max(limit.starts.first, until - timedelta(days=HISTORY_DAYS))
            while day < until:
                after = day + timedelta(days=1)
                if spent(day, after) >= AT_THE_LIMIT * limit.daily:
                    yield day
                day = after


def _most(limit: RateLimit, month: Month) -> Decimal:
    """Return what a month may cost at most: its days at the limit, where that holds by then."""
    return month.during(limit.starts, inside=limit.daily * month.period.days, outside=NO_LIMIT)


class _WalletLimit(RateLimit):
    """A cap on what one day of a wallet may cost, whatever the others of its team do."""


@dataclass(frozen=True, slots=True)
class TighterLimit:
    """No day of the team, or of a wallet alone, costs more than `daily`, beside the limits of the plan: at once, or
    from `month` on.
    """

    daily: Decimal
    month: Period | None = None
    order = (0, 0)

    @property
    def reason(self) -> str:
        return f"what if: a day costs at most {self.daily:,.2f}{f' from {self.month}' if self.month else ''}"

    def planned(self, plan: AnnualPlan, sight: Sight) -> AnnualPlan:
        starts = self.month or FromDay.at(sight.day)
        kind = _WalletLimit if sight.alone else RateLimit
        limit = kind.model_construct(reason=self.reason, daily=self.daily, starts=starts)
        return plan.model_copy(update={"rate_limits": (*plan.rate_limits, limit)})


RateLimits.whatif = WhatIf(
    option="rate-limit",
    metavar="TEAM=400.00[@MONTH]",
    help="The most that a day of a TEAM may cost, all its wallets together, at once or from MONTH.",
    example="support=400.00",
    read=lambda text, month: TighterLimit(parse_amount(text), month),
)
