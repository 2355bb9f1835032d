"""Fixtures that every test may use: golden files, and hypothesis profiles."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import forked_from
import in_memory
import kept as kept
import passed_over
import pytest
from example_export import example_export as example_export
from hypothesis import HealthCheck, settings
from measured import measure_cheaply
from thorough import OF_EVERYTHING, drawn

settings.register_profile(
    "ours",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    max_examples=drawn(500, sample=40),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ours")

os.environ["GIT_TEMPLATE_DIR"] = str(Path(__file__).parent / "git" / "template")
"""What new repositories begin with: no example of a hook, and no look after most commands whether to tidy up."""

os.environ["GIT_CONFIG_GLOBAL"] = str(Path(__file__).parent / "git" / "config")
os.environ["GIT_CONFIG_NOSYSTEM"] = "1"
"""What git is told of whoever runs the tests: the same everywhere, and as much of it as may disturb a program.

It asks nobody but loopback: where this checkout came from may be out of reach.
"""

GOLDEN = Path(__file__).parent / "golden"
_OF_A_RUN = (
    "GITHUB_EVENT_NAME",
    "GITHUB_BASE_REF",
    "GITHUB_OUTPUT",
    "GITHUB_STEP_SUMMARY",
    "CI_PIPELINE_SOURCE",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "KT_BUDGETS_FOLDER",
    "COLUMNS",
)

_LONGEST = (
    *("test_docs", "test_docs_questions", "test_every_crash_point", "test_every_rest", "test_apply_killed"),
    *("test_apply_over_http", "test_browser_comment", "test_browser_report", "test_cli_output", "test_outside_scope"),
    *("test_forge_at_once", "test_forge_doubts", "test_forge_forged_journal", "test_forge_gitlab_pipeline"),
    *("test_forge_install", "test_forge_merged_applied", "test_forge_month", "test_forge_months", "test_forge_story"),
    *("test_forge_one_workflow_story", "test_random_schedules", "test_usage_formats", "test_usage_rows"),
    *("test_usage_s3", "test_usage_store_same"),
)
"""Modules whose slow tests take longest together."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files, to be read as a diff")


def pytest_configure(config: pytest.Config) -> None:
    measure_cheaply(config)
    config.stash[OF_EVERYTHING] = config.args == config.getini("testpaths")
    _begin_elsewhere(config)
    if config.stash[OF_EVERYTHING] and config.getoption("numprocesses", None):
        forked_from.begin_for_all()


def _begin_elsewhere(config: pytest.Config) -> None:
    """Have each of several processes collect from another module on: what one has compiled, the others need not.

    None reads a module without a test that this run asks for.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or not config.stash[OF_EVERYTHING]:
        return
    number, count = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    every = sorted(Path(__file__).parent.rglob("test_*.py"))
    modules = list(map(str, passed_over.read(every, config.getoption("markexpr"))))
    place = len(modules) * number // count
    config.args = modules[place:] + modules[:place]


def pytest_sessionstart() -> None:
    """Search nothing for garbage until all tests are there: each search would go over more of what stays."""
    gc.disable()
    _forget_the_screen()


def _forget_the_screen() -> None:
    """Take the size of the screen out of what programs inherit that tests start, where readline alone has put it."""
    for name in {"COLUMNS", "LINES"} - os.environ.keys():
        os.unsetenv(name)


def pytest_sessionfinish(exitstatus: int) -> None:
    """Leave what tests wrote for who wants to know why one failed."""
    if exitstatus:
        in_memory.leave_files()


def pytest_collection_finish() -> None:
    """Begin to search for garbage in what comes from now on: what was imported and collected stays to the end.

    A search begins after 5,000 new objects, not 700: most tests are over by then, and leave little to look at.
    """
    gc.freeze()
    gc.set_threshold(5_000)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processors there are, one more for slow tests: they wait for processes, servers and clocks.

    Each more would read all tests once more, and in the gate what these leave is taken by other checks.
    """
    return (os.cpu_count() or 1) + (1 if config.getoption("markexpr") == passed_over.SLOW else 0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that take longest, so that no process is left alone with one of them at the end.

    Wherever each process began to collect, all have the tests in one order.
    """
    items.sort(key=lambda item: (item.path.stem not in _LONGEST, item.path))


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Have no test left out of the quick ones that the slow ones do not have."""
    passed_over.judge_left_out(items, items[0].config.getoption("markexpr") if items else "")


@pytest.fixture(autouse=True)
def _logging_of_a_new_process() -> Iterator[None]:
    """Undo what commands did to the loggers, those of wider fixtures too: each is meant for a process of its own."""
    _forget_logging()
    yield
    _forget_logging()


def _forget_logging() -> None:
    logger = logging.getLogger("reconciler")
    logger.handlers, logger.propagate = [], True
    logger.setLevel(logging.NOTSET)


@pytest.fixture(autouse=True)
def _in_no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this run of CI says, if it is one: a plan would be about what started it."""
    for name in _OF_A_RUN:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a check that a text equals the golden file of a name; `--update-golden` rewrites the file."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{path} is missing; run pytest with --update-golden and read the diff"
        assert path.read_text(encoding="utf-8") == text

    return check
