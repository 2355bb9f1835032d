"""Plan → Report: everything is chosen, sorted, worded and rounded here, so that renderers only lay out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.plan import NOT_COMPARED, Plan
from reconciler.report import changes, decision, details, notices, verdict, wording
from reconciler.report.approvals import asked_by
from reconciler.report.asked import asked_lead, asked_list
from reconciler.report.chart import chart
from reconciler.report.declared import setting_notes
from reconciler.report.document import Asked, Report
from reconciler.report.failing import failing_table
from reconciler.report.later import declared, later_notes, later_targets, later_words
from reconciler.report.neighbours import unapplied_notes
from reconciler.report.object_tables import all_settings, object_lines, object_tables
from reconciler.report.spans import Words, safe_name, strong, words
from reconciler.report.wallet_notes import wallet_notes
from reconciler.report.wallets import WalletStory, brief_table, stories, wallet_table

_CHARTS = 4
"""How many wallets get a chart and a table of layers: the worst ones."""


def _telling(plan: Plan, shown: Sequence[WalletStory]) -> tuple[list[WalletStory], tuple[WalletStory, ...]]:
    """Return the wallets that a chart tells most of, the worst first, and those whose months ahead are shown."""
    later = _changing_later(plan, shown)
    telling = [story for story in shown if story.is_changed] or later or list(shown)
    return telling, (*telling[:_CHARTS], *(story for story in later[:_CHARTS] if story not in telling[:_CHARTS]))


def summarise(
    plan: Plan,
    *,
    approvals: Sequence[Asked] | None = None,
    neighbours: Sequence[Words] | None = None,
    forge: ForgeWords = USUAL,
) -> Report:
    """Return the report of `plan`. `approvals` names who must approve it and what for; None: what the plan notes.

    `neighbours` are sentences about other requests on the same money, None where nobody looked; `forge` has its words.
    """
    asked = asked_by(plan) if approvals is None else tuple(approvals)
    shown, aside = _split(plan, told := stories(plan))
    about = [story for story in told if story.is_changed] or shown
    status = verdict.status(plan)
    report = Report(
        status=status,
        title=f"Budget plan for {plan.period.name}",
        header=_header(plan),
        headline=verdict.headline(plan, told),
        lead=verdict.lead(plan),
        decision=decision.decision_table(plan, about, told),
        brief=brief_table(about, plan),
        brief_notes=decision.notes(plan, about),
        by_hand=decision.by_hand(plan, told),
        urgent=decision.urgent(told),
        failing=failing_table(plan),
        object_lines=object_lines(plan),
        standing=notices.standing(plan),
        how_wrong=details.how_wrong(plan),
        wallets=wallet_table(shown, plan),
        wallet_notes=(*details.scope_notes(plan), *wallet_notes(shown), *_funded_otherwise(plan, shown)),
        approve=_approve(plan, asked),
        approvals=asked_list(asked or ()),
        neighbours=tuple(unapplied_notes(plan, {}) if neighbours is None else filter(None, neighbours)),
        refusals=notices.refusals(plan),
        waivers=notices.waivers(plan),
        warnings=notices.warnings(plan),
        running_out=notices.running_out(plan),
        footer=details.footer(plan, refused=status == "refused", words_of=forge),
        request=forge.request,
        totals=details.totals(plan),
        nothing=_nothing(plan),
    )
    return _in_full(report, plan, shown, aside)


def _in_full(report: Report, plan: Plan, shown: Sequence[WalletStory], aside: Sequence[WalletStory]) -> Report:
    """Return the report with what is behind its figures, for the worst of the wallets that are shown, and all else."""
    telling, ahead = _telling(plan, shown)
    moves = changes.moves(plan)
    return replace(
        report,
        rules=setting_notes(declared(plan)),
        ahead=later_notes(plan),
        other_wallets=wallet_table(aside, plan),
        other_notes=tuple(note for note in wallet_notes(aside) if note not in report.wallet_notes),
        moves=moves,
        move_table=changes.move_table(moves),
        settings=all_settings(plan),
        objects=object_tables(plan),
        assumptions=details.assumption_tables(plan),
        charts=tuple(drawn for story in telling[:_CHARTS] if (drawn := chart(story))),
        levers=tuple(table for story in telling[:_CHARTS] if (table := details.lever_table(story))),
        months=tuple(table for story in ahead if (table := details.month_table(story))),
        method=details.method(plan, telling),
        drift=notices.drift(plan),
        unmanaged=notices.unmanaged(plan),
    )


def _approve(plan: Plan, asked: Sequence[Asked] | None) -> tuple[Words, ...]:
    """Return who must approve in a sentence; that nobody must is said of changes alone."""
    if asked == () and plan.changes:
        return (words(strong("Approve:"), " nobody has to."),)
    return asked_lead(asked or ())


def _header(plan: Plan) -> str:
    day = wording.long_day(plan.as_of)
    return f"{safe_name(plan.organization)}, {plan.period.name}, as of {day} ({details.usage_words(plan)})"


def _nothing(plan: Plan) -> str:
    if left := verdict.left_alone(plan):
        return f"No change is planned, and {left}."
    if any(finding.code == NOT_COMPARED for finding in plan.findings):
        return f"{plan.period.name} stays as it is; what else changes cannot be told: see the warning."
    later = later_words(plan)
    return f"{plan.period.name} stays as it is; {later}." if later else "Nothing to change."


def _split(plan: Plan, told: tuple[WalletStory, ...]) -> tuple[tuple[WalletStory, ...], tuple[WalletStory, ...]]:
    """Return the wallets of teams that change now or later, or else of those it is about, and all the others."""
    later = {target.team for target in later_targets(plan)}
    teams = {change.team for change in plan.changes} | later or set(plan.scope.teams if plan.scope else ())
    shown = tuple(story for story in told if story.team in teams)
    return shown, tuple(story for story in told if story.team not in teams)


def _changing_later(plan: Plan, shown: Sequence[WalletStory]) -> list[WalletStory]:
    """Return the wallets whose later months change, in the order of the table."""
    wallets = {target.wallet for target in later_targets(plan)}
    return [story for story in shown if story.wallet in wallets]


def _funded_otherwise(plan: Plan, shown: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Say where what a wallet has now is not the target that git had before this change."""
    by_hand = {item.wallet for item in plan.drift if item.wallet}
    waiting = {team for item in plan.unapplied for team in item.teams or ()}
    named = [
        f"{story.name} {wording.whole(story.change.funded_before)}"
        for story in shown
        if story.change and (story.wallet in by_hand or story.team in waiting)
    ]
    if not named:
        return ()
    why = "money was moved by hand, or something merged is not applied yet"
    told = f"Funded today with another amount than git said before this change ({why})"
    return (words(f"{told}: {wording.listed(named, 6)}."),)
