"""The verdict: one sentence with the money in it, and the few that back it up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciler.model.change import Allocate
from reconciler.model.kinds.registry import kinds
from reconciler.model.plan import NOT_COMPARED, Plan
from reconciler.report import wording
from reconciler.report.changes import object_changes
from reconciler.report.document import Status
from reconciler.report.later import besides, later_words
from reconciler.report.spans import Words, safe_name, strong, words
from reconciler.report.stops import limit_words
from reconciler.report.wallets import SAFE, WalletStory, risk

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
    changed, stops = [story for story in told if story.change], limit_words(plan, told)
    match status(plan):
        case "refused":
            return words("Budget plan refused: ", _waiting(plan, changed), stops, besides(plan))
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
            return _unmoved(plan, later_words(plan), stops)
        case _:
            return words(_net(plan, changed), _consequence(changed), stops, besides(plan))


def _unmoved(plan: Plan, later: str, stops: str) -> Words:
    """Return the verdict of a plan that moves no money now, and changes settings."""
    if later:
        stays = f"the money of {plan.period.name} stays as it is"
        return words(f"Budget plan: {_settings(plan)}, {later}; {stays}{stops}")
    return words(f"Budget plan: no money moves, {_settings(plan)}{stops}")


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


def _net(plan: Plan, changed: Sequence[WalletStory]) -> str:
    """Return what becomes of the organization's money on balance; of one wallet with its name."""
    net = plan.funds.allocated - plan.funds.reclaimed
    when = f"for {changed[0].name} in {month(plan)}" if len(changed) == 1 else f"for {month(plan)}"
    if net < 0:
        return f"{money(plan, -net)} less {when}"
    if not net:
        return f"{money(plan, plan.funds.allocated)} moves between wallets in {month(plan)}, none is added"
    gets = [story.change for story in changed if isinstance(story.change, Allocate)]
    if len(gets) == len(changed) and not any(change.funded_before for change in gets):
        return f"The first {money(plan, net)} {when}"
    return f"{money(plan, net)} more {when}"


def _consequence(changed: Sequence[WalletStory]) -> str:
    """Return how long the money of the wallets that change then lasts, against how long it would without."""
    known = [story for story in changed if story.lasts is not None]
    if not known:
        return ": nothing tells how long it lasts"
    saved, still, newly = (
        [story for story in known if (_was_short(story), _lasting(story)) == kind]
        for kind in ((True, True), (True, False), (False, False))
    )
    alone = len(changed) == 1
    told = (
        [f"{_those(saved, alone)} would run out without this, and {wording.agree(len(saved), 'lasts')} with it"]
        if saved
        else []
    )
    told += [
        f"{_those(group, alone)} {_may(group, again)}" for group, again in ((still, "still"), (newly, "now")) if group
    ]
    told = told or ["it lasts with and without" if alone else "all of them last with and without"]
    if len(known) < len(changed):
        told.append(f"nothing tells it of {wording.counted(len(changed) - len(known), 'other')}")
    return f": {'; '.join(told)}"


def _was_short(story: WalletStory) -> bool:
    return (story.lasts_now or 0.0) < SAFE


def _lasting(story: WalletStory) -> bool:
    return (story.lasts or 0.0) >= SAFE


def _those(stories: Sequence[WalletStory], alone: bool) -> str:
    if alone:
        return "it"
    return stories[0].name if len(stories) == 1 else wording.counted(len(stories), "wallet")


def _may(stories: Sequence[WalletStory], again: str) -> str:
    """Return that wallets may run out, or are likely to; of one with its chance."""
    likely = sum(story.standing == "short" for story in stories)
    if len(stories) > 1:
        return f"may {again} run out{f', {likely:,} of them likely' if likely else ''}"
    gone = risk(stories[0].forecast.desired) if stories[0].forecast else ""
    return f"{f'is {again} likely to' if likely else f'may {again}'} run out ({gone})"


def lead(plan: Plan) -> tuple[Words, ...]:
    """Return the sentences below the verdict: what is in doubt, refusals, and whose spend the year leaves out."""
    return tuple(
        sentence
        for sentence in (
            words(f"{_doubtful(plan).capitalize()}: see the warnings.") if plan.doubts else (),
            *_permission(plan),
        )
        if sentence
    )


def _permission(plan: Plan) -> Iterator[Words]:
    refused = sum(guard.status == "refused" for guard in plan.guards)
    refused += sum(finding.severity == "error" for finding in plan.findings)
    if refused:
        yield words(strong(f"{wording.counted(refused, 'refusal')}, below, with the fix."))
