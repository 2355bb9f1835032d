"""Behind the figures: the planning table, what makes the month end, the data and how far to trust it, the footer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.forecast.words import CLOSE
from reconciler.model.assumption import Assumption
from reconciler.model.change import VERBS, Allocate, Reclaim
from reconciler.model.forecast import WalletForecast
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.kinds.registry import kinds
from reconciler.model.plan import Plan, Source
from reconciler.model.usage_summary import UsageSummary
from reconciler.report import later, wording
from reconciler.report.changes import object_changes
from reconciler.report.document import Column, Row, Table
from reconciler.report.off import track_record_words
from reconciler.report.savings import lever_name
from reconciler.report.spans import DASH, Cell, Words, code, emphasis, safe_name, visible, words
from reconciler.report.usage_doubts import amounts
from reconciler.report.wallets import WalletStory
from reconciler.report.year import uncovered_words

_OF_SPENDING = frozenset({"baseline", "growth"})
_WORDS = {"unknown": "", "holds": CLOSE, "fits": "OK", "short": "needs attention"}
_MORE_OR_LESS = {**_WORDS, "ahead": "higher", "behind": "lower"}
_PLAIN = ("fits", "leaves time")
MONTH_END = "month end, P50"
"""What the layers of a month come to."""


def assumption_tables(plan: Plan) -> tuple[Table, ...]:
    """Return the planning table of each team that changes."""
    changed = {change.team for change in plan.changes}
    return tuple(
        assumption_table(safe_name(team.team), team.assumptions)
        for team in plan.assumptions
        if team.team in changed and team.assumptions
    )


def assumption_table(name: str, rows: Sequence[Assumption]) -> Table:
    """Return what a plan says beside what was observed."""
    headings = (("name", "Assumption"), ("plan", "Plan"), ("observed", "Observed"), ("so", "So"))
    return Table(tuple(Column(key, heading) for key, heading in headings), tuple(map(_assumption, rows)), name)


def _assumption(row: Assumption) -> Row:
    texts = (visible(text, 160) or DASH for text in (row.plan, row.observed))
    return Row((Cell(row.name.replace("_", " ").capitalize()), *(Cell(text) for text in texts), _conclusion(row)))


def _conclusion(row: Assumption) -> Cell:
    """Return the verdict with its sentence, which may begin with the verdict's own word. What costs more is strong."""
    sentence = visible(row.sentence, 200)
    spending = row.name in _OF_SPENDING
    word = sentence if sentence in _PLAIN else (_MORE_OR_LESS if spending else _WORDS).get(row.verdict, row.verdict)
    alarming = row.verdict in ("short", "ahead" if spending else "behind")
    rest = sentence.removeprefix(word).removeprefix(":").strip() if word else sentence
    if word and sentence.startswith(word) and rest and not sentence.startswith(f"{word}:"):
        return Cell(sentence, strong=alarming)
    return Cell(rest or ("" if word else DASH), verdict=word, strong=alarming)


def layers(forecast: WalletForecast) -> tuple[tuple[tuple[str, Decimal], ...], Decimal]:
    """Return what the month end is made of, what is spent, the run rate and each lever of the plan, and the month end.

    The levers' contributions come from the forecast; the run rate is what is left of the median, of the whole month
    where nothing is known of it yet.
    """
    middle = forecast.month_end.quantiles.get("0.5", forecast.known_spend)
    levers = [(lever_name(lever, 120), lever.contribution) for lever in forecast.levers]
    rest = middle - forecast.known_spend - sum((amount for _, amount in levers), Decimal(0))
    if forecast.spend_to_date is None:
        return (("run rate for the month", rest), *levers), middle
    return (("spent so far", forecast.spend_to_date), ("run rate for the rest of the month", rest), *levers), middle


def lever_table(story: WalletStory) -> Table:
    """Return the layers of the month end, to the cent; nothing where no lever is known."""
    forecast = story.forecast
    if forecast is None or not forecast.levers:
        return Table()
    parts, middle = layers(forecast)
    rows = [Row((Cell(part), Cell(wording.exact(amount)))) for part, amount in parts]
    rows.append(Row((Cell(MONTH_END, strong=True), Cell(wording.exact(middle), strong=True))))
    columns = (Column("name", "Layer"), Column("amount", safe_name(forecast.currency, 8), "right"))
    return Table(columns, tuple(rows), story.name)


