"""Fixtures of the forge's tests: a GitHub that holds state, and a channel to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from direct import at_once as at_once
from forge.forge_world import BASE, HEAD, Waits
from forge.github_standin import ACTIONS, Pull, State, serving
from forge.github_standin import GitHub as Standin
from forge.gitlab_server import GitLab, serving_gitlab
from forge.gitlab_state import GitLabState
from forge.host import FORGES, Host
from forge.known_git import known_git as known_git
from forge.merge_desk import MergeDesk, merge_desk
from replayed_once import replayed_once as replayed_once
from seeded_once import seeded_once as seeded_once
from short_waits import short_waits as short_waits
from thorough import OF_EVERYTHING, THOROUGH
from usage_read_once import usage_read_once as usage_read_once

from reconciler.forge.ci_run import CiRun
from reconciler.forge.github.channel import Channel, Connection
from reconciler.forge.github.identity import Identity
from reconciler.forge.github.repository import Repository
from reconciler.forge.github.session import GitHub
from reconciler.forge.protocol import Forge

_WHOLE_ON_BOTH = (
    *("test_forge_story", "test_forge_merges", "test_forge_merged_applied", "test_forge_landings", "test_forge_gate"),
    *("test_forge_merge_train", "test_forge_gitlab_pipeline"),
)
"""Modules with what a pull request and a merge go through: all of it on both forges, in each run."""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of what has one arithmetic on each forge, a run of everything tries slow tests on the two in turn.

    What is quick on GitHub is tried there, and every second one on GitLab as well. A thorough run tries all, and so
    does one that is asked for some modules.
    """
    if THOROUGH or not config.stash.get(OF_EVERYTHING, False):
        return
    again = [item for item in items if _is_again(item)]
    turns = {_tested(item): item for item in again[::2]}
    left_out = {*again[1::2], *(item for item in items if _is_slow_on_github(item) and _tested(item) in turns)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def _is_again(item: pytest.Item) -> bool:
    """Whether a test is on GitLab what another one is on GitHub."""
    is_here = item.path.parent == Path(__file__).parent and item.path.stem not in _WHOLE_ON_BOTH
    return is_here and _host_of(item) == "gitlab"


def _is_slow_on_github(item: pytest.Item) -> bool:
    return _host_of(item) == "github" and item.get_closest_marker("slow") is not None


def _host_of(item: pytest.Item) -> str:
    shown = getattr(item, "callspec", None)
    return str(shown.params.get("host", "")) if shown else ""


def _tested(item: pytest.Item) -> str:
    """Return what a test is called on each forge."""
    return item.nodeid.replace(f"[{_host_of(item)}", "[", 1)


@pytest.fixture
def github() -> State:
    """A repository with one open pull request, number 128, by alice."""
    return State(pulls={128: Pull(128, "alice", [(HEAD, "alice")], BASE)})


@pytest.fixture(scope="session")
def github_server() -> Iterator[tuple[Standin, str]]:
    """Serve one GitHub for all tests; each test gives it a state of its own."""
    server = Standin(State())
    with serving(server) as url:
        yield server, url


@pytest.fixture
def github_url(github: State, github_server: tuple[Standin, str]) -> Iterator[str]:
    """Serve `github`; at the end, every request and answer must have been as GitHub describes them."""
    server, url = github_server
    server.state = github
    yield url
    assert github.complaints == []


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def channel(github_url: str, waits: Waits) -> Iterator[Channel]:
    connection = Connection(api_url=github_url, token="ghs_actions", backoff=0.001)
    with Channel(connection, wait=waits) as opened:
        yield opened


@pytest.fixture
def repository() -> Repository:
    return Repository("acme", "ai-budgets")


@pytest.fixture
def session(channel: Channel, repository: Repository) -> Forge:
    """The repository by the protocol of a forge, as its own workflows see it."""
    return GitHub(channel, repository, Identity(ACTIONS), "github-actions", CiRun())


@pytest.fixture
def gitlab() -> GitLabState:
    """A project with one open merge request, number 128, by alice."""
    return GitLabState(pulls={128: Pull(128, "alice", [(HEAD, "alice")], BASE)})


@pytest.fixture(scope="session")
def gitlab_server() -> Iterator[tuple[GitLab, str]]:
    """Serve one GitLab for all tests; each test gives it a state of its own."""
    server = GitLab(GitLabState())
    with serving_gitlab(server) as url:
        yield server, url


@pytest.fixture
def gitlab_url(gitlab: GitLabState, gitlab_server: tuple[GitLab, str]) -> Iterator[str]:
    """Serve `gitlab`; at the end, every request and answer must have been as GitLab's reference has them."""
    server, url = gitlab_server
    server.state = gitlab
    yield url
    assert gitlab.complaints == []


@pytest.fixture(params=FORGES)
def host(request: pytest.FixtureRequest) -> Host:
    """Each forge in turn."""
    state: State = request.getfixturevalue(request.param)
    return Host(state, request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A company whose budgets were applied once, on each forge in turn."""
    with merge_desk(tmp_path, host.state, host.url, capsys) as made:
        yield made
