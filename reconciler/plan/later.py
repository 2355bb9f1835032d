"""Everything that two states of the YAML say differently: what plans expect with its money, and every other value."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from reconciler.findings import Origin
from reconciler.model.desired import Desired
from reconciler.model.later import LaterExpectation
from reconciler.model.period import Period
from reconciler.model.team import TeamBudget
from reconciler.plan.consequences import Judge, whole_team
from reconciler.plan.differences import Difference, Keys, differences
from reconciler.plan.expectations import PlanComparison

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
