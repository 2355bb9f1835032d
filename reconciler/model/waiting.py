"""What was left behind: a month, a merge, a run or a lock that waits, and the one dispatch that mends it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from reconciler.model.frozen import Frozen

Kind = Literal["month", "landing", "run", "operation", "lock", "journal"]
State = Literal[
    "not funded",
    "not approved",
    "plan moved",
    "not applied",
    "errors",
    "interrupted",
    "unknown",
    "lease ran out",
    "not believed",
]


class Dispatch(Frozen):
    """A workflow that is started by hand, by its file's name, with its inputs."""

    workflow: str = Field(description="The workflow's file.")
    inputs: dict[str, str] = Field({}, description="What to start it with.")


class Waiting(Frozen):
    """Something that waits. `teams` is empty where it is about the organization as a whole.

    A landing has the `pull_request` that brought it (None: pushed directly) and its `commit`. `since` is an
    instant, UTC, or an empty text where nobody knows. `missing` are the owners whose approval is missing. `dispatch` is
    what is to be started once what `cure` says is done.
    """

    kind: Kind = Field(description="What it is that waits.")
    state: State = Field(description="Why it waits.")
    teams: tuple[str, ...] = Field((), description="The teams; empty for the organization as a whole.")
    pull_request: int | None = Field(None, description="The pull request that brought a merge; null for a direct push.")
    commit: str | None = Field(None, description="The commit of a merge.")
    since: str = Field("", description="Since when, an instant in UTC; empty where nobody knows.")
    sentence: str = Field(description="What waits, as a sentence.")
    missing: tuple[str, ...] = Field((), description="Owners whose approval is missing.")
    cure: str = Field(description="What is to be done first.")
    dispatch: Dispatch = Field(description="The workflow to start once that is done.")

    @property
    def parts(self) -> tuple[str, ...]:
        """The teams whose owners are told; an empty name stands for the organization."""
        return self.teams or ("",)