def month_table(story: WalletStory) -> Table:
    if story.forecast is None:
        return Table()
    columns = (
        Column("month", "Month"),
        Column("target", "Target", "right"),
        Column("spend", "Spend, P50 (P10 to P90)", "right"),
    )
    rows = tuple(
        Row((Cell(month.period.name), Cell(wording.whole(month.target)), Cell(wording.interval(month.quantiles))))
        for month in story.forecast.months
    )
    return Table(columns, rows, story.name)


def method(plan: Plan, told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return how the figures came about: method, data and their window, confidence."""
    forecasts = [story for story in told if story.forecast]
    if not forecasts:
        return ()
    return (
        words(
            "The rest of the month is played through many times, day by day, from each wallet's own history: its usual"
            " spend, its weekdays and its past surprises. Today's and the new target are judged on the same days, so"
            " what differs comes from the change and not from chance."
        ),
        *([words(track_record_words(plan.track_record))] if plan.track_record else []),
        *(
            [words(f"The year: {uncovered}")]
            if plan.year and (uncovered := uncovered_words(plan.year, plan.currency))
            else []
        ),
        *([words(_data(plan.usage, plan.currency))] if plan.usage else []),
        *(_history(story, story.forecast) for story in forecasts[:8] if story.forecast),
    )


def how_wrong(plan: Plan) -> str:
    """Return what the account of the figures is about, with how far they were off before."""
    told = "How these figures are made"
    if plan.track_record is None or plan.track_record.median_error is None:
        return told
    return f"{told}, and how wrong they were: half of them were at most {plan.track_record.median_error:.0%} off"


def _data(usage: UsageSummary, currency: str) -> str:
    window = f", {usage.first_day:%Y-%m-%d} to {usage.last_day:%Y-%m-%d}" if usage.first_day and usage.last_day else ""
    more = [f"{wording.share(usage.share_without_price)} of tokens have no price"]
    if usage.duplicates:
        came = f" ({currency} {usage.duplicates_cost:,.2f})" if usage.duplicates_cost else ""
        more.append(f"{wording.rows(usage.duplicates)}{came} came twice and count once")
    if usage.not_served.rows:
        cost = f" ({currency} {usage.not_served.cost:,.2f})" if usage.not_served.cost else ""
        more.append(f"{wording.counted(usage.not_served.rows, 'request')}{cost} were not served")
    if usage.left_out.rows:
        more.append(f"{wording.counted(usage.left_out.rows, 'row')}{_money(usage, currency)} were left out")
    return f"Data: {wording.rows(usage.rows)}{window}; {'; '.join(more)}."


def _money(usage: UsageSummary, currency: str) -> str:
    left = usage.left_out
    if left.unread == left.rows:
        return " whose cost cannot be read"
    share = (
        f", {wording.share(left.month_share)} of {usage.month:%B}'s money" if left.month_share and usage.month else ""
    )
    return f" ({amounts(left, currency)}{share})"


def _history(story: WalletStory, forecast: WalletForecast) -> Words:
    fresh = f", data as of {forecast.data_as_of:%Y-%m-%d %H:%M} UTC" if forecast.data_as_of else ""
    sure = {
        "normal": "",
        "low": ": little history, so the forecast is wide",
        "none": ": no usage, so these are the figures of the annual plan",
    }[forecast.confidence]
    return words(emphasis(story.name), f": {wording.counted(forecast.history_days, 'day')} of history{fresh}{sure}.")


def scope_notes(plan: Plan) -> tuple[Words, ...]:
    """Return which teams the plan is about, where it is not about all."""
    scope = plan.scope
    if scope is None:
        return ()
    commit = code(visible(scope.since[:7], 40))
    others = scope.of - len(scope.teams)
    if not scope.teams:
        return (
            words(
                f"This plan is about none of {wording.counted(scope.of, 'team')}: no YAML differs from ", commit, "."
            ),
        )
    named = wording.listed([safe_name(team) for team in scope.teams], 6)
    about = words(
        f"This plan is about {len(scope.teams)} of {wording.counted(scope.of, 'team')}, {named}, by what differs from ",
        commit,
        ".",
    )
    left = wording.listed([safe_name(team) for team in scope.unfinished], 6)
    again = f" The last run did not finish {left}." if left else ""
    return (words(about, f"{again} {_not_read(plan, others)}" if others else again),)


def _not_read(plan: Plan, others: int) -> str:
    """Return how far a plan looked at the teams that it is not about."""
    rest = "other team" if others == 1 else f"other {wording.counted(others, 'team')}"
    if plan.year and plan.year.by_usage:
        return f"Of the {rest} only the usage was looked at, for the year."
    return f"The {rest} {'was' if others == 1 else 'were'} neither read nor forecast."


def merging(plan: Plan) -> str:
    """Return what merging will do, with the money to the cent."""
    told = list(_merging(plan))
    more = later.count(plan)
    if told:
        also = ", and changes what else is listed above" if more else ""
        return f"Merging {wording.listed(told, most=8)}, once{also}."
    return "Merging moves no money today; what it changes is above." if more else "Merging applies nothing."


def _merging(plan: Plan) -> Iterator[str]:
    back, out = (sum(isinstance(change, kind) for change in plan.changes) for kind in (Reclaim, Allocate))
    currency, funds = safe_name(plan.currency, 8), plan.funds
    if back:
        yield f"takes {currency} {wording.exact(funds.reclaimed)} back from {wording.counted(back, 'wallet')}"
    if out:
        yield f"applies {wording.counted(out, 'allocation')} ({currency} {wording.exact(funds.allocated)})"
    for managed in kinds():
        done = Counter(change.verb for change in object_changes(plan, managed))
        yield from (f"{verb}s {wording.counted(done[verb], managed.noun)}" for verb in VERBS if done[verb])


def footer(plan: Plan, *, refused: bool, words_of: ForgeWords = USUAL) -> tuple[Words, ...]:
    """Return the last lines: what merging will do, the plan's digest, and how fresh the data are."""
    teams = sorted({change.team for change in plan.changes if change.team})
    commit = _made_from(plan.source)
    dirty = " with changes not committed" if plan.source.dirty else ""
    stale = "; a team whose money changes before it is applied is left out" if teams else ""
    applies = "Nothing is applied until what is refused above is put right." if refused else _applies(plan, words_of)
    return (
        words(applies),
        words("Plan ", code(short_digest(plan)), commit, f"{dirty}{stale}."),
        words(f"As of {wording.long_day(plan.as_of)} {plan.as_of.year}, {usage_words(plan)}."),
    )


def _made_from(source: Source) -> Words:
    """Return the commits that people find: in a pull request its head and what it is merged onto."""
    if source.head and source.base:
        return words(", for commit ", code(source.head[:7]), " merged onto ", code(source.base[:7]))
    return words(", for commit ", code(source.commit[:7])) if source.commit else ()


def _applies(plan: Plan, words_of: ForgeWords) -> str:
    """Return what merging does, where no table says it, and who does it."""
    told = "" if plan.changes else merging(plan)
    return f"{told}{_who_applies(plan, words_of.pipeline)}".strip()


def _who_applies(plan: Plan, pipeline: str) -> str:
    """Return who applies a pull request, and when."""
    if plan.source.head is None or not plan.changes:
        return ""
    return (
        f" The apply {pipeline} does it right after the merge, if everybody who must has approved, and says here how it"
        " went."
    )


def short_digest(plan: Plan) -> str:
    return visible(plan.digest.removeprefix("sha256:")[:8], 40) or DASH


def usage_words(plan: Plan) -> str:
    """Return which usage the plan saw."""
    if plan.usage is None:
        return "without usage"
    if plan.usage.last_day is None:
        return "no usage yet"
    return f"usage to {wording.long_day(plan.usage.last_day)}, {wording.rows(plan.usage.rows)}"


def totals(plan: Plan) -> str:
    """Return the terminal's closing line: how many changes, how much money, which plan."""
    out, back = plan.funds.allocated, plan.funds.reclaimed
    more = later.count(plan)
    parts = [wording.counted(len(plan.changes) or more, "change")]
    if more and not plan.changes:
        parts.append("none of which moves money today")
    flows = [f"{wording.exact(amount)} {way}" for amount, way in ((out, "out"), (back, "back")) if amount]
    if flows:
        parts.append(f"{safe_name(plan.currency, 8)} {' and '.join(flows)}")
    besides = f"; {more:,} more that move{'s' if more == 1 else ''} no money today" if more and plan.changes else ""
    return f"{', '.join(parts)}{besides} (digest {short_digest(plan)})."
