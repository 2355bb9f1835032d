"""Two applies beside each other: what the other one applied and told is left as it stands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import forked_command
import pytest
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode

pytestmark = pytest.mark.slow

HOOK = """\
#!/bin/sh
if ! grep -q refs/kt-budgets/lock || ! mkdir {place}/began 2>/dev/null; then exit 0; fi
unset $(git rev-parse --local-env-vars) GIT_QUARANTINE_PATH
cd {clone} || exit 1
{command} pr apply --as-of {day} --format json --output {place}/first.json >{place}/first.log 2>&1 </dev/null
{command} pr receipt --run {place}/first.json >>{place}/first.log 2>&1 </dev/null
exit 0
"""
"""What the remote does on the first push of a lock: another run applies everything before that one has it."""

OWNERS = {128: "lena", 129: "sam"}
"""Who approves which pull request."""


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    with merge_desk(tmp_path, host.state, host.url, capsys, journal="git:origin") as made:
        yield made


def two_are_merged(desk: MergeDesk) -> None:
    desk.opened(128, desk.target("10500.00", "11000.00"))
    desk.opened(129, desk.target("300.00", "400.00", SHADOW_FILE))
    for number, person in OWNERS.items():
        desk.approved(number, person)
        desk.merged(number)


def lets_another_run_first(desk: MergeDesk, place: Path, *, tells: bool = True) -> None:
    told = [f"{name}={value}" for name, value in desk.desk.variables.items()]
    forked_command.install(place / "bin" / "kt-budgets")
    command = ["env", *told, str(place / "bin" / "kt-budgets")]
    hook = desk.repository.remote / "hooks" / "pre-receive"
    facts = {"place": place, "clone": desk.repository.folder, "day": DAY, "command": shlex.join(command)}
    lines = HOOK.format(**facts).splitlines(keepends=True)
    hook.write_text("".join(line for line in lines if tells or "pr receipt" not in line), encoding="utf-8")
    hook.chmod(0o755)


def test_the_receipt_of_the_run_that_applied_it_stays(desk: MergeDesk, tmp_path: Path) -> None:
    two_are_merged(desk)
    lets_another_run_first(desk, tmp_path)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert (tmp_path / "first.json").is_file(), (tmp_path / "first.log").read_text("utf-8")
    assert (desk.funded(), desk.funded("team_shadow")) == (11000.0, 400.0)
    assert desk.statuses == [(128, "applied")]
    assert [(item["pull_request"], item["status"]) for item in desk.merges["settled"]] == [(129, "applied")]
    assert desk.merges["settled"][0]["run"]["outcomes"][0]["transaction"]
    for number, person in OWNERS.items():
        assert f"Keeptrusts is as the YAML says. Approved by {person}." in desk.comment(number)
        assert "Nothing left to apply" not in desk.comment(number)


def test_what_the_other_run_applied_and_did_not_tell_is_told(desk: MergeDesk, tmp_path: Path) -> None:
    two_are_merged(desk)
    lets_another_run_first(desk, tmp_path, tells=False)
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert "Applied (merged" in desk.comment(129)
    assert "another run applied it while this one went on" in desk.comment(129)
    assert "| applied | txn" in desk.comment(129)
