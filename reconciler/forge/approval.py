"""Approval: whether a merge commit may be applied, bound to the head that was approved and the plan that was shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.findings import RefusedError
from reconciler.forge.channel import Channel
from reconciler.forge.check_run import CheckRun, our_check_runs
from reconciler.forge.owner import Membership
from reconciler.forge.record import PlanRecord, pending
from reconciler.forge.repository import (
    PullRequest,
    Repository,
    commit_authors,
    default_branch,
    pull_request,
    pull_requests_of_commit,
)
from reconciler.forge.requirement import Requirement
from reconciler.forge.review import Review, approving, last_words


@dataclass(frozen=True, slots=True)
class Approval:
    """A merge that was approved. `stale` are the teams whose plan moved since; they must not be applied."""

    pull_request: int
    head: str
    approved_by: tuple[str, ...]
    record: PlanRecord
    stale: tuple[str, ...]


def merged_pull_request(channel: Channel, repository: Repository, merge: str) -> PullRequest:
    """Return the pull request whose merge into the default branch made the commit `merge`.

    Raises:
        RefusedError: when the commit came to the branch in any other way.
    """
    branch = default_branch(channel, repository)
    for candidate in pull_requests_of_commit(channel, repository, merge):
        if candidate.base_ref == branch and candidate.merge_commit == merge:
            whole = pull_request(channel, repository, candidate.number)
            if whole.merge_commit == merge and whole.base_ref == branch:
                return whole
    raise RefusedError(
        f"{merge[:12]} is not the merge of a pull request into {branch}: it was pushed directly, or merged elsewhere",
        hint="bring the change in through a pull request, and apply the commit that merges it",
    )


def belongs_to(channel: Channel, repository: Repository, pull: PullRequest, commit: str) -> bool:
    """Whether a commit came to the branch by `pull`, as each commit of a rebase does."""
    return any(found.number == pull.number for found in pull_requests_of_commit(channel, repository, commit))


def check_approval(
    channel: Channel,
    repository: Repository,
    pull: PullRequest,
    *,
    required: Sequence[Requirement],
    fingerprints: Mapping[str, str],
    app: str,
) -> Approval:
    """Return the approval of `pull` for a plan with `fingerprints`.

    Raises:
        RefusedError: an owner's approval of the last head is missing, or there is no record of a plan of ours for it.
    """
    authors = commit_authors(channel, repository, pull.number)
    words = last_words(channel, repository, pull.number)
    given = approving(words, pull, authors=authors)
    records = _records(our_check_runs(channel, repository, pull.head, app=app), repository, pull)
    if not records:
        raise RefusedError(
            f"no plan was recorded by {app} for the last head {pull.head[:12]} of pull request {pull.number}",
            hint="run the plan workflow on that head and have it reviewed, or name the app that records plans",
        )
    record = records[-1][1]
    given, late = _after_the_plan(given, records, fingerprints)
    _require(Membership(channel), required, given=given, words=words, late=late, pull=pull, authors=authors)
    logins = tuple(review.login for review in given)
    return Approval(pull.number, pull.head, logins, record, record.moved(fingerprints))


def _records(
    checks: Iterable[CheckRun], repository: Repository, pull: PullRequest
) -> list[tuple[CheckRun, PlanRecord]]:
    """Return the records that were made for exactly this head of this pull request, oldest first."""
    return [
        (check, check.record)
        for check in checks
        if check.record
        and check.is_complete
        and check.record.repository.lower() == str(repository).lower()
        and check.record.pull_request == pull.number
        and check.record.head == pull.head
    ]


def _after_the_plan(
    given: tuple[Review, ...], records: Sequence[tuple[CheckRun, PlanRecord]], fingerprints: Mapping[str, str]
) -> tuple[tuple[Review, ...], tuple[Review, ...]]:
    """Return the approvals of the plan that holds now, and those of another plan that was shown for this head before.

    Where every record of the head says the same, there is nothing else that an approval could have meant.
    """
    last = records[-1][1].all_fingerprints
    changed = [index for index, (_, record) in enumerate(records) if record.all_fingerprints != last]
    if not changed or not pending(fingerprints):
        return given, ()
    shown = records[changed[-1] + 1][0].at
    late = tuple(review for review in given if shown is None or review.at is None or review.at < shown)
    return tuple(review for review in given if review not in late), late


def _require(
    membership: Membership,
    required: Sequence[Requirement],
    *,
    given: tuple[Review, ...],
    words: tuple[Review, ...],
    late: tuple[Review, ...],
    pull: PullRequest,
    authors: frozenset[str],
) -> None:
    for requirement in required:
        objecting = [word for word in words if word.state == "CHANGES_REQUESTED"]
        for objection in objecting:
            if membership.is_any(objection.login, requirement.owners):
                raise RefusedError(
                    f"{objection.login} asked for changes in pull request {pull.number} ({requirement.reason})",
                    hint="settle it and have the last head approved",
                )
        if not any(membership.is_any(review.login, requirement.owners) for review in given):
            raise _missing(requirement, pull=pull, words=words, late=late, authors=authors)


def _missing(
    requirement: Requirement,
    *,
    pull: PullRequest,
    words: tuple[Review, ...],
    late: tuple[Review, ...],
    authors: frozenset[str],
) -> RefusedError:
    if not requirement.owners:
        return RefusedError(
            f"pull request {pull.number} cannot be approved: nobody is named for it ({requirement.reason})",
            hint="name `owners` in org.yaml first, in a pull request of its own",
        )
    about = "".join(f"; {words}" for words in _near_misses(pull, words, late, authors))
    who = " or ".join(requirement.owners)
    return RefusedError(
        f"pull request {pull.number} lacks an approval of its last head {pull.head[:12]} by {who}"
        f" ({requirement.reason}){about}",
        hint=f"ask {who} to approve that head, and run this again",
    )


def _near_misses(
    pull: PullRequest, words: tuple[Review, ...], late: tuple[Review, ...], authors: frozenset[str]
) -> list[str]:
    """Return why approvals that were given do not count."""
    own = authors | {pull.author.lower()}
    said = []
    for word in words:
        if word.state != "APPROVED":
            continue
        if word.login.lower() in own:
            said.append(f"{word.login} wrote it and cannot approve it")
        elif word.commit != pull.head:
            said.append(f"{word.login} approved the older head {word.commit[:12]}")
        elif word in late:
            said.append(f"{word.login} approved before this plan was shown")
    return said
