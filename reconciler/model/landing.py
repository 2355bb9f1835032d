"""Landings: what each pull request, or a direct push, brought to the default branch, and how far it is applied."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

ORGANIZATION = ""
"""The part of a landing that belongs to no team: org.yaml, and with it the export schedules."""


def teams_of(parts: Collection[str]) -> tuple[str, ...] | None:
    """Return the teams among `parts`, sorted; None where the organization is one of them."""
    return None if ORGANIZATION in parts else tuple(sorted(parts))


@dataclass(frozen=True, slots=True)
class Landing:
    """`commit` is the last one of the landing on the branch's own line, `base` what lies below its first.

    `parts` are the teams whose YAML values differ between them, and ORGANIZATION where those of org.yaml do.
    `pull_request` is None for a direct push. Where the YAML of `commit` has errors, `problem` says so.
    """

    commit: str
    parts: frozenset[str] = field(default_factory=frozenset)
    base: str | None = None
    pull_request: int | None = None
    problem: str = ""

    @property
    def teams(self) -> tuple[str, ...] | None:
        """The teams that it is about, sorted; None where it is about the organization."""
        return teams_of(self.parts)


def moved_on(
    commit: str | None, ahead: Mapping[str, str], landings: Sequence[Landing]
) -> tuple[str | None, dict[str, str]]:
    """Return the commit up to which everything is applied, and the parts that are applied further than that.

    `ahead` maps a part to the commit of the landing that it was applied from. `landings` are in the order in which
    they came to the branch; those up to `commit` are done. A landing is done when every part of it was applied from
    it, or from one that came after it. What the returned commit has passed is in `ahead` no more.
    """
    order = {landing.commit: number for number, landing in enumerate(landings)}
    at = order.get(commit or "", -1)
    for number, landing in enumerate(landings):
        if number <= at:
            continue
        if not is_done(landing.parts, number, ahead, order):
            break
        commit, at = landing.commit, number
    return commit, {part: found for part, found in ahead.items() if order.get(found, len(order)) > at}


def is_done(parts: Collection[str], number: int, ahead: Mapping[str, str], order: Mapping[str, int]) -> bool:
    """Whether all `parts` of the landing with this number were applied from it, or from a later one."""
    return all(order.get(ahead.get(part, ""), -1) >= number for part in parts)
