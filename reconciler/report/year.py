"""The fiscal year in words: what its sum covers, and what was spent besides."""

from __future__ import annotations

from decimal import Decimal

from reconciler.model.forecast import YearForecast
from reconciler.report import wording
from reconciler.report.spans import name

MOST_NAMED = 4


def covered_words(year: YearForecast) -> str:
    """Return whose sum the year is, where others have spent too; else an empty text."""
    return f" for the {wording.counted(year.wallets, 'wallet')} in git" if year.uncovered else ""


def uncovered_words(year: YearForecast, currency: str) -> str:
    """Return as a sentence what teams that git does not name have spent, and that it is not counted; or nothing."""
    if not year.uncovered:
        return ""
    total = sum((one.spent for one in year.uncovered), Decimal(0))
    named = wording.listed([f"{_who(one.team_id)} {wording.whole(one.spent)}" for one in year.uncovered], MOST_NAMED)
    what = f"{name(currency, 8)} {wording.whole(total)} more was spent in it so far"
    return f"{what} by what git does not cover ({named}) and is not in that sum."


def sure_words(year: YearForecast) -> str:
    """Return the probability to stay within the target; at most, where others spend too."""
    most = "at most " if year.uncovered else ""
    return f"{most}{wording.probability(year.within_probability)}"


def _who(team_id: str) -> str:
    return name(team_id, 40) if team_id else "no team"
