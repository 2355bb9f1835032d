"""Approval: whether a merge commit may be applied, bound to the head that was approved and the plan that was shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reconciler.findings import RefusedError
from reconciler.forge.change_request import ChangeRequest, IsClean, Review
from reconciler.forge.check import PLAN, Check
from reconciler.forge.judgement import Bench
from reconciler.forge.membership import Membership
from reconciler.forge.protocol import Forge
from reconciler.model.plan import Plan
from reconciler.model.requirement import Requirement
from reconciler.policy.plan_record import PlanRecord, pending
from reconciler.policy.rulings import Judged, Shortfall, StandIn


@dataclass(frozen=True, slots=True)
class Approval:
    """What the reviews of a pull request approve. Those who `approved_by` are who could: owners, or who stands in.

    `stale` are the teams whose plan moved since it was shown, `missing` the approvals that are not there: neither may
    be applied. What is missing and about no team stops the whole change. `judged` are all requirements.
    """

    pull_request: int
    head: str
    approved_by: tuple[str, ...]
    record: PlanRecord
    stale: tuple[str, ...]
    judged: tuple[Judged, ...] = ()

    @property
    def missing(self) -> tuple[Shortfall, ...]:
        return tuple(item.missing for item in self.judged if item.missing)

    @property
    def stood_in(self) -> tuple[StandIn, ...]:
        return tuple(item.stood_in for item in self.judged if item.stood_in)

    @property
    def stops(self) -> tuple[Shortfall, ...]:
        """What stops the whole change."""
        return tuple(found for found in self.missing if found.team is None)

    @property
    def refused(self) -> dict[str, Shortfall]:
        """The teams that are not approved, each with the first thing that is missing."""
        found: dict[str, Shortfall] = {}
        for missing in self.missing:
            if missing.team is not None:
                found.setdefault(missing.team, missing)
        return found


def merged_request(forge: Forge, merge: str) -> ChangeRequest:
    """Return the change request whose merge into the default branch made the commit `merge`.

    Raises:
        RefusedError: when the commit came to the branch in any other way.
    """
    branch, noun = forge.default_branch(), forge.words.request
    for candidate in forge.change_requests_of(merge):
        if candidate.merge_commit == merge and is_into(forge, candidate, branch):
            whole = forge.change_request(candidate.number)
            if whole.merge_commit == merge and whole.base_ref == candidate.base_ref:
                return whole
    raise RefusedError(
        f"{merge[:12]} is not the merge of a {noun} into {branch}: it was pushed directly, or merged elsewhere",
        hint=f"bring the change in through a {noun}, and apply the commit that merges it",
    )


def is_into(forge: Forge, request: ChangeRequest, branch: str) -> bool:
    """Whether `request` goes into `branch`, by the name that it has or had: one that is merged keeps the former."""
    return request.base_ref == branch or forge.is_renamed(request.base_ref, branch)


def belongs_to(forge: Forge, request: ChangeRequest, commit: str) -> bool:
    """Whether a commit came to the branch by `request`, as each commit of a rebase does."""
    return any(found.number == request.number for found in forge.change_requests_of(commit))


def judge(
    forge: Forge,
    request: ChangeRequest,
    *,
    required: Sequence[Requirement],
    plan: Plan | None,
    is_clean: IsClean | None = None,
    made_from: str | None = None,
    merged_in: Collection[str] = (),
) -> Approval:
    """Return what of `plan` the reviews approve, and what is missing. None: the plan that was recorded last.

    `is_clean` tells which merge commits git itself would have made: they make nobody an author. With `made_from`,
    a commit that a person edited on the way in, only records of a plan of that commit count; whoever made the commits
    that it was `merged_in` wrote something too.

    Raises:
        RefusedError: there is no record of a plan of ours for the last head, or nobody knows who wrote it.
    """
    records = recorded(forge, request, made_from=made_from)
    if not records:
        raise _unrecorded(forge, request)
    record = records[-1][1]
    bench = _bench(forge, request, records, plan, is_clean, merged_in)
    judged = bench.judge(required)
    counted = {login for item in judged for login in item.approved_by}
    logins = tuple(review.login for review in bench.given if review.login in counted)
    stale = record.stale_teams(plan) if plan else ()
    return Approval(request.number, request.head, logins, record, stale, judged)


def _unrecorded(forge: Forge, request: ChangeRequest) -> RefusedError:
    """Return that no plan was recorded for the last head, or under which other name of the repository one was."""
    last = f"the last commit {request.head[:12]} of {forge.words.request} {request.number}"
    made = (check.record for check in forge.checks(request.head, name=PLAN) if check.record and check.is_complete)
    before = next(
        (one.repository for one in made if (one.pull_request, one.head) == (request.number, request.head)), ""
    )
    if before and before.lower() != forge.repository.lower():
        return RefusedError(
            f"the plan of {last} was recorded for {before}, and this is {forge.repository}: since it was renamed or"
            " moved, neither that plan nor its approvals count",
            hint=f"run the plan {forge.words.pipeline} on that commit, and have it approved again",
        )
    return RefusedError(
        f"no plan was recorded by {forge.recorder} for {last}: nobody was shown what would be applied",
        hint=f"run the plan {forge.words.pipeline} on that commit and have it reviewed, or name who records plans",
    )


def _bench(
    forge: Forge,
    request: ChangeRequest,
    records: Sequence[tuple[Check, PlanRecord]],
    plan: Plan | None,
    is_clean: IsClean | None,
    merged_in: Collection[str],
) -> Bench:
    words = forge.reviews(request)
    is_approved = any(word.opinion == "approved" for word in words)
    authors = forge.authors(request, is_clean=is_clean, merged_in=merged_in, asks_pushers=is_approved)
    if not authors.is_whole:
        raise RefusedError(
            f"{forge.words.request} {request.number} has {request.commits} commits, and {forge.words.forge} does not"
            " list them all: nobody knows who wrote them, so nobody can approve them",
            hint=f"bring its change in with fewer than {authors.most} commits, in a new {forge.words.request}",
        )
    given = _approving(words, request, authors=authors.logins)
    is_open = bool(pending(plan.fingerprints)) if plan else True
    given, late = _after_the_plan(given, records, is_open=is_open)
    return Bench(request, Membership(forge.people), authors, words, given, late, forge.words.seeing)


def _approving(reviews: Iterable[Review], request: ChangeRequest, *, authors: frozenset[str]) -> tuple[Review, ...]:
    """Return the reviews that approve the last head, by people who are none of its `authors`, sorted by login."""
    given = (
        review
        for review in reviews
        if review.opinion == "approved" and review.commit == request.head and review.login.lower() not in authors
    )
    return tuple(sorted(given, key=lambda review: review.login.lower()))


def recorded(forge: Forge, request: ChangeRequest, *, made_from: str | None = None) -> list[tuple[Check, PlanRecord]]:
    """Return the records that were made for exactly this head of this change request, oldest first.

    With `made_from`, those of a plan that was made from that commit.
    """
    found = records_among(forge.checks(request.head, name=PLAN), forge.repository, request)
    return [(check, record) for check, record in found if made_from in (None, record.made_from)]


def records_among(checks: Sequence[Check], repository: str, request: ChangeRequest) -> list[tuple[Check, PlanRecord]]:
    """Return the records among checks that were made for exactly this head of this change request, oldest first.

    What a run wrote after a run that began later is left out: it is a run that was started again.
    """
    found: list[tuple[Check, PlanRecord]] = []
    for check in checks:
        record = check.record
        if (
            record
            and check.is_complete
            and record.repository.lower() == repository.lower()
            and record.pull_request == request.number
            and record.head == request.head
            and not any(record.is_older_than(earlier) for _, earlier in found)
        ):
            found.append((check, record))
    return found


def _after_the_plan(
    given: tuple[Review, ...], records: Sequence[tuple[Check, PlanRecord]], *, is_open: bool
) -> tuple[tuple[Review, ...], tuple[Review, ...]]:
    """Return the approvals of the plan that holds now, and those that were given before it was shown.

    Where every record of the head says the same, it was shown with the first of them. So it was where nothing is open:
    where there is nothing left to change.
    """
    last = records[-1][1].all_fingerprints
    changed = [index for index, (_, record) in enumerate(records) if record.all_fingerprints != last]
    shown = records[changed[-1] + 1 if changed and is_open else 0][0].at
    late = tuple(review for review in given if shown is None or review.at is None or review.at < shown)
    return tuple(review for review in given if review not in late), late
