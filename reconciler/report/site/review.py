"""The page of what came against what was planned: from the plan to what a team cost, cause by cause."""

from __future__ import annotations

from html import escape

from reconciler.model.review import ReviewDocument, TeamReview
from reconciler.report import wording
from reconciler.report.charts.bars import bars, steps
from reconciler.report.charts.drawing import Drawing
from reconciler.report.document import Column, Row, Table
from reconciler.report.review_words import by_kind, caption, cause, totals, uncovered
from reconciler.report.site.page import Page, Subject
from reconciler.report.site.parts import bullets, figure, inline, table, titled
from reconciler.report.spans import Cell, marked, safe_name, visible

KEY = "review"


def review(subject: Subject) -> Page:
    body = '<h1 tabindex="-1">What came, against what was planned</h1>' + "".join(map(_reviewed, subject.reviews))
    return Page(KEY, "What came, against what was planned", "Review", body)


def _reviewed(shown: ReviewDocument) -> str:
    missing = f"<p>{escape(uncovered(shown))}</p>" if shown.uncovered else ""
    noticed = bullets(marked(visible(f"{one.code}: {one.message}")) for one in shown.notices)
    teams = "".join(_team(shown, team) for team in shown.teams)
    return titled(caption(shown), f"<p>{escape(totals(shown))}</p>", teams, missing, noticed)


def _team(shown: ReviewDocument, team: TeamReview) -> str:
    said = [marked(visible(f"{team.sentence}. {team.response}".strip()))]
    said += [marked(visible(kinds)) for kinds in (by_kind(team),) if kinds]
    verdicts = bullets(marked(visible(f"{verdict.sentence}.")) for verdict in team.verdicts)
    drawn = figure(bridge(shown, team)) if team.effects else ""
    told = "".join(f"<p>{inline(sentence)}</p>" for sentence in said)
    return titled(safe_name(team.team), told, drawn, verdicts, table(_workloads(team)), level=3)


def bridge(shown: ReviewDocument, team: TeamReview) -> Drawing:
    """Return the way from the plan, or the other period, to what was spent, in steps that add up to the cent."""
    start = "plan" if shown.against == "plan" else visible(shown.against, 30)
    parts = [(start, wording.exact(team.plan), team.plan)]
    parts += [(cause(effect), wording.exact(effect.amount), effect.amount) for effect in team.effects]
    rows = steps(parts, ("what came", wording.exact(team.actual), team.actual))
    title = f"{safe_name(team.team)}, from {start} to what came ({safe_name(shown.currency, 8)})"
    told = f"From {wording.exact(team.plan)} to {wording.exact(team.actual)}, a difference of"
    return bars(title, f"{told} {wording.exact(team.difference)}.", rows, table=_effects(team), legend=True)


def _effects(team: TeamReview) -> Table:
    columns = (
        Column("cause", "Cause"),
        Column("amount", "Amount", "right"),
        Column("noise", "Usual noise", "right"),
        Column("out", "Stands out"),
    )
    rows = [
        (cause(effect), wording.exact(effect.amount), wording.exact(effect.noise), "yes" if effect.stands_out else "")
        for effect in team.effects
    ]
    rows.append(("difference", wording.exact(team.difference), "", ""))
    return Table(columns, tuple(Row(tuple(map(Cell, row))) for row in rows))


def _workloads(team: TeamReview) -> Table:
    columns = (
        Column("name", "Workload"),
        Column("plan", "Before", "right"),
        Column("actual", "Now", "right"),
        Column("difference", "Difference", "right"),
        Column("cause", "Mostly"),
    )
    rows = [
        (
            visible(" / ".join(filter(None, (one.environment, one.workload or "no workload"))), 80),
            *map(wording.exact, (one.plan, one.actual, one.difference)),
            cause(one.effects[0]) if one.effects else "",
        )
        for one in team.workloads
    ]
    return Table(columns, tuple(Row(tuple(map(Cell, row))) for row in rows)) if len(rows) > 1 else Table()
