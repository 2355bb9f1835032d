"""Judgements: whether the reviews of a change request meet a requirement, and who stands in where nobody could."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reconciler.forge.change_request import Authors, ChangeRequest, Review
from reconciler.forge.membership import Membership
from reconciler.model.requirement import Requirement
from reconciler.policy.rulings import Judged, NearMiss, NobodyCould, Shortfall, StandIn


@dataclass(frozen=True, slots=True)
class Bench:
    """What is judged: the reviews of one request. `given` count, `late` were given before the plan was shown.

    `seeing` is what lets the members of a team be read that this token does not see.
    """

    request: ChangeRequest
    membership: Membership
    authors: Authors
    words: tuple[Review, ...]
    given: tuple[Review, ...]
    late: tuple[Review, ...]
    seeing: str = ""

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
        if objected := self._objection(requirement, requirement.owners):
            return objected
        if len(self._approving(requirement.owners)) >= self.authors.needed:
            return None
        own = self.authors.logins
        if self.membership.could_approve(requirement.owners, without=own, needed=self.authors.needed):
            return self._missing(requirement)
        return self._stood_in(requirement)

    def _stood_in(self, requirement: Requirement) -> Shortfall | StandIn:
        nobody = self._nobody(requirement.owners)
        tried: tuple[str, ...] = requirement.owners
        for others in (requirement.fallback, self.membership.administrators()):
            if not others:
                continue
            tried = tuple(dict.fromkeys([*tried, *others]))
            if objected := self._objection(requirement, others):
                return replace(objected, others=others, nobody=nobody)
            approving = self._approving(tried)
            if len(approving) >= self.authors.needed:
                return StandIn(requirement, approving, nobody)
            if self.membership.could_approve(tried, without=self.authors.logins, needed=self.authors.needed):
                return self._missing(requirement, others=others, nobody=nobody)
        return self._missing(requirement, nobody=nobody)

    def _objection(self, requirement: Requirement, owners: Sequence[str]) -> Shortfall | None:
        """Return that one of `owners` asked for changes, None where nobody did."""
        for word in self.words:
            if word.opinion == "changes requested" and self.membership.is_any(word.login, owners):
                near = (NearMiss("objection", word.login),)
                return self._short(requirement, near)
        return None

    def _approving(self, owners: Sequence[str]) -> tuple[str, ...]:
        return tuple(review.login for review in self.given if self.membership.is_any(review.login, owners))

    def _nobody(self, owners: Sequence[str]) -> NobodyCould:
        has_members = self.membership.could_approve(owners, without=frozenset(), needed=1)
        return "wrote it" if has_members else "no members"

    def _missing(
        self, requirement: Requirement, *, others: tuple[str, ...] = (), nobody: NobodyCould = ""
    ) -> Shortfall:
        """Return that nobody approved who may; where nobody is named at all, nothing comes near."""
        is_named = bool(requirement.owners or others)
        near = tuple(self._near((*requirement.owners, *others))) if is_named else ()
        return self._short(requirement, near, others, nobody)

    def _short(
        self,
        requirement: Requirement,
        near: tuple[NearMiss, ...],
        others: tuple[str, ...] = (),
        nobody: NobodyCould = "",
    ) -> Shortfall:
        is_merged = self.request.merge_commit is not None
        return Shortfall(requirement, self.request.number, self.request.head, near, others, nobody, is_merged)

    def _near(self, allowed: Sequence[str]) -> Iterator[NearMiss]:
        """Yield why approvals that were given do not count, and why more are needed."""
        for word in self.words:
            is_early = word.opinion == "approved too early" and word.login.lower() not in self.authors.logins
            if is_early and self.membership.is_any(word.login, allowed):
                yield NearMiss("before the merge", word.login)
            if word.opinion != "approved":
                continue
            if word.login.lower() in self.authors.logins:
                is_pusher = word.login.lower() in self.authors.pushers
                yield NearMiss("pusher" if is_pusher else "author", word.login)
            elif word.commit != self.request.head:
                yield NearMiss("older head", word.login, (word.commit,))
            elif word in self.late:
                yield NearMiss("before the plan", word.login)
        if unseen := self.membership.unseen(allowed):
            yield NearMiss("unseen team", ", ".join(unseen), until=self.seeing)
        for review in self.given:
            if not unseen and not self.membership.is_any(review.login, allowed):
                yield NearMiss("no owner", review.login)
        if self.authors.unknown:
            yield NearMiss("unknown author", commits=self.authors.unknown[:5], needed=self.authors.needed)
        if self.authors.unseen:
            yield NearMiss("unknown pusher", commits=self.authors.unseen[:5], needed=self.authors.needed)
