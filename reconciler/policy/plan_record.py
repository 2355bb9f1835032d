"""The record of a reviewed plan: what an approval is bound to. It lives in a check run, never in a comment.

Decision 0051.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field, ValidationError

from reconciler.model.change import Change, Reclaim
from reconciler.model.forecast_log import LoggedForecast, logged_forecasts
from reconciler.model.frozen import Frozen
from reconciler.model.json_text import canonical_json, digest_of
from reconciler.model.period import Period
from reconciler.model.plan import GuardResult, Plan
from reconciler.model.policy_input import Effects
from reconciler.policy.facts import facts_of

NOTHING = digest_of([])
"""The fingerprint of a team that has nothing to change."""

_LARGEST = 60_000
_SHORT = 16
_MOST_REFUSALS = 5
_BLOCK = re.compile(r"^```json\n(.*)\n```$", re.MULTILINE)


class PlanRecord(Frozen):
    """Which plan was shown for which head of which pull request.

    `fingerprints` are those of the teams with something to change; None when they are too many for a check run, and
    then only `all_fingerprints`, the digest over them all, can be compared. `changes` are the digests of each team's
    changes, None where they are too many or a version that did not note them wrote the record. `scope` are the teams
    that the plan was about, None where it was about all. `run` is the workflow run and its attempt, `made_from` the
    commit that was planned and `base` what that was merged onto. `effects` say what decides about who must approve,
    `forecasts` what was expected of each wallet, to be logged once the plan is merged (decision 0101), `asks` whom the
    organization's own rules ask for, `refused` what refuses the plan: the first of it, since one is enough.
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
    changes: dict[str, tuple[str, ...]] | None = None
    run: tuple[int, int] | None = None
    made_from: str | None = None
    base: str | None = None
    effects: Effects | None = None
    forecasts: tuple[LoggedForecast, ...] | None = None
    asks: tuple[GuardResult, ...] = Field((), exclude_if=lambda asks: not asks)
    refused: tuple[GuardResult, ...] = Field((), exclude_if=lambda refused: not refused)

    def stale_teams(self, plan: Plan) -> tuple[str, ...]:
        """Return the teams for which `plan` is another one than was recorded, sorted."""
        return self.moved(plan.fingerprints, plan.changes, organization=plan.organization, period=plan.period)

    def moved(
        self,
        now: Mapping[str, str],
        changes: Iterable[Change],
        *,
        organization: str,
        period: Period,
        in_front: Iterable[Change] = (),
    ) -> tuple[str, ...]:
        """Return the teams whose plan is another one now than it was when this was recorded, sorted.

        A team that has nothing left to change has not moved: nothing would be applied for it. Neither has one of whose
        recorded changes a part is left: the others were applied. What others `in_front` change was shown with them:
        it counts here only where this one makes something else of it. In another month, or for another organization,
        everything is another plan.
        """
        open_now = pending(now)
        if (organization, period) != (self.organization, self.period):
            return tuple(open_now)
        if self.fingerprints is None and digest_of(open_now) == self.all_fingerprints:
            return ()
        recorded = self.fingerprints or {}
        left, due = change_digests(changes), change_digests(in_front)
        return tuple(
            team
            for team in sorted({*open_now, *due})
            if (team not in open_now or recorded.get(team) != open_now[team])
            and not self._holds(team, left.get(team, ()), due.get(team, ()))
        )

    def _holds(self, team: str, left: tuple[str, ...], due: tuple[str, ...]) -> bool:
        recorded = (self.changes or {}).get(team, () if due and self.changes is not None else None)
        return recorded is not None and set(due) <= set(left) <= {*recorded, *due}

    def is_older_than(self, other: PlanRecord) -> bool:
        """Whether a run that began before the other's wrote this; runs that are started again keep their number."""
        return self.run is not None and other.run is not None and self.run < other.run


_VOLATILE = {"op", "position", "environment"}
_OF_A_RECLAIM = {"amount", "unreclaimable", "funded_after"}


def change_digests(changes: Iterable[Change]) -> dict[str, tuple[str, ...]]:
    """Return a short digest of each change by team: what it leads from and to, and nothing that moves by the hour."""
    found: dict[str, list[str]] = {}
    for change in changes:
        volatile = _VOLATILE | _OF_A_RECLAIM if isinstance(change, Reclaim) else _VOLATILE
        facts = change.model_dump(mode="json", exclude=volatile)
        found.setdefault(change.team, []).append(digest_of(facts).removeprefix("sha256:")[:_SHORT])
    return {team: tuple(sorted(digests)) for team, digests in sorted(found.items())}


def pending(fingerprints: Mapping[str, str]) -> dict[str, str]:
    """Return the fingerprints of the teams with something to change."""
    return {team: fingerprint for team, fingerprint in sorted(fingerprints.items()) if fingerprint != NOTHING}


def record_of(
    plan: Plan,
    *,
    repository: str,
    pull_request: int,
    head: str,
    run: tuple[int, int] | None = None,
    base: str | None = None,
) -> PlanRecord:
    """Return the record of `plan`, as it was shown for `head` of a pull request."""
    open_now = pending(plan.fingerprints)
    digests = change_digests(plan.changes)
    effects = facts_of(plan).effects
    room = _LARGEST - _size(open_now)
    needed = _size(digests) + _size(effects.model_dump(mode="json"))
    forecasts = logged_forecasts(plan, pull_request=pull_request)
    asks = tuple(one for one in plan.guards if one.status == "asks")
    refused = tuple(one for one in plan.guards if one.status == "refused")[:_MOST_REFUSALS]
    needed += sum(_size(one.model_dump(mode="json")) for one in (*asks, *refused))
    return PlanRecord(
        repository=repository,
        pull_request=pull_request,
        head=head,
        organization=plan.organization,
        period=plan.period,
        digest=plan.digest,
        all_fingerprints=digest_of(open_now),
        scope=plan.scope.teams if plan.scope else None,
        fingerprints=open_now if room > 0 else None,
        changes=digests if _size(digests) < room else None,
        run=run,
        made_from=plan.source.commit,
        base=base,
        effects=effects if needed < room else None,
        asks=asks if needed < room else (),
        refused=refused,
        forecasts=forecasts if needed + _size([one.model_dump(mode="json") for one in forecasts]) < room else None,
    )


def _size(value: object) -> int:
    return len(canonical_json(value).encode())


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
