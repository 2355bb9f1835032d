"""The planning table of all teams as tables and sentences, the same for every format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reconciler.forecast.words import planned_share
from reconciler.model.annual import TeamYear, YearBridge, YearDocument, YearTotals
from reconciler.report import wording
from reconciler.report.details import assumption_table
from reconciler.report.document import Column, Row, Table
from reconciler.report.forecast_layout import Notice, told_once
from reconciler.report.forecast_text import year_sentence
from reconciler.report.renderers import Printed
from reconciler.report.spans import DASH, Cell, safe_name, visible
from reconciler.report.year import uncounted_words

MOST_NAMED = 8
_WIDEST = 160


@dataclass(frozen=True, slots=True)
class YearPage(Printed):
    """The document, and in words which usage and money it comes from."""

    facts: YearDocument
    known: str

    def document(self) -> YearDocument:
        return self.facts

    @property
    def notices(self) -> Sequence[Notice]:
        """What was left out or is doubtful: code, sentence, hint."""
        return told_once(self.facts.notices)


def title(shown: YearPage) -> str:
    facts = shown.facts
    who, year = safe_name(facts.organization), safe_name(facts.fiscal_year, 24)
    return f"{who}, {year} from {facts.starts.name}, as of {wording.long_day(facts.as_of)} ({shown.known})"


def planning_table(facts: YearDocument) -> Table:
    """Return the planning table: a row for each team, and their sum."""
    columns = (
        Column("name", "Team"),
        Column("baseline", "Baseline monthly spend", "right", "baseline"),
        Column("growth", "Planned growth", "right", "growth"),
        Column("cache", "Target cache improvement", short="cache"),
        Column("mix", "Planned provider mix change", short="models"),
        Column("wallets", "Monthly wallet target", "right", "wallets"),
        Column("alert", "Billing budget alert", "right", "alert"),
    )
    rows = [Row(tuple(map(Cell, _planned(team)))) for team in facts.teams]
    if len(rows) > 1:
        baseline = sum((team.baseline_monthly or Decimal(0) for team in facts.teams), Decimal(0))
        wallets = sum((team.wallet_target for team in facts.teams), Decimal(0))
        cells = ("all teams", wording.whole(baseline), "", "", "", wording.whole(wallets), "")
        rows.append(Row(tuple(map(Cell, cells))))
    return Table(columns, tuple(rows))


def _planned(team: TeamYear) -> Iterator[str]:
    yield safe_name(team.name, 40)
    yield wording.whole(team.baseline_monthly) + (" (by usage)" if team.baseline_source == "usage" else "")
    yield planned_share(team.growth) if team.growth else DASH
    first, last = team.cache_from, team.cache_to
    yield DASH if first is None or last is None else f"From {planned_share(first)} to {planned_share(last)}"
    yield visible(team.mix_change[:1].upper() + team.mix_change[1:], 160)
    yield wording.whole(team.wallet_target)
    yield wording.whole(team.alert)


def judgement_tables(facts: YearDocument) -> tuple[Table, ...]:
    """Return what was observed beside what each team planned."""
    return tuple(assumption_table(safe_name(team.name, 40), team.judgements) for team in facts.teams if team.judgements)


def judgements(team: TeamYear) -> Iterator[str]:
    """Yield each assumption of a team as a sentence: what was planned, what was observed, and what follows."""
    for row in assumption_table("", team.judgements).rows:
        name, plan, observed, so = row.cells
        concluded = ": ".join(filter(None, (so.verdict, so.new)))
        yield f"{name.new}: planned {plan.new} | observed {observed.new} | {concluded}"


def bridge_table(name: str, bridge: YearBridge) -> Table:
    """Return the four passes, each step to the cent, and what they come to."""
    columns = (
        Column("name", "Step"),
        Column("planned", "As planned", "right"),
        Column("weighed", "As weighed", "right"),
        Column("why", "Why"),
    )
    rows = [
        Row(tuple(map(Cell, (visible(step.what, _WIDEST), _signed(step.planned), _signed(step.weighed), why))))
        for step in bridge.steps
        for why in (_why(step.reason, step.weight, step.record, step.uncounted),)
    ]
    total = ("= what the wallets may spend", wording.exact(bridge.wallets), wording.exact(bridge.wallets), "")
    return Table(columns, (*rows, Row(tuple(map(Cell, total)))), name)


def _signed(amount: Decimal) -> str:
    return wording.exact(amount) if amount <= 0 else f"+{wording.exact(amount)}"


def _why(reason: str, weight: float | None, record: str, uncounted: str) -> str:
    pieces = [visible(reason, _WIDEST)] if reason else []
    if uncounted:
        pieces.append(f"not counted: {visible(uncounted, _WIDEST)}")
    if weight is not None:
        pieces.append(f"{weight:.0%} of the saving counted: {visible(record, _WIDEST)}")
    return "; ".join(pieces)


def wallet_table(facts: YearDocument) -> Table:
    """Return what each wallet costs now, by environment, and what it gets."""
    columns = (
        Column("name", "Wallet"),
        Column("rate", "A month costs now", "right", "costs now"),
        Column("monthly", "Monthly target", "right", "target"),
        Column("year", "Over the year", "right", "year"),
    )
    rows = [
        (
            f"{safe_name(team.team, 40)} / {safe_name(wallet.environment, 40)}",
            *map(wording.whole, (wallet.run_rate, wallet.monthly, wallet.year)),
        )
        for team in facts.teams
        for wallet in team.inputs.wallets
    ]
    return Table(columns, tuple(Row(tuple(map(Cell, row))) for row in rows))


def questions(facts: YearDocument) -> tuple[str, ...]:
    """Return what is to be answered before the figures are approved."""
    return tuple(visible(found.question) for team in facts.teams for found in team.anomalies)


def total_sentences(facts: YearDocument) -> Iterator[str]:
    """Yield how the wallets stand against the target and the forecast, and whom git does not cover."""
    total, currency = facts.total, safe_name(facts.currency, 8)
    who = wording.counted(len(facts.teams), "team")
    wallets = f"The wallets of {who} may spend {currency} {wording.exact(total.wallets)} over the year"
    if total.annual_target is None or total.left is None:
        gone = f" and {_gone(total)}" if total.gone else ""
        yield f"{wallets}{gone}; there is no annual target."
    else:
        way = f"{wording.exact(abs(total.left))} {'below' if total.left >= 0 else 'above'}"
        gone = f" and {_gone(total)}: together {way}" if total.gone else f", {way}"
        yield f"{wallets}{gone} the annual target of {wording.exact(total.annual_target)}."
    yield from _counted(total)
    need, likely = total.bridge.planned, total.bridge.weighed
    weighed = f", {wording.exact(likely)} as far as their track record makes savings likely" if need != likely else ""
    yield f"The plans come to {wording.exact(need)}{weighed}."
    yield from _uncounted(facts)
    if total.forecast is not None:
        middle = total.forecast.quantiles.get("0.5")
        if middle is not None and not uncounted_words(total.forecast):
            every = total.wallets + total.gone_spent
            way = f"{wording.whole(abs(every - middle))} {'more' if every >= middle else 'less'}"
            who = f"Both come to {wording.whole(every)}," if total.gone else "The wallets may spend"
            yield f"{who} {way} than the middle forecast of {wording.whole(middle)}."
        yield year_sentence(total.forecast, facts.currency)
    yield from _uncovered(facts)
    yield from (f"Reviewed by export: {visible(one)}." for one in facts.cadence)
    if not facts.cadence:
        yield "No export is scheduled: nothing says how often the plan is reviewed."
    if not any(team.anomalies for team in facts.teams) and any(team.inputs.months for team in facts.teams):
        yield "No month stands out once: nothing is left out of the baselines."


def _counted(total: YearTotals) -> Iterator[str]:
    """Yield how months that are over count, and what is carried over, where there is something to say."""
    if total.spent_months or total.target_months or total.carried or total.carried_at_least or total.goes_back:
        yield f"{total.counted[:1].upper()}{total.counted[1:]}."


def _gone(total: YearTotals) -> str:
    named = [f"{safe_name(one.team_id, 60)} {wording.exact(one.spent)}" for one in total.gone]
    who = wording.counted(len(total.gone), "wallet")
    spent = f"{who} of teams that left spent {wording.exact(total.gone_spent)} in it"
    return spent if len(named) == 1 else f"{spent} ({wording.listed(named, MOST_NAMED)})"


def _uncounted(facts: YearDocument) -> Iterator[str]:
    """Yield what the sum of the plans leaves out."""
    lacking = [safe_name(team.team, 40) for team in facts.teams if team.baseline_source == "none"]
    if lacking:
        named = wording.listed(lacking, MOST_NAMED)
        yield f"Nothing says what {named} costs: neither a plan nor usage, so its plan counts as 0 here."
    apart = [team for team in facts.teams if team.baseline_source == "usage" and team.bridge.steps[1:-1]]
    if apart:
        yield "A baseline by usage is what a month costs now, without what the plan's own steps have made of it."
    steps = [step for team in facts.teams for step in team.bridge.steps if step.uncounted]
    if steps:
        what = wording.listed([visible(step.what, 80) for step in steps], MOST_NAMED)
        so = "counts" if len(steps) == 1 else "count"
        yield f"{wording.counted(len(steps), 'saving')} could not be put into money and {so} as 0: {what}."


def _uncovered(facts: YearDocument) -> Iterator[str]:
    if facts.uncovered:
        named = [f"{safe_name(one.team_id, 60)} {wording.exact(one.spent)}" for one in facts.uncovered]
        who = f"{wording.counted(len(facts.uncovered), 'team')} that git does not cover spent"
        money = f"{safe_name(facts.currency, 8)} {wording.exact(facts.uncovered_spent)}"
        yield f"{who} {money} since {facts.evidence_from.name}: {wording.listed(named, MOST_NAMED)}."


def change_table(facts: YearDocument) -> Table:
    """Return the year before a change and after it."""
    before = facts.before
    if before is None:
        return Table()
    columns = (
        Column("name", "Team"),
        Column("planned", "The plan's year", "right", "plan"),
        Column("wallets", "The wallets' year", "right", "wallets"),
    )
    pairs: Sequence[tuple[str, tuple[Decimal | None, Decimal | None], tuple[Decimal | None, Decimal | None]]] = [
        (safe_name(one.team, 40), (one.planned_before, one.planned_after), (one.wallets_before, one.wallets_after))
        for one in before.teams
    ]
    whole, old = facts.total, before.bridge
    wallets = old.wallets + before.gone_spent, whole.wallets + whole.gone_spent
    total = ("all teams", (old.planned, whole.bridge.planned), wallets)
    rows = [
        Row((Cell(name), *(_shifted(was, now) for was, now in (planned, wallets))))
        for name, planned, wallets in (*pairs, total)
    ]
    return Table(columns, tuple(rows), f"Since {visible(before.since, 60)}")


def _shifted(was: Decimal | None, now: Decimal | None) -> Cell:
    return Cell(wording.exact(now)) if was == now else Cell(wording.exact(now), wording.exact(was))
