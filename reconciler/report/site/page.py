"""What a page of the report is, and where the page of a team is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.forecast import WalletForecast
from reconciler.model.plan import Plan
from reconciler.model.review import ReviewDocument
from reconciler.report.document import Report
from reconciler.report.wallets import WalletStory

_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Page:
    """`key` is where links lead, `title` its heading, `label` what the contents call it, `body` its HTML."""

    key: str
    title: str
    label: str
    body: str
    kind: Literal["page", "team"] = "page"


@dataclass(frozen=True, slots=True)
class Subject:
    """What the report is about: the plan, the report of it, its wallets, and reviews that were given with it."""

    plan: Plan
    report: Report
    stories: tuple[WalletStory, ...]
    reviews: tuple[ReviewDocument, ...] = ()
    keys: dict[str, str] = field(default_factory=dict)
    """By team, its page; a team without one is in the tables alone."""
    teams: Mapping[str, tuple[WalletStory, ...]] = field(default_factory=dict)

    @property
    def links(self) -> dict[str, str]:
        """By the name of a wallet, the page of its team."""
        return {story.name: self.keys[story.team] for story in self.stories if story.team in self.keys}


def keys(teams: Iterable[str]) -> dict[str, str]:
    """Return the page of each team: by its name, or by its number where no address can hold that."""
    return {
        team: f"team-{team}" if _SIMPLE.fullmatch(team) else f"other-{number}"
        for number, team in enumerate(sorted(teams), 1)
    }


def forecasts(stories: Iterable[WalletStory]) -> list[tuple[WalletStory, WalletForecast]]:
    """Return the wallets of which there is a forecast, with it."""
    return [(story, story.forecast) for story in stories if story.forecast]
