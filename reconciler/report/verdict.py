"""The verdict: one sentence with the money in it, and the few that back it up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.forecast import WalletOutlook
from reconciler.model.kinds.registry import kinds
from reconciler.model.plan import NOT_COMPARED, Plan
from reconciler.report import wording
from reconciler.report.changes import object_changes
from reconciler.report.document import Status
from reconciler.report.later import besides, later_words
from reconciler.report.savings import planned_words
from reconciler.report.spans import Words, emphasis, safe_name, strong, words
from reconciler.report.wallets import SAFE, WalletStory
from reconciler.report.year import covered_words, sure_words, uncovered_words

_LEFT_ALONE = frozenset({"first-contact", "unreclaimable", "whose-month"})


def status(plan: Plan) -> Status:
    """Return whether the plan is refused, has changes, or nothing to do."""
    refused = any(guard.status == "refused" for guard in plan.guards)
    if refused or any(finding.severity == "error" for finding in plan.findings):
        return "refused"
    return "changes" if plan.changes else "nothing"


def month(plan: Plan) -> str:
    """Return the period for people; the year is left out where it is that of as-of."""
    return f"{plan.period.first:%B}" if plan.period.year == plan.as_of.year else plan.period.name


def money(plan: Plan, amount: Decimal) -> str:
    return f"{safe_name(plan.currency, 8)} {wording.brief(amount)}"


def headline(plan: Plan, told: Sequence[WalletStory]) -> Words:
    """Return the verdict of the plan; `told` are its wallets, worst first."""
    changed = [story for story in told if story.change]
    match status(plan):
        case "refused":
            return words("Budget plan refused: ", _waiting(plan, changed), besides(plan))
        case "nothing" if later := later_words(plan):
            left = left_alone(plan) or f"{plan.period.name} stays as it is"
            return words(f"Budget plan: {later}; {left}")
        case "nothing" if left := left_alone(plan):
            return words(f"Budget plan: no money moves, and {left}")
        case "nothing" if any(finding.code == NOT_COMPARED for finding in plan.findings):
            return words(f"Budget plan: {plan.period.name} stays as it is; what else changes cannot be told")
        case "nothing":
            return words(f"Budget plan: no changes, {_matching(plan)} for {plan.period.name}")
        case _ if not changed:
            return _unmoved(plan, later_words(plan))
        case _ if len(changed) == 1:
            return words(
                "Budget plan: ", *(_one(plan, story, story.change) for story in changed if story.change), besides(plan)
            )
        case _:
            return words("Budget plan: ", _many(plan, changed), besides(plan))


def _unmoved(plan: Plan, later: str) -> Words:
    """Return the verdict of a plan that moves no money now, and changes settings."""
    if later:
        return words(f"Budget plan: {_settings(plan)}, {later}; the money of {plan.period.name} stays as it is")
    return words(f"Budget plan: no money moves, {_settings(plan)}")


def _matching(plan: Plan) -> str:
    if plan.scope is None:
        return "Keeptrusts matches git"
    teams = wording.listed([safe_name(team) for team in plan.scope.teams], 4)
    return f"Keeptrusts matches git for {teams}" if teams else "no team's budgets differ"


def left_alone(plan: Plan) -> str:
    """Return what a plan leaves as it is although git says otherwise, or nobody can tell; empty when there is none."""
    if plan.doubts:
        return _doubtful(plan)
    differing = sum(finding.code in _LEFT_ALONE for finding in plan.findings)
    wallets = wording.counted(differing, "wallet")
    return f"{wallets} {wording.agree(differing, 'is')} left as found: see the warnings" if differing else ""


def _doubtful(plan: Plan) -> str:
    named = wording.listed([safe_name(doubt.wallet, 40) for doubt in plan.doubts], 4)
    unreadable = {doubt.kind == "unreadable" for doubt in plan.doubts}
    one = {frozenset({True}): "cannot be read", frozenset({False}): "contradicts the journal"}
    why = one.get(frozenset(unreadable), "contradicts the journal or cannot be read")
    return f"nothing is planned for {named}, whose ledger {why}"


def _waiting(plan: Plan, changed: Sequence[WalletStory]) -> str:
    whose = f" for {changed[0].name}" if len(changed) == 1 else ""
    problems = sum(guard.status == "refused" for guard in plan.guards)
    problems += sum(finding.severity == "error" for finding in plan.findings)
    until = f"until {wording.counted(problems, 'problem')} {wording.agree(problems, 'is')} solved"
    moved = plan.funds.allocated + plan.funds.reclaimed
    return f"{money(plan, moved)}{whose} waits {until}" if moved else f"nothing is applied {until}"


def _settings(plan: Plan) -> str:
    counts = ((len(object_changes(plan, kind)), kind.noun) for kind in kinds())
    told = [f"{wording.counted(count, noun)} {wording.agree(count, 'changes')}" for count, noun in counts if count]
    return wording.listed(told)


def _one(plan: Plan, story: WalletStory, change: Allocate | Reclaim) -> str:
    amount = money(plan, change.amount)
    if isinstance(change, Reclaim):
        return f"{story.name} gives back {amount}{_after_reclaim(plan, story)}"
    if change.funded_before:
        return f"{story.name} gets {amount} more for {month(plan)}{_after_allocation(story)}"
    return f"{story.name} gets its first {amount} for {month(plan)}{_after_allocation(story)}"


def _after_allocation(story: WalletStory) -> str:
    before, after = story.lasts_now, story.lasts
    if before is None or after is None:
        return ""
    if after < 0.5:
        return f", and still {_ends(story)}"
    if after < SAFE:
        return f", and then lasts the month with {wording.probability(after)}"
    return ", which it would last without" if before >= SAFE else ", and then lasts the month"


def _after_reclaim(plan: Plan, story: WalletStory) -> str:
    before, after = story.lasts_now, story.lasts
    if before is None or after is None:
        return f" for {month(plan)}"
    if after < 0.5:
        return f", and {'still' if before < 0.5 else 'then'} {_ends(story)}"
    if after < SAFE:
        return f", and {'still' if before < SAFE else 'then'} lasts the month with {wording.probability(after)}"
    return ", and still lasts the month"


def _ends(story: WalletStory) -> str:
    median = story.forecast.desired.exhaustion.date.get("0.5") if story.forecast else None
    if median:
        return f"runs out around {wording.long_day(median)}"
    return f"lasts the month with only {wording.probability(story.lasts)}"


def _many(plan: Plan, changed: Sequence[WalletStory]) -> str:
    gets = [story.change for story in changed if isinstance(story.change, Allocate)]
    gives = [story.change for story in changed if isinstance(story.change, Reclaim)]
    first = "first " if gets and not any(change.funded_before for change in gets) else ""
    told = []
    if gets:
        verb = wording.agree(len(gets), "gets") + (f" {'its' if len(gets) == 1 else 'their'} first" if first else "")
        told.append(f"{wording.counted(len(gets), 'wallet')} {verb} {money(plan, plan.funds.allocated)}")
    if gives:
        what = wording.counted(len(gives), "wallet") if not gets else f"{len(gives):,}"
        told.append(f"{what} {wording.agree(len(gives), 'gives')} back {money(plan, plan.funds.reclaimed)}")
    return f"{' and '.join(told)} for {month(plan)}{_after_many(changed)}"


def _after_many(changed: Sequence[WalletStory]) -> str:
    known = [story for story in changed if story.lasts is not None]
    if not known:
        return ""
    worst = known[0]
    if worst.lasts is None or worst.lasts >= SAFE:
        whose = "all of them last" if len(known) == len(changed) else "those with a forecast last"
        return f", and {whose} the month"
    return f", but {worst.name} {_ends(worst)}"


def lead(plan: Plan, told: Sequence[WalletStory]) -> tuple[Words, ...]:
    """Return the sentences below the verdict: the money and how long it lasts, the year, refusals."""
    changed = [story for story in told if story.change]
    return tuple(
        sentence
        for sentence in (
            *(_outlook(plan, changed[0]) if len(changed) == 1 else _outlooks(changed)),
            words(f"{_doubtful(plan).capitalize()}: see the warnings.") if plan.doubts else (),
            *_year(plan),
            *_permission(plan),
        )
        if sentence
    )


def _outlook(plan: Plan, story: WalletStory) -> Iterator[Words]:
    if story.forecast is None or story.change is None:
        yield words("There is no usage to forecast from, so nobody can say how long this lasts.")
        return
    carried = f" and {wording.whole(story.carried_over_then)} carried over" if story.carried_over_then else ""
    yield words(
        "With ",
        strong(f"{money(plan, story.forecast.desired.target)}{carried}"),
        " for ",
        emphasis(story.name),
        " the money lasts the month with ",
        strong(wording.probability(story.lasts)),
        " probability",
        _around(" and runs out around ", story.forecast.desired),
        ".",
    )
    if story.forecast.live.target:
        today = f"Today's {money(plan, story.forecast.live.target)} would run out around "
        yield words(ends, ".") if (ends := _around(today, story.forecast.live)) else ()


def _outlooks(changed: Sequence[WalletStory]) -> Iterator[Words]:
    known = [story for story in changed if story.forecast]
    if changed and not known:
        yield words("There is no usage to forecast from, so nobody can say how long this lasts.")
    short = [story for story in known if story.lasts is not None and story.lasts < SAFE]
    for story in short[:3]:
        ends = _around(" and runs out around ", story.forecast.desired) if story.forecast else ()
        yield words(emphasis(story.name), " lasts the month with ", strong(wording.probability(story.lasts)), ends, ".")
    if len(short) > 3:
        yield words(f"{wording.counted(len(short) - 3, 'more wallet')} last with less than {SAFE:.0%}.")
    safe = len(known) - len(short)
    if short and safe:
        rest = "The other one lasts" if safe == 1 else f"The other {safe:,} last"
        yield words(f"{rest} with {SAFE:.0%} or more.")
    if not short and known:
        yield words(
            "The least certain is ",
            emphasis(known[0].name),
            ": it lasts with ",
            strong(wording.probability(known[0].lasts)),
            ".",
        )


def _around(before: str, outlook: WalletOutlook) -> Words:
    """Return `before`, the median day of exhaustion and its band; nothing where the money is more likely to last."""
    first, median, last = (outlook.exhaustion.date.get(key) for key in ("0.1", "0.5", "0.9"))
    if median is None:
        return ()
    first = first or median
    band = wording.day_range(first, last) if last else f"{wording.long_day(first)} or later"
    return words(before, strong(wording.long_day(median)), f" ({band})")


def _year(plan: Plan) -> Iterator[Words]:
    year = plan.year
    if year is None or year.quantiles.get("0.5") is None:
        return
    middle = f"{safe_name(plan.currency, 8)} {wording.whole(year.quantiles['0.5'])}"
    planned = f" ({planned})" if (planned := planned_words(year)) else ""
    target = f" of {wording.whole(year.annual_target)}" if year.annual_target is not None else ""
    sure = f", {sure_words(year)} sure to stay within" if target and year.within_probability is not None else ""
    yield words(
        f"Organization: forecast {middle}{planned}{target} for {safe_name(year.name, 24)}{covered_words(year)}{sure}"
        f"{wording.counted_from(year.known_from)}."
    )
    if uncovered := uncovered_words(year, plan.currency):
        yield words(uncovered)


def _permission(plan: Plan) -> Iterator[Words]:
    refused = sum(guard.status == "refused" for guard in plan.guards)
    refused += sum(finding.severity == "error" for finding in plan.findings)
    if refused:
        yield words(strong(f"{wording.counted(refused, 'refusal')}, below, with the fix."))
    elif plan.changes:
        yield words("No limit or rule stops it.")
