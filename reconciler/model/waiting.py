"""What was left behind: a month, a merge, a run or a lock that waits, and the one dispatch that mends it."""

from __future__ import annotations

from typing import Literal

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

    workflow: str
    inputs: dict[str, str] = {}


class Waiting(Frozen):
    """Something that waits. `teams` is empty where it is about the organization as a whole.

    A landing has the `pull_request` that brought it (None: pushed directly) and its `commit`. `since` is an
    instant, UTC, or an empty text where nobody knows. `missing` are the owners whose approval is missing. `dispatch` is
    what is to be started once what `cure` says is done.
    """

    kind: Kind
    state: State
    teams: tuple[str, ...] = ()
    pull_request: int | None = None
    commit: str | None = None
    since: str = ""
    sentence: str
    missing: tuple[str, ...] = ()
    cure: str
    dispatch: Dispatch

    @property
    def parts(self) -> tuple[str, ...]:
        """The teams whose owners are told; an empty name stands for the organization."""
        return self.teams or ("",)
