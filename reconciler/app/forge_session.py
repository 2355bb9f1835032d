"""A session with the forge: what was asked for and what the environment of a run says, together."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from reconciler.findings import UsageError
from reconciler.forge.registry import provider_of
from reconciler.settings import environment

if TYPE_CHECKING:
    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.ci_run import CiRun
    from reconciler.forge.protocol import Forge
    from reconciler.model.forge_words import ForgeWords


def run_of_now() -> CiRun:
    """Return what CI says about this run."""
    variables = environment()
    return provider_of(variables).run_of(variables)


def forge_session(repo: str | None, *, recorded_by: str = "") -> AbstractContextManager[Forge]:
    """Open the repository that `--repo` or the run names; `recorded_by` is whose checks count as ours."""
    variables = environment()
    provider = provider_of(variables)
    return provider.open(variables, provider.run_of(variables), repository=repo, recorded_by=recorded_by)


def request_of(session: Forge, number: int | None) -> ChangeRequest:
    """Return the change request that was named, else the one that this run is for."""
    wanted = number or session.run.number
    if wanted is None:
        raise UsageError(f"no {session.words.request} was named", hint="name one with `--pr N`")
    return session.change_request(wanted)


def forge_words() -> ForgeWords:
    """Return what people on the forge of this run call things."""
    return provider_of(environment()).words
