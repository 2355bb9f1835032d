"""Speed by release: what a benchmark prints is read back, growth is told, and the picture is that of the figures."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import history
import pytest
import run
from history import Measured, Release
from ratio import Ratio

BENCHMARKS = Path(history.__file__).parent


def release(version: str, **ratios: float) -> Release:
    measured = {name: Measured(value, 2.0) for name, value in ratios.items()}
    return Release(version, date(2026, 7, 1), {"cores": "2"}, measured)


@pytest.mark.parametrize(
    "ratio", [Ratio("plan to bare requests", 2.04, 2.5), Ratio("a: b", 0.57, 1), Ratio("rules", 12, None)]
)
def test_a_ratio_is_read_as_it_was_printed(ratio: Ratio) -> None:
    assert Ratio.read(str(ratio)) == ratio


def test_what_is_no_ratio_is_not_taken_for_one() -> None:
    lines = ["kt-budgets --help  200 ms", "ratio to sums only 2.1", "the same with 8 workers 6.2 s, 0.4 x", ""]
    assert [Ratio.read(line) for line in lines] == [None] * 4


def test_a_claim_is_judged_as_it_is_printed() -> None:
    assert str(Ratio("plan", 2.51, 2.5)) == "ratio plan: 2.51 (at most 2.5): does not hold"
    assert str(Ratio("plan", 2.5, 2.5)) == "ratio plan: 2.50 (at most 2.5): holds"


def test_a_ratio_that_grew_by_more_than_a_tenth_is_told_and_no_other() -> None:
    now = {"plan": Measured(2.21), "help": Measured(1.54), "new": Measured(9)}
    assert list(history.regressions(release("0.2.0", plan=2.0, help=1.4, apply=0.7), now)) == [
        "plan is 2.21, 10% more than the 2.00 of 0.2.0",
        "apply is not measured any more; 0.2.0 had 0.70",
    ]


def test_a_release_is_kept_once_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    assert history.read(path) == ()
    first, second, again = release("0.1.0", plan=2.0), release("0.2.0", plan=1.9), release("0.1.0", plan=1.8)
    kept = history.with_release(history.with_release((first,), second), again)
    history.write(kept, path)
    assert history.read(path) == (again, second)


def test_the_picture_has_each_ratio_with_its_newest_value_and_its_claim() -> None:
    releases = (release("0.1.0", plan=2.0, help=1.4), release("0.2.0", plan=1.23, rules=3.0))
    words = set(re.findall(r">([^<>]+)</text>", history.drawn(releases)))
    assert {"plan", "1.23", "help", "1.40", "rules", "3.00", "at most 2", "0.1.0", "0.2.0"} <= words


def test_the_picture_of_the_docs_is_drawn_from_what_was_measured() -> None:
    releases = history.read()
    assert releases
    assert history.PICTURE.read_text(encoding="utf-8") == history.drawn(releases)


def test_every_script_that_prints_a_ratio_is_run() -> None:
    printing = {path.name for path in BENCHMARKS.glob("*.py") if "print(Ratio(" in path.read_text(encoding="utf-8")}
    scripts = {script for script, *_ in run.COMMANDS.values()}
    assert printing <= scripts
    assert all((BENCHMARKS / script).exists() for script in scripts)


SCRIPT = "print('a line'); print('ratio plan: 2.30 (at most 2.5): holds'); raise SystemExit({})"


@pytest.fixture
def measuring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Runs one benchmark, which prints a ratio and ends as it is told, after a release that had 2.00."""
    monkeypatch.setattr(history, "HISTORY", tmp_path / "history.json")
    monkeypatch.setattr(history, "PICTURE", tmp_path / "speed.svg")
    history.write((release("0.1.0", plan=2.0, help=1.4),))
    monkeypatch.setattr(run, "COMMANDS", {"plan": (str(tmp_path / "plan.py"),)})

    def measure(*options: str, ends: int = 0) -> int:
        (tmp_path / "plan.py").write_text(SCRIPT.format(ends), encoding="utf-8")
        monkeypatch.setattr(sys, "argv", ["run.py", *options])
        return run.main()

    return measure


def test_what_grew_is_a_warning_of_the_workflow(
    measuring: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert measuring() == 0
    warning = "::warning title=Slower than the last release::"
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "compared with 0.1.0 of 2026-07-01:",
        f"{warning}plan is 2.30, 15% more than the 2.00 of 0.1.0",
        f"{warning}help is not measured any more; 0.1.0 had 1.40",
    ]


def test_a_benchmark_that_fails_fails_whatever_its_ratio_is(
    measuring: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert measuring(ends=1) == 1
    assert "does not hold, or did not end: plan" in capsys.readouterr().out


def test_a_release_is_measured_kept_and_drawn(measuring: Callable[..., int]) -> None:
    assert measuring("--release", "0.2.0") == 0
    kept = history.read()
    assert [each.version for each in kept] == ["0.1.0", "0.2.0"]
    assert kept[1].ratios == {"plan": Measured(2.3, 2.5)}
    assert {"cores", "python", "duckdb"} <= kept[1].machine.keys()
    assert history.PICTURE.read_text(encoding="utf-8") == history.drawn(kept)
