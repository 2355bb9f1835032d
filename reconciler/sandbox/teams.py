"""Teams of the organization: what wallets are allocated to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from reconciler.sandbox.clock import Clock
from reconciler.sandbox.database import Database
from reconciler.sandbox.wire import ApiError


class Team(NamedTuple):
    id: str
    name: str
    slug: str


@dataclass(frozen=True, slots=True)
class Teams:
    database: Database
    clock: Clock

    def page(self, after: str = "", limit: int | None = None) -> list[Team]:
        rows = self.database.rows(
            "SELECT id, name, slug FROM teams WHERE id > ? ORDER BY id LIMIT ?", (after, -1 if limit is None else limit)
        )
        return [Team(*row) for row in rows]

    def create(self, name: str, *, id: str | None = None) -> Team:
        """Create a team; its id follows from its name unless one is given."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
        if not slug:
            raise ApiError(422, "invalid_team", "name must hold letters or digits")
        team = Team(id or f"team_{slug.replace('-', '_')}", name, slug)
        with self.database.write() as connection:
            taken = connection.execute("SELECT 1 FROM teams WHERE id = ? OR slug = ?", (team.id, slug)).fetchone()
            if taken is not None:
                raise ApiError(409, "team_exists", f"there is a team `{slug}` already")
            self.clock.tick()
            connection.execute("INSERT INTO teams VALUES (?, ?, ?)", team)
        return team
