"""What a promised saving still owes, in a row of the planning table."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.forecast.belief import Belief
from reconciler.forecast.words import amount, share
from reconciler.model.assumption import Assumption
from reconciler.model.money import cents

KEYS = ("0.1", "0.5", "0.9")


@dataclass(frozen=True, slots=True)
class Owed:
    """What a saving has not brought: money `monthly` once it is whole, and over the rest of the year as planned."""

    monthly: float
    year: float


def with_promise(
    row: Assumption, belief: Belief | None, *, has_record: bool, owed: Owed | None, currency: str
) -> Assumption:
    """Return `row` with how much of the saving is counted, and what it still owes: None if unknown.

    A row without a `belief` is of no saving that somebody promised; it stays as it is.
    """
    if belief is None:
        return row
    why = "as it has gone so far" if has_record else "for it is too early to tell"
    told = f"{row.sentence}; {share(belief.mean, places=0)} of the saving is counted, {why}"
    rest = None if owed is None else cents(repr(max(owed.monthly, 0.0)))
    missed = None if owed is None else cents(repr(owed.year))
    if rest:
        told += f"; still owes {amount(rest, currency)} a month"
    realized = {key: round(belief.at(float(key)), 4) for key in KEYS}
    return row.model_copy(update={"sentence": told, "realized": realized, "owed": rest, "year_cost": missed})
