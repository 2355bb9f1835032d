"""How often the commands about pull requests start git: what belongs together is asked for together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.github_standin import State
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk
from git.started import started

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

LATER = "2026-06-19"


@pytest.fixture
def desk(tmp_path: Path, github: State, github_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, github, github_url, capsys, journal="git:origin") as made:
        yield made


def test_drift_brings_the_heads_of_all_open_pull_requests_at_once(desk: MergeDesk) -> None:
    for number in range(128, 133):
        desk.opened(number, desk.target("10500.00", f"{number}00.00"), shown=False)
    with started() as begun:
        assert desk.desk.kt("drift", "--as-of", LATER, "--pull-requests") == ExitCode.DONE, desk.desk.errors
    assert begun.count("fetch") <= 4, begun


def test_the_check_of_many_pull_requests_asks_once_where_the_branch_is(desk: MergeDesk) -> None:
    for number in range(128, 133):
        desk.opened(number, desk.target("10500.00", f"{number}00.00"), shown=False)
    with started() as begun:
        assert desk.desk.kt("pr", "approval", "--as-of", LATER, "--check") in (ExitCode.DONE, ExitCode.REFUSED)
    assert len(desk.github.checks) == 5, desk.desk.errors
    assert begun.count("ls-remote") == 1, begun


def test_pr_apply_reads_the_journal_again_only_after_it_wrote(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    desk.merged(128)
    desk.merged(129)
    with started() as begun:
        assert desk.apply() == ExitCode.REFUSED, "nobody approved"
    assert begun.count("fetch") == 1, begun
    desk.approved(129, "sam")
    with started() as begun:
        assert desk.apply() == ExitCode.REFUSED
    assert desk.funded("team_shadow") == 400.0
    assert begun.count("fetch") <= 5, begun
