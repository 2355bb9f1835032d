"""A session with GitHub: what was asked for and what the environment of a run says, together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.findings import UsageError
from reconciler.forge.ci_run import CiRun
from reconciler.forge.github.channel import Channel
from reconciler.forge.github.connection import DEFAULT_API_URL, Connection
from reconciler.forge.github.identity import ACTIONS, identify
from reconciler.forge.github.repository import Repository, pull_request
from reconciler.forge.registry import provider_of
from reconciler.journal.attribution import attribution
from reconciler.settings import environment

if TYPE_CHECKING:
    from reconciler.forge.change_request import ChangeRequest
    from reconciler.forge.github.identity import Identity


@dataclass(frozen=True)
class GitHub:
    """An open channel to one repository, and who we are there. `app` is the slug whose check runs count as ours."""

    channel: Channel
    repository: Repository
    identity: Identity
    app: str
    event: CiRun

    def pull(self, number: int | None) -> ChangeRequest:
        """Return the pull request that was named, else the one that this run is for."""
        wanted = number or self.event.number
        if wanted is None:
            raise UsageError("no pull request was named", hint="name one with `--pr N`")
        return pull_request(self.channel, self.repository, wanted)


def run_of_now() -> CiRun:
    """Return what CI says about this run."""
    variables = environment()
    return provider_of(variables).run_of(variables)


@contextmanager
def github(repo: str | None, *, recorded_by: str = "") -> Iterator[GitHub]:
    """Yield a session with the repository that `--repo` or the run names."""
    event = run_of_now()
    variables = environment()
    name = repo or event.repository
    if not name:
        raise UsageError("no repository was named", hint="name it with `--repo OWNER/NAME`, or in GITHUB_REPOSITORY")
    repository = Repository.parse(name)
    connection = Connection(
        api_url=variables.get("GITHUB_API_URL") or DEFAULT_API_URL,
        token=variables.get("GITHUB_TOKEN", ""),
        members_token=variables.get("KT_BUDGETS_MEMBERS_TOKEN", ""),
    )
    with Channel(connection) as channel:
        identity = identify(channel, named=variables.get("KT_BUDGETS_GITHUB_LOGIN"))
        app = (recorded_by or identity.app or ACTIONS).removesuffix("[bot]")
        yield GitHub(channel, repository, identity, app, event)


def run_link() -> list[str]:
    """Return the footer that leads to this run and its artefacts; nothing where no address of it is known."""
    url = attribution(environment()).url
    plain = re.fullmatch(r"https?://[\w.:/-]{1,300}", url, flags=re.ASCII)
    return [f"<sub>[This run]({url}) keeps the full report among its artefacts.</sub>"] if plain else []


def workflows_address(repository: str) -> str:
    """Return the address below which the workflows of a repository are."""
    server = environment().get("GITHUB_SERVER_URL") or "https://github.com"
    return f"{server.rstrip('/')}/{repository}/actions/workflows"
