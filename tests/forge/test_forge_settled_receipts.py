"""What a pull request says of its merge is put right once a person has settled what nobody knew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from forge.host import Host
from forge.merge_desk import SHADOW_FILE, MergeDesk, merge_desk
from forge.sandbox_desk import DAY

from reconciler.findings import ExitCode
from reconciler.sandbox.faults import Drop, Faults

pytestmark = pytest.mark.slow

UNKNOWN = "Not known whether it was applied"


@pytest.fixture
def desk(tmp_path: Path, host: Host, capsys: pytest.CaptureFixture[str]) -> Iterator[MergeDesk]:
    """A desk at which an allocation gets lost on its way, before it arrives."""
    lost = Faults(faults=(Drop(when="before", method="POST", route="/v1/wallets/allocate", nth=1),))
    with merge_desk(tmp_path, host.state, host.url, capsys, faults=lost) as made:
        yield made


def resumed(desk: MergeDesk, *options: str) -> int:
    return desk.desk.kt("resume", "--as-of", DAY, "--settle", "1", *options)


def unknown_operation(desk: MergeDesk) -> str:
    resumed(desk, "--format", "json")
    (unknown,) = set(re.findall(r"2026-06-[0-9a-f]{20}", desk.desk.output))
    return str(unknown)


@pytest.mark.parametrize("word", ["--assume-lost", "--accept"])
def test_a_doubt_that_was_settled_by_hand_is_taken_back_by_the_next_run(desk: MergeDesk, word: str) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "10600.00"), by="lena")
    assert desk.told("--settle", "1") == ExitCode.UNKNOWN
    assert UNKNOWN in desk.comment()
    resumed(desk, word, unknown_operation(desk), "--reason", "asked the operators")
    desk.desk.capsys.readouterr()
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert "#### Applied (merged" in desk.comment()
    assert UNKNOWN not in desk.comment()
    assert desk.funded() == 10600.0
    written = desk.comment()
    assert desk.told() == ExitCode.DONE
    assert (desk.comment(), desk.merges["landings"]) == (written, [])


def test_a_merge_whose_run_was_killed_and_resumed_by_hand_is_told_as_applied(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "10600.00"), by="lena")
    assert desk.apply("--settle", "1") == ExitCode.UNKNOWN
    assert "receipt" not in desk.comment()
    resumed(desk, "--assume-lost", unknown_operation(desk), "--reason", "asked the operators")
    desk.desk.capsys.readouterr()
    desk.approved_and_merged(129, desk.target("300.00", "400.00", SHADOW_FILE), by="sam")
    assert desk.told() == ExitCode.DONE, desk.desk.output
    assert "#### Applied (merged" in desk.comment()
    assert desk.statuses == [(129, "applied")]


def test_what_is_in_doubt_still_is_not_called_applied(desk: MergeDesk) -> None:
    desk.approved_and_merged(128, desk.target("10500.00", "10600.00"), by="lena")
    assert desk.told("--settle", "1") == ExitCode.UNKNOWN
    assert resumed(desk) == ExitCode.UNKNOWN
    desk.desk.capsys.readouterr()
    assert desk.told("--settle", "1") == ExitCode.UNKNOWN
    assert UNKNOWN in desk.comment()
    assert desk.merges["settled"] == []
