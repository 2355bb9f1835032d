"""What a plan's YAML changes besides the money that moves now: months to come, and everything else that it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby

from reconciler.model.change import Allocate, Reclaim
from reconciler.model.later import LaterExpectation, LaterTarget
from reconciler.model.money import ZERO
from reconciler.model.period import Period
from reconciler.model.plan import Plan
from reconciler.report import wording
from reconciler.report.declared import setting_names, setting_words, settings
from reconciler.report.spans import Words, code, emphasis, safe_name, safe_place, strong, visible, words

_MOST_SUMS = 6


def later_targets(plan: Plan) -> tuple[LaterTarget, ...]:
    """Return the targets of later months that differ; plans of an earlier version hold them in their scope."""
    if plan.later is not None:
        return plan.later.targets
    return plan.scope.later if plan.scope else ()


def later_expectations(plan: Plan) -> tuple[LaterExpectation, ...]:
    """Return what plans expect otherwise."""
    return tuple(item for item in plan.later.expectations if item.kind == "expectation") if plan.later else ()


def declared(plan: Plan) -> tuple[LaterExpectation, ...]:
    """Return every other value that differs and that nothing else tells."""
    return settings(plan, later_targets(plan))


def later_notes(plan: Plan) -> tuple[Words, ...]:
    """Return a sentence for each run of months in which a target changes alike, their sum, and each new expectation."""
    runs, expectations = list(_runs(plan)), later_expectations(plan)
    told = [*_together(plan, runs), *(_sentence(plan, run) for run in runs)]
    told += [_expectation(plan, item) for item in expectations]
    if any(item.monthly for item in expectations):
        told.append(words("What the annual plan expects moves no money by itself: a wallet gets its target, no more."))
    return tuple(told)


def later_words(plan: Plan) -> str:
    """Return in a few words what changes besides money that moves now; an empty text where nothing does."""
    runs = list(_runs(plan))
    changing = [run for run in runs if run[0].after is not None]
    leaving = list(dict.fromkeys(safe_place(run[0].team, run[0].environment) for run in runs if run[0].after is None))
    told = [*_changing(plan, changing)]
    if leaving:
        told.append(f"{wording.listed(leaving)} {wording.agree(len(leaving), 'leaves')} the YAML")
    return ", ".join([*setting_words(plan, declared(plan)), *told, *_expecting(plan)])


def besides(plan: Plan) -> str:
    """Return, by count, what changes besides the money that moves now; an empty text where nothing does.

    A wallet that gets from the next month on what it gets now is no other change.
    """
    now = {(x.wallet, x.target) for x in plan.changes if isinstance(x, Allocate | Reclaim)}
    runs = [run for run in _runs(plan) if (run[0].wallet, run[0].after) not in now]
    wallets = len({run[0].wallet for run in runs})
    told = [setting_names(found)] if (found := declared(plan)) else []
    told += [f"later months of {wording.counted(wallets, 'wallet')}{_most(plan, runs)}"] if wallets else []
    told += [wording.counted(len(expected), "expectation")] if (expected := later_expectations(plan)) else []
    return f"; it also changes {', '.join(told)}" if told else ""


def count(plan: Plan) -> int:
    """Return how many changes there are besides: runs of months that change alike, expectations and settings."""
    return len(list(_runs(plan))) + len(later_expectations(plan)) + len(declared(plan))


def _together(plan: Plan, runs: list[list[LaterTarget]]) -> Iterator[Words]:
    """Yield by how much all targets together change in later months, where more than one run of them does."""
    sums = _sums(later_targets(plan))
    if len(runs) < 2 or not any(sums.values()):
        return
    months = sorted(month for month, amount in sums.items() if amount)
    spans = [list(group) for _, group in groupby(enumerate(months), key=lambda item: _alike(item, sums, months[0]))]
    told = [_sum(plan, [month for _, month in span], sums) for span in spans[:_MOST_SUMS]]
    more = [f"and {len(spans) - _MOST_SUMS:,} more"] if len(spans) > _MOST_SUMS else []
    yield words("All targets of months to come together: ", strong("; ".join([*told, *more])), ".")


def _sums(targets: Iterable[LaterTarget]) -> dict[Period, Decimal]:
    sums: dict[Period, Decimal] = {}
    for target in targets:
        sums[target.period] = sums.get(target.period, ZERO) + (target.after or ZERO) - (target.before or ZERO)
    return sums


def _most(plan: Plan, runs: list[list[LaterTarget]]) -> str:
    """Return the month in which targets change the most together, with the money."""
    sums = _sums(target for run in runs for target in run)
    month = max(sums, key=lambda month: (abs(sums[month]), -month.first.toordinal()))
    amount = f"{safe_name(plan.currency, 8)} {wording.brief(abs(sums[month]))} {'more' if sums[month] > 0 else 'less'}"
    return f" ({amount} in {month.name}{' at most' if len(sums) > 1 else ''})" if sums[month] else ""


def _alike(item: tuple[int, Period], sums: dict[Period, Decimal], first: Period) -> tuple[Decimal, int]:
    place, month = item
    return sums[month], month.months_since(first) - place


def _sum(plan: Plan, months: list[Period], sums: dict[Period, Decimal]) -> str:
    amount = sums[months[0]]
    each = " a month" if len(months) > 1 else ""
    when = f"in {months[0].name}" if len(months) == 1 else f"for {months[0].name} to {months[-1].name}"
    way = "more" if amount > 0 else "less"
    return f"{safe_name(plan.currency, 8)} {wording.brief(abs(amount))}{each} {way} {when}"


def _changing(plan: Plan, runs: list[list[LaterTarget]]) -> Iterator[str]:
    if not runs:
        return
    wallets = list(dict.fromkeys(safe_place(run[0].team, run[0].environment) for run in runs))
    first = min(runs, key=lambda run: (run[0].period, run[0].team, run[0].environment))
    before, after = (None if amount is None else wording.brief(amount) for amount in (first[0].before, first[0].after))
    currency = safe_name(plan.currency, 8)
    if len(runs) == 1:
        way = f"is new, with {currency} {after}" if before is None else f"goes from {currency} {before} to {after}"
        yield f"{wallets[0]} {way} {_months(first)}"
        return
    whose = f"{safe_place(first[0].team, first[0].environment)} " if len(wallets) > 1 else ""
    verb = wording.agree(len(wallets), "changes")
    yield f"{wording.listed(wallets)} {verb} later, first {whose}to {currency} {after} {_months(first)}"


def _expecting(plan: Plan) -> Iterator[str]:
    """Yield who expects something else, with the first of it in money."""
    listed = later_expectations(plan)
    if not listed:
        return
    whose = list(dict.fromkeys(safe_name(item.team) if item.team else "the organization" for item in listed))
    paid = [item for item in listed if item.monthly]
    if not paid:
        what = wording.listed(list(dict.fromkeys(visible(item.name, 60) for item in listed)))
        yield f"what {wording.listed(whose)} {wording.agree(len(whose), 'expects')} changes ({what})"
        return
    first = min(paid, key=lambda item: (item.period, item.team, item.name))
    others = f", and {wording.counted(len(listed) - 1, 'expectation')} more" if len(listed) > 1 else ""
    yield f"{safe_name(first.team)} expects {_amount(plan, first)} {_from(first, plan)}{others}"


def _amount(plan: Plan, item: LaterExpectation) -> str:
    amount = item.monthly or ZERO
    return f"{safe_name(plan.currency, 8)} {wording.brief(abs(amount))} a month {'more' if amount > 0 else 'less'}"


def _from(item: LaterExpectation, plan: Plan) -> str:
    """Return when it begins, and when it ends if that is before the last month looked at."""
    if item.until == item.period:
        return f"in {item.period.name}"
    ends = item.until is not None and plan.later is not None and item.until < plan.later.until
    return f"from {item.period.name}" + (f" to {item.until.name}" if ends and item.until else "")


def _expectation(plan: Plan, item: LaterExpectation) -> Words:
    whose = emphasis(safe_name(item.team)) if item.team else words("The organization")
    before, after = (visible(text, 160) or "none" for text in (item.before, item.after))
    what = words(f"{visible(item.name, 100)} {before} → ", strong(after))
    if item.monthly is None:
        rest = "; what that is in money is in the forecast of the months ahead" if item.team else ""
        return words(whose, ": ", what, f"{rest}.")
    if not item.monthly:
        return words(whose, ": ", what, "; by the annual plan itself that changes none of the months ahead.")
    whole = ""
    if item.until is not None and item.until != item.period and item.total is not None:
        total = f"{safe_name(plan.currency, 8)} {wording.brief(abs(item.total))}"
        whole = f", {total} by {item.until.name}"
    amount = strong(_amount(plan, item))
    return words(whose, " expects ", amount, f" {_from(item, plan)}{whole}: ", what, ".")


def _runs(plan: Plan) -> Iterator[list[LaterTarget]]:
    """Yield neighbouring months of one wallet with the same change."""

    def run(item: tuple[int, LaterTarget]) -> tuple[object, ...]:
        place, target = item
        if target.after is None:
            return (target.wallet,)
        return target.wallet, target.before, target.after, target.period.months_since(plan.period) - place

    for _, group in groupby(enumerate(later_targets(plan)), key=run):
        yield [target for _, target in group]


def _months(run: list[LaterTarget]) -> str:
    first, last = run[0].period.name, run[-1].period.name
    return f"in {first}" if len(run) == 1 else f"for {first} to {last}"


def _sentence(plan: Plan, run: list[LaterTarget]) -> Words:
    first, last = run[0], run[-1]
    when = first.period.name if len(run) == 1 else f"{first.period.name} to {last.period.name}"
    whose, which = (
        emphasis(safe_place(first.team, first.environment)),
        words(" (", code(safe_name(first.wallet, 96)), ")"),
    )
    if first.after is None:
        return words(whose, which, " leaves the YAML: it is not funded again, and what it holds stays in it.")
    after, currency = strong(wording.brief(first.after)), safe_name(plan.currency, 8)
    if first.before is None:
        return words("Later: ", whose, which, f" is new, with {currency} ", after, f", {when}.")
    was = f" {currency} {wording.brief(first.before)} \N{RIGHTWARDS ARROW} "
    delta = f" ({_delta(first.before, first.after)}{' a month' if len(run) > 1 else ''})"
    return words("Later: ", whose, was, after, f"{delta}, {when}.")


def _delta(before: Decimal, after: Decimal) -> str:
    return f"{wording.brief(abs(after - before))} {'more' if after > before else 'less'}"
