"""`kt-budgets year` for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.report import annual_page as told
from reconciler.report.annual_inputs import input_sentences, workload_table
from reconciler.report.annual_page import YearPage
from reconciler.report.document import Table
from reconciler.report.forecast_layout import NARROWEST, notice_lines, page, sentence, table_lines
from reconciler.report.screen import PAPER, Screen
from reconciler.report.spans import safe_name


def annual_text(shown: YearPage, screen: Screen = PAPER) -> str:
    width, facts = max(screen.width, NARROWEST), shown.facts
    blocks = [
        sentence(told.title(shown), width, indent=0),
        table_lines(told.planning_table(facts), width),
        [line for found in told.total_sentences(facts) for line in sentence(found, width)],
        _titled(told.change_table(facts), width),
        [line for found in told.questions(facts) for line in sentence(f"? {found}", width)],
        _titled(told.bridge_table(f"Four passes of {safe_name(facts.fiscal_year, 24)}", facts.total.bridge), width),
        *_teams(shown, width),
        table_lines(told.wallet_table(facts), width),
        notice_lines(shown.notices, width),
        _draft(shown, width),
    ]
    return page(blocks, width=width, colour=screen.colour)


def _teams(shown: YearPage, width: int) -> Iterator[list[str]]:
    for team in shown.facts.teams:
        name = safe_name(team.name, 40)
        told_of = [*told.judgements(team), *input_sentences(team)]
        yield [*sentence(name, width), *(line for found in told_of for line in sentence(found, width, indent=4))]
        yield table_lines(workload_table(team), width)
        yield table_lines(told.bridge_table(name, team.bridge), width)


def _titled(table: Table, width: int) -> list[str]:
    return [*sentence(table.title, width), *table_lines(table, width)] if table else []


def _draft(shown: YearPage, width: int) -> list[str]:
    draft = shown.facts.draft
    if draft is None:
        return []
    made = f"{draft.folder}: the budgets of {safe_name(draft.fiscal_year, 24)} from {draft.starts.name}, wallets of"
    return sentence(
        f"{made} {draft.wallets:,.2f} over the year, in {len(draft.files)} files; each figure says why.", width
    )
