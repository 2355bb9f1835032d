"""Shortfalls: approvals that are missing, and why those that were given do not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.findings import RefusedError
from reconciler.forge.change_request import ChangeRequest, Review
from reconciler.policy.approvals import Requirement


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A requirement that is not met. `near` are the approvals that were given and do not count, in words."""

    requirement: Requirement
    message: str
    hint: str
    near: tuple[str, ...] = ()

    @property
    def team(self) -> str | None:
        """The team that alone is not applied; None when nothing of the change is."""
        return self.requirement.team

    def error(self) -> RefusedError:
        return RefusedError(self.message, hint=self.hint)

    def document(self) -> dict[str, object]:
        """Return it as a part of a JSON document."""
        return {
            "team": self.requirement.team,
            "owners": list(self.requirement.owners),
            "reason": self.requirement.reason,
            "near_misses": list(self.near),
            "message": self.message,
            "cure": self.hint,
        }


def objection(requirement: Requirement, pull: ChangeRequest, login: str) -> Shortfall:
    """Return that an owner asked for changes."""
    return Shortfall(
        requirement,
        f"{login} asked for changes in pull request {pull.number} ({requirement.reason})",
        "settle it and have the last head approved",
        (f"{login} asked for changes",),
    )


def absence(
    requirement: Requirement,
    pull: ChangeRequest,
    near: tuple[str, ...],
    *,
    others: tuple[str, ...] = (),
    why: str = "",
) -> Shortfall:
    """Return that nobody approved who may; `others` stand in for the owners, because of `why`."""
    if not requirement.owners and not others:
        return Shortfall(
            requirement,
            f"pull request {pull.number} cannot be approved: nobody is named for it ({requirement.reason})",
            "name `owners` in org.yaml first, in a pull request of its own",
        )
    about = "".join(f"; {words}" for words in near)
    who = " or ".join(others or requirement.owners)
    cause = f"; {why}" if why else ""
    helpless = bool(why) and not others
    return Shortfall(
        requirement,
        f"pull request {pull.number} lacks an approval of its last head {pull.head[:12]} by {who}"
        f" ({requirement.reason}){cause}{about}",
        f"add somebody else to {who} on GitHub, or name other `owners`, and have that head approved"
        if helpless
        else f"ask {who} to approve that head, and run this again",
        near,
    )


def near_misses(
    pull: ChangeRequest, words: tuple[Review, ...], late: tuple[Review, ...], authors: frozenset[str]
) -> Iterator[str]:
    """Yield why approvals that were given do not count."""
    for word in words:
        if word.opinion != "approved":
            continue
        if word.login.lower() in authors:
            yield f"{word.login} wrote it and cannot approve it"
        elif word.commit != pull.head:
            yield f"{word.login} approved the older head {word.commit[:12]}"
        elif word in late:
            yield f"{word.login} approved before this plan was shown"
