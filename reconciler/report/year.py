"""The fiscal year in words: what its sum covers, and what was spent besides."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.model.forecast import LeftOutReason, YearForecast
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.spans import safe_name, safe_place

MOST_NAMED = 4
_WHY: dict[LeftOutReason, str] = {
    "unreadable": "because their ledgers cannot be read",
    "unknown": "because neither usage nor an annual plan says what they will spend",
}


def covered_words(year: YearForecast) -> str:
    """Return whose sum the year is, where others have spent too or could not be told; else an empty text."""
    if year.left_out:
        return f" for {year.wallets:,} of the {wording.counted(year.wallets + len(year.left_out), 'wallet')} in git"
    return f" for the {wording.counted(year.wallets, 'wallet')} in git" if year.uncovered else ""


def uncounted_words(year: YearForecast) -> str:
    """Return that the sum leaves out what came before its first known day, or days since, where it does."""
    before = [f"before {year.known_from:%Y-%m-%d}"] if year.known_from else []
    since = [f"on {wording.counted(year.days_left_out, 'day')}"] if year.days_left_out else []
    told = " and ".join((*before, *since))
    of = "" if year.days_unanswered == year.days_left_out else f" of {year.days_unanswered:,} of these days"
    silent = f"; the dashboard was asked{of} and told nothing" if year.days_unanswered else ""
    return f", without what was spent {told}, which no usage shows{silent}" if told else ""


def quick_words(year: YearForecast) -> str:
    """Return how the part of teams came about that the plan is not about; else an empty text."""
    return "other teams: a quick look at their usage" if year.by_usage else ""


def unknown_words(plan: Plan) -> str:
    """Return why a plan of some teams does not know the year, and how to have it; else an empty text."""
    if plan.year is not None or plan.scope is None:
        return ""
    if plan.usage is None or not plan.usage.rows:
        return "forecast not known: no usage to look at the other teams with"
    about = f"{len(plan.scope.teams):,} of {wording.counted(plan.scope.of, 'team')}"
    return f"forecast not known: this plan looks at {about}, kt-budgets plan --all-teams at all"


def uncovered_words(year: YearForecast, currency: str) -> str:
    """Return as sentences what is not in the sum, and why: wallets of which nothing can be told, and other teams."""
    return " ".join((*_quick(year), *_left_out(year, currency), *_uncovered(year, currency)))


def _quick(year: YearForecast) -> Iterator[str]:
    if year.by_usage:
        whose = wording.counted(year.by_usage, "wallet")
        yield f"The part of {whose} of other teams follows from usage and YAML: what they hold was not read."


def _left_out(year: YearForecast, currency: str) -> Iterator[str]:
    for reason, why in _WHY.items():
        found = [one for one in year.left_out if one.reason == reason]
        if not found:
            continue
        named = wording.listed([safe_place(one.team, one.environment, 40) for one in found], MOST_NAMED)
        if len(found) == 1:
            why = why.replace("their ledgers", "its ledger").replace("they", "it")
        spent = year.left_out_spent.get(reason) or sum((one.spent for one in found), Decimal(0))
        told = f": {safe_name(currency, 8)} {wording.whole(spent)} spent so far" if spent else ""
        yield f"{named} {wording.agree(len(found), 'is')} not in it, {why}{told}."


def _uncovered(year: YearForecast, currency: str) -> Iterator[str]:
    if not year.uncovered:
        return
    total = year.uncovered_spent
    if total is None:
        total = sum((one.spent for one in year.uncovered), Decimal(0))
    whose = ((safe_name(one.team_id, 40) if one.team_id else "no team", one.spent) for one in year.uncovered)
    named = wording.listed([f"{who} {wording.whole(spent)}" for who, spent in whose], MOST_NAMED)
    what = f"{safe_name(currency, 8)} {wording.whole(total)} more was spent in it so far"
    yield f"{what} by what git does not cover ({named}) and is not in its sum."


def sure_words(year: YearForecast) -> str:
    """Return the probability to stay within the target; at most, where others spend too."""
    most = "at most " if year.uncovered or year.left_out else ""
    return f"{most}{wording.probability(year.within_probability)}"
