"""The proof: what a plan of the YAML as it is written would change, in sentences; nothing is what is hoped for."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.change import Allocate, Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.imported import Proof
from reconciler.plan.diff import Diff
from reconciler.source.marks import positions


def proof_of(diff: Diff, desired: Desired) -> Proof:
    """Return whether a plan has no changes, and each difference with its place in the YAML."""
    differences = tuple(_differences(diff, desired))
    return Proof(empty=not differences, differences=differences)


def _differences(diff: Diff, desired: Desired) -> Iterator[str]:
    currency = desired.organization.currency
    if diff.currencies.lack(currency):
        held = ", ".join(diff.currencies.held)
        yield f"the YAML is in {currency}, and the organization's money is in {held}: nothing can be compared"
    places = positions(desired.files, diff.origins)
    for change, origin in zip(diff.changes, diff.origins, strict=True):
        yield f"{places[origin]}: {_words(change)}"
    yield from (doubt.reason for doubt in diff.doubts)


def _words(change: Change) -> str:
    match change:
        case Allocate():
            funded = f"{change.funded_before:,.2f} of {change.target:,.2f} were given for {change.period}"
            return f"{change.team}/{change.environment} would get {change.money}; {funded}"
        case Reclaim():
            given = (
                f"{change.funded_before:,.2f} were given for {change.period}, and the target is {change.target:,.2f}"
            )
            return f"{change.money} would be taken back from {change.team}/{change.environment}; {given}"
        case _:
            return f"the {change.managed.noun} {change.key} would be {change.verb.removesuffix('e')}ed"
