"""Everything that two states of the YAML say differently: what plans expect with its money, and every other value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import zip_longest

from reconciler.findings import Origin
from reconciler.forecast.levers.lever import Lever
from reconciler.forecast.levers.planned_demand import cost_of, told_of
from reconciler.forecast.levers.registry import levers, planned_spend
from reconciler.forecast.when import Month
from reconciler.model.desired import Desired
from reconciler.model.kinds.managed_kind import money_in_words
from reconciler.model.later import LaterExpectation
from reconciler.model.money import ZERO, cents
from reconciler.model.period import Period
from reconciler.model.team import AnnualPlan, PlannedDemand, TeamBudget
from reconciler.plan.consequences import Judge, whole_team
from reconciler.plan.differences import Difference, Keys, differences

Months = Callable[[Period], Decimal]
PIECES = "planned_demand"
"""Of this each piece is told by itself."""


class PlanComparison:
    """One team's plan before and after."""

    def __init__(
        self,
        team: str,
        plans: tuple[AnnualPlan, AnnualPlan],
        currencies: tuple[str, str],
        periods: Sequence[Period],
        *,
        year: Period,
    ) -> None:
        """Compare the plans before and after in `periods`; `year` is the fiscal year's first month."""
        self._team, self._year = team, year
        self._old, self._new = plans
        self._before, self._after = currencies
        self._periods = periods

    def items(self) -> Iterator[LaterExpectation]:
        """Yield what differs, in a fixed order. What reads alike on both sides is left out.

        The money of each is beyond that of the ones before it, so that together they are what the plan needs more.
        """
        old, new = self._old, self._new
        base = (
            money_in_words(old.baseline_monthly, self._before),
            money_in_words(new.baseline_monthly, self._after),
        )
        done = old.model_copy(update={"baseline_monthly": new.baseline_monthly})
        if old.baseline_monthly != new.baseline_monthly:
            yield from self._scaled("baseline_monthly", "baseline", base, old, done)
        for lever in levers():
            was, will = (getattr(plan, lever.key) for plan in (old, new))
            if was == will:
                continue
            told = (self._told(lever, old, self._before), self._told(lever, new, self._after))
            start, done = done, done.model_copy(update={lever.key: will})
            if lever.key == PIECES:
                yield from self._demand()
            elif lever.counted:
                yield from self._scaled(lever.key, lever.word, told, start, done)
            elif told[0] != told[1]:
                yield self._item(lever.key, lever.word, *told, None)

    def _told(self, lever: Lever, plan: AnnualPlan, currency: str) -> str:
        return lever.told(plan, partial(money_in_words, currency=currency))

    def _scaled(
        self, key: str, name: str, told: tuple[str, str], old: AnnualPlan, new: AnnualPlan
    ) -> Iterator[LaterExpectation]:
        """Yield a change of what stable demand costs; in money where either plan has a baseline."""
        if told[0] == told[1]:
            return
        if new.baseline_monthly is None and old.baseline_monthly is None:
            yield self._item(key, name, *told, None)
            return
        yield self._item(key, name, *told, lambda month: self._needed(new, month) - self._needed(old, month))

    def _needed(self, plan: AnnualPlan, month: Period) -> Decimal:
        return cents(planned_spend(plan, Month(month, self._year)))

    def _demand(self) -> Iterator[LaterExpectation]:
        """Yield each piece of planned demand that differs; pieces of one reason are compared in their order."""
        reasons = dict.fromkeys(piece.reason for piece in (*self._old.planned_demand, *self._new.planned_demand))
        for reason in reasons:
            old, new = (
                [piece for piece in plan.planned_demand if piece.reason == reason] for plan in (self._old, self._new)
            )
            for was, will in zip_longest(old, new):
                if was != will:
                    told = _piece(was, self._before), _piece(will, self._after)
                    yield self._item(PIECES, f"planned demand, {reason}", *told, partial(self._added, was, will))

    def _added(self, was: PlannedDemand | None, will: PlannedDemand | None, month: Period) -> Decimal:
        before, after = (cost_of(piece, Month(month, self._year)) if piece else ZERO for piece in (was, will))
        return after - before

    def _item(self, key: str, name: str, before: str, after: str, months: Months | None) -> LaterExpectation:
        """Return the item, with its money from the first month that differs to the last one that does."""
        facts = {"team": self._team, "name": name, "before": before, "after": after, "key": f"plan.{key}"}
        moved = {month: months(month) for month in self._periods} if months else {}
        differing = [month for month, amount in moved.items() if amount]
        if not differing:
            return LaterExpectation(**facts, period=self._periods[0], monthly=ZERO if months else None)
        return LaterExpectation(
            **facts,
            period=differing[0],
            until=differing[-1],
            monthly=moved[differing[0]],
            total=sum(moved.values(), ZERO),
        )


