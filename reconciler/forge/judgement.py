"""Judgements: whether the reviews of a pull request meet a requirement, and who stands in where nobody could."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.forge.change_request import Authors, ChangeRequest, Review
from reconciler.forge.membership import Membership
from reconciler.forge.shortfall import Shortfall, absence, near_misses, objection
from reconciler.policy.approvals import Requirement


@dataclass(frozen=True, slots=True)
class StandIn:
    """The organization's owners approved in place of those who are named, because none of these could."""

    requirement: Requirement
    logins: tuple[str, ...]
    why: str

    @property
    def sentence(self) -> str:
        return f"approved by {', '.join(self.logins)} instead ({self.requirement.reason}): {self.why}"

    def document(self) -> dict[str, object]:
        """Return it as a part of a JSON document."""
        return {
            "team": self.requirement.team,
            "owners": list(self.requirement.owners),
            "reason": self.requirement.reason,
            "approved_by": list(self.logins),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """One requirement with who approved it. `missing` and `stood_in` are None where neither was needed."""

    requirement: Requirement
    approved_by: tuple[str, ...]
    missing: Shortfall | None = None
    stood_in: StandIn | None = None


@dataclass(frozen=True, slots=True)
class Bench:
    """What is judged: the reviews of one pull request. `given` count, `late` were given before the plan was shown."""

    pull: ChangeRequest
    membership: Membership
    authors: Authors
    words: tuple[Review, ...]
    given: tuple[Review, ...]
    late: tuple[Review, ...]

    def judge(self, required: Sequence[Requirement]) -> tuple[Judged, ...]:
        """Return for each requirement who approved it, and what is missing."""
        self.membership.read(owner for requirement in required for owner in requirement.owners)
        return tuple(self._judged(requirement) for requirement in required)

    def _judged(self, requirement: Requirement) -> Judged:
        by = self._approving(requirement.owners)
        found = self._verdict(requirement)
        if isinstance(found, StandIn):
            return Judged(requirement, found.logins, stood_in=found)
        return Judged(requirement, by, missing=found)

    def _verdict(self, requirement: Requirement) -> Shortfall | StandIn | None:
        against = [word.login for word in self.words if word.opinion == "changes requested"]
        for login in against:
            if self.membership.is_any(login, requirement.owners):
                return objection(requirement, self.pull, login)
        if len(self._approving(requirement.owners)) >= self.authors.needed:
            return None
        own = self.authors.logins
        if self.membership.could_approve(requirement.owners, without=own, needed=self.authors.needed):
            return self._missing(requirement)
        return self._stood_in(requirement, against)

    def _stood_in(self, requirement: Requirement, against: Sequence[str]) -> Shortfall | StandIn:
        why = self._why_nobody(requirement.owners)
        tried: tuple[str, ...] = requirement.owners
        for others in (requirement.fallback, self._administrators()):
            if not others:
                continue
            tried = tuple(dict.fromkeys([*tried, *others]))
            for login in against:
                if self.membership.is_any(login, others):
                    return objection(requirement, self.pull, login)
            approving = self._approving(tried)
            if len(approving) >= self.authors.needed:
                return StandIn(requirement, approving, why)
            if self.membership.could_approve(tried, without=self.authors.logins, needed=self.authors.needed):
                return self._missing(requirement, others=others, why=why)
        return self._missing(requirement, why=why)

    def _administrators(self) -> tuple[str, ...]:
        return self.membership.administrators()

    def _approving(self, owners: Sequence[str]) -> tuple[str, ...]:
        return tuple(review.login for review in self.given if self.membership.is_any(review.login, owners))

    def _why_nobody(self, owners: Sequence[str]) -> str:
        who = " or ".join(owners) or "nobody that is named"
        if self.membership.could_approve(owners, without=frozenset(), needed=1):
            return f"{who} has nobody who may approve what these authors wrote"
        return f"{who} has no members, or is not there any more"

    def _missing(self, requirement: Requirement, *, others: tuple[str, ...] = (), why: str = "") -> Shortfall:
        near = [*near_misses(self.pull, self.words, self.late, self.authors.logins)]
        allowed = (*requirement.owners, *others)
        near += [
            f"{review.login} approved and is none of them"
            for review in self.given
            if not self.membership.is_any(review.login, allowed)
        ]
        if self.authors.unknown:
            commits = ", ".join(commit[:12] for commit in self.authors.unknown[:5])
            near.append(
                f"the e-mail address in {commits} belongs to no account, so {self.authors.needed} owners must approve"
            )
        return absence(requirement, self.pull, tuple(near), others=others, why=why)
