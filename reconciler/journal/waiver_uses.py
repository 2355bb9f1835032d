"""How often waivers were used: a use is a plan of which something was sent under the waiver, as the journal has it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.journal.record import Record, Step
from reconciler.model.guards import Waiver
from reconciler.model.waiver_uses import WaiverUse, WaiverUses

WAIVERS = "waivers"
"""The fact of a run that names the waivers that its plan is applied under."""


def waiver_uses(
    records: Sequence[Record], waivers: Iterable[Waiver], *, besides: str | None = None
) -> dict[str, WaiverUses]:
    """Return how often each of `waivers` was used, by what it is counted as.

    A plan counts once, however many runs it took, and so does a landing, whose rest is planned anew: `besides` is the
    digest of a plan or the commit of a landing whose own use does not stand against it.
    """
    sent = {record.run for record in records if record.step is Step.INTENT}
    names = {waiver.counted_as for waiver in waivers}
    found: dict[str, dict[str, WaiverUse]] = {name: {} for name in names}
    for record in records:
        if record.step is Step.STARTED and record.run in sent:
            key, use = _use(record)
            for name in names.intersection(record.facts.get(WAIVERS, ())):
                if besides not in (key, use.plan):
                    found[name].setdefault(key, use)
    return {name: WaiverUses.of(tuple(uses.values())) for name, uses in sorted(found.items())}


def _use(record: Record) -> tuple[str, WaiverUse]:
    """Return what a run counts as, which is its landing where it is about one, with what is told of it."""
    facts = record.facts
    plan, why = facts["plan"]["digest"], facts.get("why") or {}
    landed: dict[str, Any] = facts.get("landed") or {}
    key = landed["commit"] if landed.get("landings") else plan
    day = datetime.fromisoformat(record.at).astimezone(UTC).date()
    return key, WaiverUse(plan=plan, day=day, pull_request=str(why.get("pull_request", "")))
