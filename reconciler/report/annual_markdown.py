"""`kt-budgets year` as Markdown: for a page of a wiki, or for an issue."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.report import annual_page as told
from reconciler.report.annual_inputs import input_sentences, workload_table
from reconciler.report.annual_page import YearPage
from reconciler.report.escape import escaped
from reconciler.report.markdown import table_markdown
from reconciler.report.screen import PAPER, Screen


def annual_markdown(shown: YearPage, _: Screen = PAPER) -> str:
    return "\n\n".join(filter(None, _blocks(shown))) + "\n"


def _blocks(shown: YearPage) -> Iterator[str]:
    facts = shown.facts
    yield f"### {escaped(told.title(shown))}"
    yield table_markdown(told.planning_table(facts))
    yield _list(told.total_sentences(facts))
    if change := told.change_table(facts):
        yield f"#### {escaped(change.title)}\n\n{table_markdown(change)}"
    if asked := told.questions(facts):
        yield f"#### To be answered\n\n{_list(iter(asked))}"
    yield f"#### Four passes\n\n{table_markdown(told.bridge_table('', facts.total.bridge))}"
    judged = {table.title: table for table in told.judgement_tables(facts)}
    for team in facts.teams:
        yield f"#### {escaped(team.name)}"
        if (table := judged.get(team.name)) is not None:
            yield table_markdown(table)
        yield _list(input_sentences(team))
        if workloads := workload_table(team):
            yield table_markdown(workloads)
        yield table_markdown(told.bridge_table("", team.bridge))
    yield table_markdown(told.wallet_table(facts))
    yield _list(f"{code}: {message} {hint}".strip() for code, message, hint in shown.notices)


def _list(sentences: Iterator[str]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)
