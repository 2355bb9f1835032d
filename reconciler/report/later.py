"""What a plan's YAML changes in months to come: nothing of it moves money now, and the reviewer should know it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from reconciler.model.plan import LaterTarget, Plan
from reconciler.report import wording
from reconciler.report.spans import Words, code, emphasis, name, strong, words

MOST = 8


def later_notes(plan: Plan) -> tuple[Words, ...]:
    """Return a sentence for each run of months in which a wallet's target changes alike."""
    runs = list(_runs(plan))
    told = [_sentence(plan, run) for run in runs[:MOST]]
    if len(runs) > MOST:
        told.append(words(f"Later: {wording.counted(len(runs) - MOST, 'change')} more, in plan.json."))
    return tuple(told)


def later_words(plan: Plan) -> str:
    """Return in a few words which wallets change later, or leave the YAML; an empty text where none does."""
    later = plan.scope.later if plan.scope else ()
    kinds = (("changes", "later", False), ("leaves", "the YAML", True))
    told = []
    for verb, what, leaving in kinds:
        wallets = list(dict.fromkeys(_wallet(target) for target in later if (target.after is None) == leaving))
        if wallets:
            told.append(f"{wording.listed(wallets)} {wording.agree(len(wallets), verb)} {what}")
    return ", ".join(told)


def _runs(plan: Plan) -> Iterator[list[LaterTarget]]:
    """Yield neighbouring months of one wallet with the same change."""

    def run(item: tuple[int, LaterTarget]) -> tuple[object, ...]:
        place, target = item
        if target.after is None:
            return (target.wallet,)
        return target.wallet, target.before, target.after, target.period.months_since(plan.period) - place

    for _, group in groupby(enumerate(plan.scope.later if plan.scope else ()), key=run):
        yield [target for _, target in group]


def _wallet(target: LaterTarget) -> str:
    return f"{name(target.team, 40)} / {name(target.environment, 40)}"


def _sentence(plan: Plan, run: list[LaterTarget]) -> Words:
    first, last = run[0], run[-1]
    when = first.period.name if len(run) == 1 else f"{first.period.name} to {last.period.name}"
    whose, which = emphasis(_wallet(first)), words(" (", code(name(first.wallet, 96)), ")")
    if first.after is None:
        return words(whose, which, " leaves the YAML: it is not funded again, and what it holds stays in it.")
    after, currency = strong(wording.brief(first.after)), name(plan.currency, 8)
    if first.before is None:
        return words("Later: ", whose, which, f" is new, with {currency} ", after, f", {when}.")
    was = f" {currency} {wording.brief(first.before)} \N{RIGHTWARDS ARROW} "
    return words("Later: ", whose, was, after, f", {when}.")
