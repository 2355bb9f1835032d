"""The browser, for the tests of this folder, and a real plan to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from browser.acme import acme_plan
from browser.chromium import AXE, MERMAID, MISSING, MISSING_AXE, MISSING_MERMAID, chromium, found
from playwright.sync_api import Browser
from report.declared_plans import STORIES as DECLARED
from report.report_plans import STORIES

from reconciler.model.plan import Plan


def missing(message: str) -> None:
    """Skip a test for want of a tool; where the gate runs, fail it."""
    (pytest.fail if os.environ.get("KT_BUDGETS_GATE") else pytest.skip)(message)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a running Chromium. It ends with its module: while it runs, no test may start an event loop."""
    executable = found()
    if executable is None:
        missing(MISSING)
    with chromium(str(executable)) as running:
        yield running


@pytest.fixture(scope="session")
def mermaid() -> None:
    """Require what draws diagrams."""
    if not MERMAID.is_file():
        missing(MISSING_MERMAID)


@pytest.fixture(scope="session")
def axe() -> str:
    """Return the script that finds what hinders people who see, hear or move otherwise."""
    if not AXE.is_file():
        missing(MISSING_AXE)
    return AXE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def shown_plans(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plan]:
    """Return the plans of the reports' tests, and `acme`, which the command makes of budgets/."""
    stories = {**STORIES, **DECLARED}
    return {name: story() for name, story in stories.items()} | {"acme": acme_plan(tmp_path_factory.mktemp("acme"))}
