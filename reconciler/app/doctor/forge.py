"""Checks of the forge: whether the default branch asks for the check, and whether there is anybody to approve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.app.doctor.check import Seen, failed, not_checked, passed, warning
from reconciler.app.forge_session import provider_in
from reconciler.findings import ExitCode, UsageError
from reconciler.forge.membership import Membership
from reconciler.http.failures import ForbiddenError
from reconciler.settings import environment

if TYPE_CHECKING:
    from reconciler.app.doctor.subject import Subject


def look_at_forge(subject: Subject) -> Iterator[Seen]:
    variables = environment()
    provider = provider_in(subject.top)
    words = provider.words
    if not provider.is_named(variables):
        yield not_checked(f"there is no token of {words.forge}", f"set {words.token} to a token that can read")
        return
    try:
        forge = subject.forge
    except UsageError as error:
        yield not_checked(error.message, error.hint)
        return
    yield passed(f"{forge.repository} can be read; its default branch is {forge.default_branch()}")
    for flaw in forge.warnings(today=subject.now.date()):
        yield warning(flaw.message, flaw.cure)


def look_at_protection(subject: Subject) -> Iterator[Seen]:
    flaws = tuple(subject.forge.flaws())
    for flaw in flaws:
        yield failed(flaw.message, flaw.cure, ExitCode.REFUSED)
    if not flaws:
        yield passed("the default branch requires the check, and the code owners are without errors")


def look_at_approvers(subject: Subject) -> Iterator[Seen]:
    """Look at every group of owners whose approval may be asked for: two people, so that one can write."""
    desired, membership = subject.desired, Membership(subject.forge.people)
    groups: dict[tuple[str, ...], list[str]] = {}
    for team in desired.teams:
        groups.setdefault(desired.approvers(team), []).append(team)
    groups.setdefault(desired.organization.owners, []).append("the organization")
    try:
        membership.read(owner for owners in groups for owner in owners)
        seeing = subject.forge.words.seeing
        yield from [_enough(membership, *group, desired.organization_path, seeing) for group in groups.items()]
    except ForbiddenError as error:
        yield not_checked(error.message, error.hint)


def _enough(membership: Membership, owners: tuple[str, ...], teams: list[str], path: str, seeing: str) -> Seen:
    named, whose = ", ".join(owners), ", ".join(teams[:5])
    if not owners:
        return failed(f"{whose}: nobody is named who approves", f"name `owners` in {path}", ExitCode.REFUSED)
    unseen = membership.unseen(owners)
    if unseen and not membership.could_approve(set(owners) - {*unseen}, without=frozenset(), needed=2):
        words = f"{whose}: the members of {', '.join(unseen)} cannot be read, so that no approval counts as theirs"
        return not_checked(words, f"see to it that {seeing}" if seeing else "")
    if membership.could_approve(owners, without=frozenset(), needed=2):
        return passed(f"{whose}: {named} can approve")
    if membership.could_approve(owners, without=frozenset(), needed=1):
        words = f"{whose}: {named} is one person, who cannot approve changes of their own"
        return warning(words, f"name another person or team in `owners` of {whose}")
    words = f"{whose}: nobody can approve, {named} has no members or is not there"
    return failed(words, "correct `owners` in the YAML, or add people to the team on the forge", ExitCode.REFUSED)
