"""The record of a reviewed plan: what an approval is bound to. It lives in a check run, never in a comment."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import ValidationError

from reconciler.model.frozen import Frozen
from reconciler.model.period import Period
from reconciler.model.plan import Plan, canonical_json, digest_of

NOTHING = digest_of([])
"""The fingerprint of a team that has nothing to change."""

_LARGEST = 60_000
_BLOCK = re.compile(r"^```json\n(.*)\n```$", re.MULTILINE)


class PlanRecord(Frozen):
    """Which plan was shown for which head of which pull request.

    `fingerprints` are those of the teams with something to change; None when they are too many for a check run, and
    then only `all_fingerprints`, the digest over them all, can be compared. `scope` are the teams that the plan was
    about, None where it was about all.
    """

    format: Literal["kt-budgets.record/1"] = "kt-budgets.record/1"
    repository: str
    pull_request: int
    head: str
    organization: str
    period: Period
    digest: str
    all_fingerprints: str
    fingerprints: dict[str, str] | None
    scope: tuple[str, ...] | None = None

    def moved(self, now: Mapping[str, str]) -> tuple[str, ...]:
        """Return the teams whose plan is another one now than it was when this was recorded, sorted.

        A team that has nothing left to change has not moved: nothing would be applied for it.
        """
        open_now = pending(now)
        if self.fingerprints is None:
            return () if digest_of(open_now) == self.all_fingerprints else tuple(sorted(open_now))
        recorded = self.fingerprints
        return tuple(sorted(team for team, fingerprint in open_now.items() if recorded.get(team) != fingerprint))


def pending(fingerprints: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprints of the teams with something to change."""
    return {team: fingerprint for team, fingerprint in sorted(fingerprints.items()) if fingerprint != NOTHING}


def record_of(plan: Plan, *, repository: str, pull_request: int, head: str) -> PlanRecord:
    """Return the record of `plan`, as it was shown for `head` of a pull request."""
    open_now = pending(plan.fingerprints)
    return PlanRecord(
        repository=repository,
        pull_request=pull_request,
        head=head,
        organization=plan.organization,
        period=plan.period,
        digest=plan.digest,
        all_fingerprints=digest_of(open_now),
        scope=plan.scope.teams if plan.scope else None,
        fingerprints=open_now if len(canonical_json(open_now).encode()) < _LARGEST else None,
    )


def record_text(record: PlanRecord) -> str:
    """Return the record as the text of a check run."""
    return (
        "What was planned for this commit. `kt-budgets pr approval` compares it with what is about to be applied.\n\n"
        f"```json\n{canonical_json(record.model_dump(mode='json'))}\n```\n"
    )


def read_record(text: object) -> PlanRecord | None:
    """Return the record that a check run's text holds, None when it holds none that can be understood whole."""
    match = _BLOCK.search(text.replace("\r\n", "\n")) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        return PlanRecord.model_validate(json.loads(match[1]))
    except (ValueError, ValidationError):
        return None
