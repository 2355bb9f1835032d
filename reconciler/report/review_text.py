"""`kt-budgets review` for a terminal: a sentence a team, what its difference is made of, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from reconciler.model.money import ZERO, cents
from reconciler.model.review import ReviewDocument, TeamReview
from reconciler.report.columns import Grid
from reconciler.report.forecast_layout import NARROWEST, ascii_punctuation, notice_lines, page, sentence
from reconciler.report.review_words import CAUSES, ReviewPage, by_kind, caption, cause, others, totals, uncovered
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import visible
from reconciler.report.wording import counted, exact

MOST = 6
"""Workloads, models and teams that are shown one by one; the others are one row."""


def review_text(page_: ReviewPage, screen: Screen = PAPER) -> str:
    width, shown = max(screen.width, NARROWEST), page_.document()
    if page_.is_digest:
        return page(_digest(shown, width), width=width, colour=screen.colour)
    blocks = [[*sentence(caption(shown), width, indent=0), *sentence(totals(shown), width)]]
    for team in shown.teams:
        blocks += [list(_team(team, width)), _effects(team, width), _workloads(team, width), _models(team, width)]
    blocks += [sentence(uncovered(shown), width) if shown.uncovered else []]
    blocks += [notice_lines((one.told for one in shown.notices), width)]
    return page(blocks, width=width, colour=screen.colour)


def _digest(shown: ReviewDocument, width: int) -> list[list[str]]:
    blocks = [[*sentence(caption(shown), width, indent=0), *sentence(totals(shown), width)]]
    blocks += [list(_team(team, width, verdicts=False)) for team in shown.teams if team.called]
    if quiet := others(shown):
        blocks.append(sentence(quiet, width))
    blocks += [sentence(uncovered(shown), width) if shown.uncovered else []]
    blocks += [notice_lines((one.told for one in shown.notices), width)]
    return blocks


def _team(team: TeamReview, width: int, *, verdicts: bool = True) -> Iterator[str]:
    yield from sentence(visible(f"{team.sentence}."), width, indent=0)
    if team.response:
        yield from sentence(team.response, width)
    if verdicts and (kinds := by_kind(team)):
        yield from sentence(kinds, width)
    for verdict in team.verdicts if verdicts else ():
        yield from sentence(visible(f"{verdict.sentence}."), width)


def _effects(team: TeamReview, width: int) -> list[str]:
    shown = [effect for effect in team.effects if effect.amount]
    rows = tuple(
        (cause(effect), _amount(effect.amount), _amount(effect.noise), "stands out" if effect.stands_out else "")
        for effect in shown
    )
    total = ("difference", _amount(team.difference), "", "")
    grid = Grid(("cause", "amount", "usual noise", ""), ("left", "right", "right", "left"), (*rows, total))
    return grid.lines(width) if rows else []


def _workloads(team: TeamReview, width: int) -> list[str]:
    if len(team.workloads) < 2:
        return []
    rows = [
        (
            visible(" / ".join(filter(None, (row.environment, row.workload or "no workload"))), 40),
            _amount(row.plan),
            _amount(row.actual),
            _amount(row.difference),
            CAUSES[row.effects[0].cause] if row.effects else "",
        )
        for row in team.workloads[:MOST]
    ]
    if rest := team.workloads[MOST:]:
        plan, actual = (cents(sum(side, ZERO)) for side in ((row.plan for row in rest), (row.actual for row in rest)))
        rows.append((counted(len(rest), "more workload"), _amount(plan), _amount(actual), _amount(actual - plan), ""))
    names = ("workload", "before", "now", "difference", "mostly")
    return Grid(names, ("left", "right", "right", "right", "left"), tuple(rows)).lines(width)


def _models(team: TeamReview, width: int) -> list[str]:
    rows = tuple(
        (
            visible(" / ".join(filter(None, (row.model or "no model", row.lane))), 40),
            _amount(row.plan),
            _amount(row.actual),
            _amount(row.difference),
        )
        for row in team.models[:MOST]
    )
    if len(rows) < 2:
        return []
    return Grid(("model", "before", "now", "difference"), ("left", "right", "right", "right"), rows).lines(width)


def _amount(amount: Decimal | None) -> str:
    """Return money to the cent with the minus sign of the sentences around it, which every terminal has."""
    return ascii_punctuation(exact(amount))
