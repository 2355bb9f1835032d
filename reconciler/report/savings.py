"""Promised savings in words: what figures are if all of them come, beside what is expected by how they have gone."""

from __future__ import annotations

from reconciler.model.forecast import LeverContribution, YearForecast
from reconciler.report import wording
from reconciler.report.spans import safe_name


def planned_words(year: YearForecast) -> str:
    """Return what the year costs if all planned savings come, where that is something else; else an empty text."""
    planned, likely = (wording.whole(quantiles.get("0.5")) for quantiles in (year.as_planned, year.quantiles))
    return f"{planned} with all planned savings" if year.as_planned and planned != likely else ""


def lever_name(lever: LeverContribution, width: int) -> str:
    """Return what a contribution is called, and of a promised saving what it is if all of it comes."""
    name = safe_name(lever.name.replace("_", " "), width)
    if lever.planned is None or lever.planned == lever.contribution:
        return name
    return f"{name} ({wording.exact(lever.planned)} if all of it comes)"