def _piece(piece: PlannedDemand | None, currency: str) -> str:
    return told_of(piece, partial(money_in_words, currency=currency)) if piece else ""


_MARGIN = "forecast.resilience_margin"


def changed_expectations(
    before: Desired, after: Desired, *, teams: Collection[str], periods: Sequence[Period], as_of: date | None = None
) -> Iterator[tuple[LaterExpectation, Origin]]:
    """Yield everything that `teams`, and the organization, say otherwise, in a fixed order, each with its place.

    Nothing that differs is left out. What a plan expects comes with its money in `periods`; a waiver that is over by
    `as_of` is told so.
    """
    organizations = before.organization, after.organization
    currencies = organizations[0].currency, organizations[1].currency
    judge = Judge(before, after, as_of or periods[0].first)
    for difference in differences(*organizations, currencies=currencies):
        item = _setting(difference, "", judge, periods[0]).model_copy(update={"approvers": before.approvers("")})
        yield item, Origin(after.organization_path, difference.keys)
    year = after.organization.fiscal_year.starts
    for team in sorted(set(teams) & {*before.teams, *after.teams}):
        pair = before.teams.get(team), after.teams.get(team)
        for item, keys in _of_team(*pair, judge, currencies, periods, year=year):
            yield item.model_copy(update={"approvers": before.approvers(team)}), Origin(after.team_path(team), keys)


def is_of_money(item: LaterExpectation) -> bool:
    """Whether a setting of the organization says what money is, or is to be: such were told before all others were."""
    return not item.team and item.key in ("currency", "fiscal_year", "annual_target", "unused", _MARGIN)


def _of_team(
    old: TeamBudget | None,
    new: TeamBudget | None,
    judge: Judge,
    currencies: tuple[str, str],
    periods: Sequence[Period],
    *,
    year: Period,
) -> Iterator[tuple[LaterExpectation, Keys]]:
    """Yield what one team says otherwise; what its plan expects, with its money, once for each part of the plan."""
    if old is None or new is None:
        if team := old or new:
            was, will = (whole_team(one, currency) for one, currency in zip((old, new), currencies, strict=True))
            yield _new_or_gone(team.team, was, will, periods[0]), ()
        return
    expected = list(PlanComparison(new.team, (old.plan, new.plan), currencies, periods, year=year).items())
    told = {item.key for item in expected}
    yield from ((item, tuple(item.key.split("."))) for item in expected)
    for difference in differences(old, new, currencies=currencies):
        if ".".join(map(str, difference.keys[:2])) not in told:
            yield _setting(difference, new.team, judge, periods[0]), difference.keys


def _setting(difference: Difference, team: str, judge: Judge, period: Period) -> LaterExpectation:
    return LaterExpectation(
        team=team,
        name=difference.name,
        before=difference.before,
        after=difference.after,
        period=period,
        kind="setting",
        key=".".join(map(str, difference.keys)),
        meaning=judge.meaning(difference, team),
        amount=judge.amount(difference),
    )


def _new_or_gone(team: str, before: str, after: str, period: Period) -> LaterExpectation:
    """Return the item of a team that the YAML has on one side alone."""
    meaning = (
        "A file that is gone takes nothing back and deletes no wallet: what they hold stays; to take it back,"
        " bring the file back with `state: absent`"
    )
    facts = {"team": team, "name": "team", "before": before, "after": after, "period": period}
    return LaterExpectation(**facts, kind="setting", meaning="" if after else meaning)
