"""A clock that a test moves: every part of the product that asks for the time of day is told its."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from forge.github_standin import State
from forge.gitlab_state import GitLabState
from starlette.requests import Request
from starlette.responses import Response
from thorough import THOROUGH

from reconciler import clock as apply_clock
from reconciler.app.drift import waiting as drift_waiting
from reconciler.clock import SystemClock
from reconciler.forge.github.channel import Connection as GitHubConnection
from reconciler.forge.gitlab.channel import Connection as GitLabConnection
from reconciler.journal import standing
from reconciler.keeptrusts.connection import Connection as KeeptrustsConnection

import reconciler.settings as settings_module  # isort: skip

_JUDGED = 25
"""Of how many requests of a kind one is judged."""

BEGIN = datetime(2026, 6, 18 if THOROUGH else 27, 8, tzinfo=UTC)


@dataclass
class MovedClock:
    """The simulated time, UTC. Waiting moves it."""

    instant: datetime = BEGIN

    def wait(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)

    def reach(self, instant: datetime) -> None:
        """Move on to `instant`; a run that took longer keeps its time."""
        self.instant = max(self.instant, instant)

    @property
    def seconds(self) -> float:
        return (self.instant - BEGIN).total_seconds()


@dataclass
class DatedState(State):
    """A forge whose instants are those of the simulated clock, no two alike."""

    clock: MovedClock = field(default_factory=MovedClock)
    told: datetime = BEGIN
    answered: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def is_judged(self, request: Request, response: Response) -> bool:
        """Let the first of each kind of request and answer be judged, and then one in many: a judgement takes long."""
        kind = request.method, re.sub(r"[0-9a-f]{40}|[0-9]+", "N", request.url.path), response.status_code
        self.answered[kind] += 1
        return self.answered[kind] in (1, 2) or self.answered[kind] % _JUDGED == 0

    def now(self) -> str:
        self.told = max(self.clock.instant, self.told + timedelta(seconds=1))
        return self.told.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class DatedGitLab(DatedState, GitLabState):
    """A GitLab with such instants."""


@contextmanager
def everybody_s(clock: MovedClock) -> Iterator[None]:
    """Let the product live by `clock`, and wait for no answer for real, until the end of the block."""

    class Told(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.instant.astimezone(tz)

    with pytest.MonkeyPatch.context() as patched:
        for module in (apply_clock, standing, drift_waiting, settings_module):
            patched.setattr(module, "datetime", Told)
        patched.setattr(SystemClock, "monotonic", lambda _: clock.seconds)
        patched.setattr(SystemClock, "sleep", lambda _, seconds: clock.wait(seconds))
        for connection in (GitHubConnection, GitLabConnection, KeeptrustsConnection):
            patched.setitem(connection.__init__.__kwdefaults__ or {}, "backoff", 0.001)
        yield
