"""What people read, as golden files: read their diffs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.report.markdown import markdown
from reconciler.report.site.html import html
from reconciler.report.summary import summarise
from reconciler.report.text import text

STORIES = [
    "one-wallet",
    "two-changes",
    "nothing",
    "refused",
    "first-plan",
    "twelve-wallets",
    "pool-insufficient",
    "hostile",
]


@pytest.mark.parametrize("story", STORIES)
def test_the_comment_reads_as_in_its_golden_file(story: str, plans: Any, golden: Callable[[str, str], None]) -> None:
    golden(f"report/{story}.md", markdown(summarise(plans.STORIES[story]())))


@pytest.mark.parametrize("width", [120, 80])
@pytest.mark.parametrize("story", STORIES)
def test_the_terminal_reads_as_in_its_golden_file(
    story: str, width: int, plans: Any, golden: Callable[[str, str], None]
) -> None:
    golden(f"report/{story}-{width}.txt", text(summarise(plans.STORIES[story]()), width=width, colour=False))


@pytest.mark.parametrize("story", ["one-wallet", "refused"])
def test_the_full_report_reads_as_in_its_golden_file(
    story: str, plans: Any, golden: Callable[[str, str], None]
) -> None:
    golden(f"report/{story}.html", html(plan := plans.STORIES[story](), summarise(plan)))
