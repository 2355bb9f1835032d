"""Who is asked for approval: requirements, grouped by their owners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.report.document import Asked

if TYPE_CHECKING:
    from reconciler.policy.approvals import Requirement

_USUAL = "its plan, wallets or alerts change"


def asked_of(found: Sequence[Requirement]) -> tuple[Asked, ...]:
    """Return everybody who is asked, once, with all reasons; teams of one reason together. No group is left out.

    Whoever is asked for the whole comes first, then whoever is asked for the most teams.
    """
    groups: dict[tuple[str, ...], list[Requirement]] = {}
    for item in found:
        groups.setdefault(item.owners, []).append(item)
    asked = [Asked(owners, _reasons(items), _teams(items)) for owners, items in groups.items()]
    return tuple(sorted(asked, key=lambda one: (not one.reasons, -sum(len(teams) for _, teams in one.teams))))


def _reasons(items: Sequence[Requirement]) -> tuple[str, ...]:
    return tuple(item.reason for item in items if item.team is None)


def _teams(items: Sequence[Requirement]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the teams by what is to be approved of them; of most, that is the usual and goes without saying."""
    alike: dict[str, list[str]] = {}
    for item in items:
        if item.team is not None:
            what = item.reason.removeprefix(f"{item.team}: ")
            alike.setdefault("" if what == _USUAL else what, []).append(item.team)
    return tuple((what, tuple(teams)) for what, teams in alike.items())
