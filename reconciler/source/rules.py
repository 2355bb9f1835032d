"""What one file's shape cannot show: rules within a team, between teams, and against the organization.

The rules look at whatever is valid, so that a mistake in one file hides nothing in another; a rule that would need
a section which is damaged stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from reconciler.findings import Finding
from reconciler.model.organization import OrganizationBudget
from reconciler.model.period import Period
from reconciler.model.rule import PolicyFile
from reconciler.model.team import TeamBudget
from reconciler.source.alert_rules import alert_problems
from reconciler.source.context import Context, TeamView, context_of, view_of
from reconciler.source.documents import KEPT_FILES, YamlDocument
from reconciler.source.expiry_rules import ending_problems
from reconciler.source.organization_rules import (
    identity_problems,
    organization_owner_problems,
    organization_problems,
    team_owner_problems,
)
from reconciler.source.plan_rules import plan_problems
from reconciler.source.policy_rules import policy_problems
from reconciler.source.rename_rules import rename_problems
from reconciler.source.size_rules import SmallAmount, size_problems, small_amounts
from reconciler.source.wallet_rules import organization_coin_problems, team_coin_problems, wallet_problems


def check(
    organization: YamlDocument[OrganizationBudget] | None,
    teams: Sequence[YamlDocument[TeamBudget]],
    policies: Sequence[YamlDocument[PolicyFile]] = (),
    *,
    since: Period | None = None,
    today: date | None = None,
) -> dict[str, list[Finding]]:
    """Return what the rules find, by the path of the file it is found in; `since` is the month that is under way.

    What ends is told from the day `today` on, and not where nobody says what day it is.
    """
    context = context_of(organization, since=since, today=today)
    views = [view for view in map(view_of, teams) if view is not None]
    own = list(zip(teams, Alone(organization, since, today).of(teams), strict=True))
    problems = {team.path: list(seen.problems) for team, seen in own if seen.problems}
    small = {team.path: seen.small for team, seen in own if seen.small}
    renames = rename_problems(views) if any(seen.renamed for _, seen in own) else ()
    for path, problem in (*identity_problems(views, context.currency), *renames, *size_problems(views, small, context)):
        problems.setdefault(path, []).append(problem)
    if organization is not None and context.organization is not None:
        whole = len(views) == len(teams)
        problems[organization.path] = [
            *organization_problems(context, views, whole=whole),
            *organization_owner_problems(context),
            *organization_coin_problems(context),
            *ending_problems(context),
        ]
        for path, problem in policy_problems(
            organization, policies, teams=[team.file.stem for team in teams], today=today
        ):
            problems.setdefault(path, []).append(problem)
    return problems


class Seen(NamedTuple):
    """The problems of a file that are told by it and org.yaml alone, and what others are looked at for.

    `small` are the amounts that may be too small; `renamed` where something in it had another name before.
    """

    problems: tuple[Finding, ...] = ()
    small: tuple[SmallAmount, ...] = ()
    renamed: bool = False


_Own = dict[YamlDocument[TeamBudget], Seen]
_KEPT_CONTEXTS = 8


@dataclass(frozen=True, slots=True)
class Alone:
    """What is seen in a team's file without a look at the others: with the same org.yaml and day always the same."""

    organization: YamlDocument[OrganizationBudget] | None
    since: Period | None
    today: date | None

    def seen(self, teams: Sequence[YamlDocument[TeamBudget]]) -> list[Seen]:
        """Look at each of `teams`."""
        context = context_of(self.organization, since=self.since, today=self.today)
        return [
            NOTHING if view is None else Seen(tuple(_of_one(view, context)), small_amounts(view), view.team.is_renamed)
            for view in map(view_of, teams)
        ]

    def note(self, seen: _Own) -> None:
        """Keep what was `seen`."""
        if self not in _kept and len(_kept) >= _KEPT_CONTEXTS:
            _kept.clear()
        known = _kept.setdefault(self, {})
        if len(known) + len(seen) > KEPT_FILES:
            known.clear()
        known.update(seen)

    def of(self, teams: Sequence[YamlDocument[TeamBudget]]) -> list[Seen]:
        """Return what is seen in each of `teams`, in their order; what is known is not looked at again."""
        known = _kept.get(self, {})
        found = [known.get(team) for team in teams]
        unknown = [team for team, seen in zip(teams, found, strict=True) if seen is None]
        made = iter(self.seen(unknown))
        whole = [next(made) if seen is None else seen for seen in found]
        self.note({team: seen for team, kept, seen in zip(teams, found, whole, strict=True) if kept is None})
        return whole


NOTHING = Seen()
_kept: dict[Alone, _Own] = {}


def _of_one(view: TeamView, context: Context) -> Iterator[Finding]:
    yield from wallet_problems(view, context)
    yield from alert_problems(view, context)
    yield from plan_problems(view, context)
    yield from team_coin_problems(view, context)
    yield from team_owner_problems(view, context)
