"""Rulings: what reviews come to, requirement by requirement, and whether a change may be merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reconciler.model.requirement import Requirement
from reconciler.policy.plan_record import PlanRecord

State = Literal["nothing", "approved", "waiting", "refused"]
Conclusion = Literal["success", "failure", "waiting"]
NobodyCould = Literal["", "wrote it", "no members"]
"""Why none of the owners can approve: they wrote it, or there are none."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What was said and does not count, or what makes the approvals too few.

    Somebody asked for changes; an approval by an author, by who pushed it, of the older head `commits`, from before the
    plan was shown, by a thumb up from before the merge, or by somebody who is no owner, or in a team that cannot be
    read `until` something is done; an address in `commits` of which no account is known, or `commits` that nobody is
    known to have pushed, so that `needed` people must approve.
    """

    kind: Literal[
        "objection",
        "author",
        "pusher",
        "older head",
        "before the plan",
        "before the merge",
        "no owner",
        "unseen team",
        "unknown author",
        "unknown pusher",
    ]
    login: str = ""
    commits: tuple[str, ...] = ()
    needed: int = 1
    until: str = ""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A requirement that is not met for the `head` of change request `number`.

    `others` may stand in for the owners, who cannot because of `nobody`. Where somebody asked for changes, `near` is
    that alone. What `is_merged` may be approved in another way than before.
    """

    requirement: Requirement
    number: int
    head: str
    near: tuple[NearMiss, ...] = ()
    others: tuple[str, ...] = ()
    nobody: NobodyCould = ""
    is_merged: bool = False

    @property
    def team(self) -> str | None:
        """The team that alone is not applied; None when nothing of the change is."""
        return self.requirement.team

    @property
    def whom(self) -> tuple[str, ...]:
        """Who can approve: the owners, or others where none of these could."""
        return self.others or self.requirement.owners


@dataclass(frozen=True, slots=True)
class StandIn:
    """Others approved in place of those who are named, because none of these could."""

    requirement: Requirement
    logins: tuple[str, ...]
    nobody: NobodyCould


@dataclass(frozen=True, slots=True)
class Judged:
    """One requirement with who approved it. `missing` and `stood_in` are None where neither was needed."""

    requirement: Requirement
    approved_by: tuple[str, ...]
    missing: Shortfall | None = None
    stood_in: StandIn | None = None

    @property
    def whom(self) -> tuple[str, ...]:
        """Who can approve it: the owners, or others where none of these could."""
        if self.stood_in:
            return tuple(f"@{login}" for login in self.stood_in.logins)
        return self.missing.whom if self.missing else self.requirement.owners


@dataclass(frozen=True, slots=True)
class Problem:
    """What stands against a merge besides approvals, and what to do about it."""

    words: str
    cure: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is to be said of a change request. `required` are judged in `judged` once a plan was shown."""

    number: int
    head: str
    state: State
    problems: tuple[Problem, ...] = ()
    required: tuple[Requirement, ...] = ()
    judged: tuple[Judged, ...] = ()
    record: PlanRecord | None = None


def conclusion_of(rulings: Sequence[Ruling]) -> Conclusion:
    """Return what a check says of all of them together: what is worst of them."""
    states = {ruling.state for ruling in rulings}
    if "refused" in states:
        return "failure"
    return "waiting" if "waiting" in states else "success"
