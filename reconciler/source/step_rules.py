"""Rules about dated steps of a wallet's money and about overrides: each month has one amount, and somebody wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from reconciler.findings import Finding, Keys, Severity
from reconciler.model.override import Correction, Relative
from reconciler.model.period import Period
from reconciler.model.wallet_target import TargetStep, WalletTarget
from reconciler.model.yaml_types import LARGEST_AMOUNT, shown
from reconciler.source.context import Context
from reconciler.source.expiry_rules import is_told
from reconciler.source.problem import problem

FURTHEST = 36
"""How many months after the fiscal year's first a step may begin: what is further ahead is a mistyped year."""


def step_problems(wallet: WalletTarget, keys: Keys, context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the steps of the wallet at `keys`."""
    steps, at = wallet.steps, (*keys, "monthly")
    for index, step in enumerate(steps):
        if step.until is not None and step.until < step.starts:
            message = f"the step from {step.starts} ends before it begins"
            hint = f"write `until: {step.starts}` or later, or remove `until`"
            yield problem("step-ends-first", message, hint, (*at, index, "until"))
    in_order = True
    for index, (before, step) in enumerate(pairwise(steps), start=1):
        found = _order(before, step, (*at, index))
        in_order = in_order and found is None
        yield from [found] if found else _seam(before, step, (*at, index - 1, "until"))
    if steps and in_order:
        yield from _ends(steps, at, context)


def _order(before: TargetStep, step: TargetStep, at: Keys) -> Finding | None:
    """Return what is wrong where a step does not begin after the one that is written before it."""
    if step.starts == before.starts:
        message = f"a second step begins in {step.starts}"
        alike = step == before
        hint = "remove one of the two" if alike else "correct the month, or remove the one that is not meant"
        return problem("doubled-step", message, hint, at, fix="" if alike else None)
    if step.starts < before.starts:
        message = f"the step from {step.starts} stands after the one from {before.starts}"
        hint = f"put it before that one, or correct `from`: {before.starts.plus(1)} or later"
        return problem("steps-out-of-order", message, hint, (*at, "from"))
    return None


def _seam(before: TargetStep, step: TargetStep, at: Keys) -> Iterator[Finding]:
    """Yield what is wrong where a step ends before the next one begins, or after."""
    if before.until is None or before.until < before.starts:
        return
    first, last = before.until.plus(1), step.starts.plus(-1)
    if before.until >= step.starts:
        message = f"the step from {before.starts} is to end with {before.until}, and the next begins in {step.starts}"
        hint = f"write `until: {last}`, or remove it: the next step takes its place"
        yield problem("steps-overlap", message, hint, at, fix=str(last))
    elif first <= last:
        message = f"nothing says what the wallet gets {_span(first, last)}"
        hint = f"write `until: {last}`, or a step `{{amount: 0.00, from: {first}}}` if it is to get nothing"
        yield problem("gap-between-steps", message, hint, at)


def _ends(steps: Sequence[TargetStep], at: Keys, context: Context) -> Iterator[Finding]:
    """Yield what is wrong before the first step and after the last."""
    first, last, year = steps[0], steps[-1], context.fiscal_year
    if year is not None and first.starts > year.starts:
        message = f"nothing says what the wallet gets {_span(year.starts, first.starts.plus(-1))}"
        none = f"{{amount: 0.00, from: {year.starts}}}"
        hint = f"write `from: {year.starts}`, or begin with `{none}` if it is to get nothing"
        yield problem("gap-before-first-step", message, hint, (*at, 0, "from"))
    if year is not None:
        for index, step in enumerate(steps):
            if step.starts.months_since(year.starts) > FURTHEST:
                message = f"{step.starts} is more than {FURTHEST // 12} years after {year.name} begins"
                yield problem("step-far-ahead", message, "correct the year", (*at, index, "from"))
    if last.until is None or last.until < last.starts or is_told(last.until.last, context.today):
        return
    if len(steps) > 1:
        after, before = last.until.plus(1), steps[-2].amount
        message = f"from {after} on the wallet gets nothing: no step follows the one that ends with {last.until}"
        hint = (
            f"add a step `{{amount: {before:.2f}, from: {after}}}` to go on with {before:,.2f}, or"
            f" `{{amount: 0.00, from: {after}}}` to say that it is meant"
        )
        yield problem("last-step-ends", message, hint, (*at, len(steps) - 1, "until"), severity=Severity.WARNING)


def _span(first: Period, last: Period) -> str:
    return f"in {first}" if first == last else f"from {first} to {last}"


def override_problems(wallet: WalletTarget, keys: Keys, context: Context) -> Iterator[Finding]:
    """Yield what is wrong with the overrides of the wallet at `keys`: months outside of the year, shares of nothing."""
    year = context.fiscal_year
    for month, override in wallet.overrides.items():
        at = (*keys, "overrides", str(month))
        if year is not None and month not in year:
            message = f"{month} is not a month of {year.name} ({year.starts} to {year.periods[-1]})"
            hint = "correct the month, or remove the override: it would never be used"
            yield problem("override-outside-fiscal-year", message, hint, at, "key")
        elif isinstance(override, Relative):
            yield from _relative(wallet, month, override, at)
        elif isinstance(override, Correction) and isinstance(override.demand, Relative) and override.demand.rate:
            yield from _relative(wallet, month, override.demand, (*at, "demand"))


def _relative(wallet: WalletTarget, month: Period, override: Relative, at: Keys) -> Iterator[Finding]:
    said = shown(override)
    if not wallet.usual(month):
        message = f"{said} changes nothing: without the override the wallet gets nothing in {month}"
        yield problem("override-of-nothing", message, "write an amount, such as 12500.00", at)
    elif wallet.demanded(month) > LARGEST_AMOUNT:
        message = f"{said} makes more than the largest amount, {LARGEST_AMOUNT:,.2f}"
        yield problem("invalid-amount", message, "correct the percentage, or write an amount", at)
