"""What every format of a review says alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from reconciler.model.review import CauseName, ReviewDocument, ReviewEffect, TeamReview
from reconciler.report.spans import visible
from reconciler.report.wording import counted, exact, listed
from reconciler.review.words import first_days, known_days

CAUSES: dict[CauseName, str] = {
    "demand": "demand",
    "tokens_per_request": "tokens per request",
    "cache": "cache",
    "provider_mix": "provider mix",
    "unit_price": "unit price",
    "new_workload": "new workload",
    "fallback": "fallback",
    "one_off": "one-off",
    "baseline": "baseline",
    "calendar": "days and weekdays",
}
_MOST = 8


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """What is shown of a review; of a digest only what stands out."""

    facts: ReviewDocument
    is_digest: bool = False

    def document(self) -> ReviewDocument:
        return self.facts


def caption(shown: ReviewDocument) -> str:
    """Return which days are held against what."""
    words, _, _ = shown.words.partition(" (")
    days = f"{shown.first_day} to {shown.last_day}"
    is_over = shown.as_of > shown.last_day + timedelta(days=1)
    part = (", all that is known" if is_over else ", so far") if shown.is_partial else ""
    part += f", without {counted(shown.days_left_out, 'day')} that the usage leaves out" if shown.days_left_out else ""
    against = "the plan" if shown.against == "plan" else _other(shown)
    return f"{visible(shown.organization)}, {words} ({days}{part}) against {against}, in {shown.currency}"


def _other(shown: ReviewDocument) -> str:
    return f"{shown.against} ({shown.against_first_day} to {shown.against_last_day})"


def totals(shown: ReviewDocument) -> str:
    """Return what all teams spent, against what."""
    off = shown.difference
    share = f" ({abs(off) / shown.plan:.1%})" if shown.plan > 0 else ""
    way = f"{exact(abs(off))}{share} {'above' if off > 0 else 'below'}" if off else "exactly"
    whole = (shown.last_day - shown.first_day).days + 1
    days = f" for {first_days(whole)}," if shown.is_partial else " of"
    days = f" for {known_days(whole - shown.days_left_out)}," if shown.days_left_out else days
    own = f"{'its plan' if len(shown.teams) == 1 else 'their plans'}{days}"
    plan = own if shown.against == "plan" else f"{_days_of_other(shown)}{shown.against}, which cost"
    return f"{counted(len(shown.teams), 'team')} spent {exact(shown.actual)}, {way} {plan} {exact(shown.plan)}."


def _days_of_other(shown: ReviewDocument) -> str:
    """Return how many of the other period's days are held against days of which not all are known."""
    first, last = shown.against_first_day, shown.against_last_day
    if not shown.is_partial or first is None or last is None:
        return ""
    return f"{first_days((last - first).days + 1)} of "


def others(shown: ReviewDocument) -> str:
    """Return the teams of which nothing stands out, "" where there are none."""
    quiet = [team for team in shown.teams if not team.called]
    if not quiet:
        return ""
    names = listed([visible(team.team, 40) for team in quiet], _MOST)
    off = sum((team.difference for team in quiet), Decimal(0))
    return f"Nothing stands out for {names}: {exact(off)} off together."


def cause(effect: ReviewEffect) -> str:
    """Return what a cause is called, with those that the usage cannot tell from it."""
    also = [CAUSES[one] for one in effect.together_with]
    return " or ".join([CAUSES[effect.cause], *(also if len(also) < 3 else ["any other"])])


def by_kind(team: TeamReview) -> str:
    """Return the difference as growth, waste and the rest, "" where no cause can be told or there is none."""
    kinds = team.kinds
    if kinds is None or not team.difference:
        return ""
    plan = f"Planned investment in growth and new demand: {exact(kinds.invested)}. " if kinds.invested else ""
    beside = "Beyond it" if kinds.invested else "The difference"
    return f"{plan}{beside}: growth {exact(kinds.growth)}, waste {exact(kinds.waste)}, the rest {exact(kinds.rest)}."


def uncovered(shown: ReviewDocument) -> str:
    """Return what teams spent that no YAML names as present."""
    total = shown.uncovered_spent
    if total is None:
        total = sum((one.spent for one in shown.uncovered), Decimal(0))
    names = listed([visible(one.team_id, 40) or "no team" for one in shown.uncovered], _MOST)
    who = counted(len(shown.uncovered), "team")
    return f"In no figure above: {exact(total)} of {who} that no YAML names, or names as absent: {names}."
