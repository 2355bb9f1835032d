"""`kt-budgets review` as Markdown: whole for a page, and as a digest for chat and for an issue."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.review import ReviewDocument, TeamReview
from reconciler.report.escape import escaped, inline
from reconciler.report.review_words import CAUSES, ReviewPage, by_kind, caption, others, totals, uncovered
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import marked
from reconciler.report.wording import exact

MOST_ROWS = 10


def review_markdown(page: ReviewPage, _: Screen = PAPER) -> str:
    shown = page.document()
    if page.is_digest:
        return _digest(shown)
    parts = [f"### {escaped(caption(shown))}", escaped(totals(shown))]
    parts += [part for team in shown.teams for part in _team(team)]
    return "\n\n".join([*parts, *_rest(shown)]) + "\n"


def _digest(shown: ReviewDocument) -> str:
    """Return the verdict and one bullet for each team of which something stands out."""
    bullets = [
        f"- **{escaped(team.team)}**: {inline(marked(f'{team.sentence}. {team.response}'))}"
        for team in shown.teams
        if team.called
    ]
    parts = [f"**{escaped(caption(shown))}**", escaped(totals(shown))]
    parts += ["\n".join(bullets)] if bullets else []
    parts += [escaped(quiet)] if (quiet := others(shown)) else []
    return "\n\n".join([*parts, *_rest(shown)]) + "\n"


def _team(team: TeamReview) -> Iterator[str]:
    yield f"#### {escaped(team.team)}"
    yield inline(marked(f"{team.sentence}. {team.response}".strip()))
    if kinds := by_kind(team):
        yield escaped(kinds)
    effects = [effect for effect in team.effects if effect.amount]
    if effects:
        rows = [
            f"| {' or '.join(CAUSES[cause] for cause in (effect.cause, *effect.together_with))}"
            f" | {exact(effect.amount)} | {exact(effect.noise)} | {'yes' if effect.stands_out else ''} |"
            for effect in effects
        ]
        total = f"| **difference** | **{exact(team.difference)}** | | |"
        yield "\n".join(["| Cause | Amount | Usual noise | Stands out |", "|:--|--:|--:|:--|", *rows, total])
    if team.verdicts:
        yield "\n".join(f"- {inline(marked(verdict.sentence))}" for verdict in team.verdicts)
    if len(team.workloads) > 1:
        rows = [
            f"| {escaped(row.environment)} | {escaped(row.workload or 'no workload')} | {exact(row.plan)} |"
            f" {exact(row.actual)} | {exact(row.difference)} | {CAUSES[row.effects[0].cause] if row.effects else ''} |"
            for row in team.workloads[:MOST_ROWS]
        ]
        yield _table(
            "| Environment | Workload | Before | Now | Difference | Mostly |",
            "|:--|:--|--:|--:|--:|:--|",
            rows,
            of=len(team.workloads),
        )
    if len(team.models) > 1:
        rows = [
            f"| {escaped(' / '.join(filter(None, (row.model or 'no model', row.lane))))} | {exact(row.plan)} |"
            f" {exact(row.actual)} | {exact(row.difference)} |"
            for row in team.models[:MOST_ROWS]
        ]
        yield _table("| Model | Before | Now | Difference |", "|:--|--:|--:|--:|", rows, of=len(team.models))


def _table(heads: str, sides: str, rows: list[str], *, of: int) -> str:
    return "\n".join([heads, sides, *rows]) + (f"\n\nand {of - MOST_ROWS} more" if of > MOST_ROWS else "")


def _rest(shown: ReviewDocument) -> Iterator[str]:
    if shown.uncovered:
        yield escaped(uncovered(shown))
    if shown.notices:
        yield "\n".join(f"- {inline(marked(f'{one.code}: {one.message}'))}" for one in shown.notices)
