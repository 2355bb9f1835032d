"""A run of the quick tests, or of the slow ones, reads no module that has none, and misses none that there is."""

from __future__ import annotations

from copy import copy
from pathlib import Path

import passed_over
import pytest
from passed_over import QUICK, SLOW


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"test_{name}.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_run_reads_the_modules_alone_that_may_have_what_it_asks_for(tmp_path: Path) -> None:
    slow = written(tmp_path, "slow", "import pytest\n\npytestmark = pytest.mark.slow\n")
    some = written(tmp_path, "some", "@pytest.mark.slow\ndef test_one() -> None: ...\n")
    forge = written(tmp_path, "forge", "def test_one(host: Host) -> None: ...\n")
    quick = written(tmp_path, "quick", "def test_one() -> None: ...\n")
    every = [slow, some, forge, quick]
    assert passed_over.read(every, QUICK) == [some, forge, quick]
    assert passed_over.read(every, SLOW) == [slow, some, forge]
    assert passed_over.read(every, "") == every


def test_a_slow_test_that_a_run_of_the_slow_ones_would_not_find_is_refused(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    item = copy(request.node)
    item.path = written(tmp_path, "marked_elsewhere", "from marks import both\n")
    passed_over.judge_left_out([item], QUICK)
    item.own_markers = [pytest.mark.slow.mark]
    with pytest.raises(pytest.UsageError, match="mark the test itself"):
        passed_over.judge_left_out([item], QUICK)
    passed_over.judge_left_out([item], SLOW)
