"""What the plan of a run was judged by, kept in the journal: small, whole, and looked at only by who tries rules on it.

Decision 0112.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from reconciler.journal.record import Record, Step
from reconciler.model.json_text import canonical_json
from reconciler.model.plan import Plan
from reconciler.model.policy_input import PolicyInput

JUDGED_BY = "judged_by"
"""The fact of a run that holds them."""

MOST_BYTES = 128 * 1024
"""Facts that stay larger than this are left out: a journal is read whole, again and again."""

LARGEST = 32 * 2**20
"""What kept facts may unpack to."""


def kept(plan: Plan) -> dict[str, str]:
    """Return the facts of a run that keep what `plan` was judged by; nothing where it holds none, or too many.

    Its changes stand beside them, and who must approve is for people alone.
    """
    if plan.policy_input is None:
        return {}
    facts = plan.policy_input.model_dump(mode="json", exclude={"changes", "approvals"})
    text = base64.b64encode(zlib.compress(canonical_json(facts).encode(), 9)).decode()
    return {JUDGED_BY: text} if len(text) <= MOST_BYTES else {}


def facts_kept(record: Record) -> PolicyInput | None:
    """Return what the plan of a run was judged by; None where that is not kept, or this version cannot read it."""
    text = record.facts.get(JUDGED_BY)
    if not isinstance(text, str):
        return None
    try:
        unpacked = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), LARGEST)
        facts = {**json.loads(unpacked), "changes": record.facts["plan"]["changes"]}
        return PolicyInput.model_validate(facts)
    except (ValueError, KeyError, TypeError, zlib.error, ValidationError):
        return None


def applied_plans(records: Sequence[Record]) -> Iterator[Record]:
    """Yield with which record each plan began of which something was sent, once, the last first; no month's opening."""
    sent = {record.run for record in records if record.step is Step.INTENT}
    seen = set()
    for record in reversed(records):
        if record.step is Step.STARTED and record.run in sent and "opens" not in record.facts:
            digest = record.facts["plan"]["digest"]
            if digest not in seen:
                yield record
            seen.add(digest)
