"""Take the probes of SlipCover out between tests, where coverage is measured.

SlipCover looks through all functions of all modules for probes to take out as soon as a line was met 50 times: that is
hundreds of times in a process, each time for a few lines. Here it looks after 1, 2, 4, 8, ... tests, and amid one only
for a line whose probe took longer than the look. From Python 3.12 on there are no probes.

Modules that nobody imported are read for what could have been met. Each process that runs tests does it, so the one
that hands them out need not: it imports nothing, and would read all.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import Any

import pytest

OFTEN = 10_000
"""Visits of a line after which its probe has taken about as long as a look through all functions."""


class Probes:
    """The probes of this process, as a plugin of pytest."""

    def __init__(self, measuring: Any) -> None:
        self.measuring = measuring
        self.tests = count(1)
        measuring.d_miss_threshold = OFTEN

    def pytest_runtest_logfinish(self) -> None:
        if (number := next(self.tests)) & (number - 1) == 0:
            self.measuring.deinstrument_seen()


def measure_cheaply(config: pytest.Config) -> None:
    """Register the plugin where probes are written, and read no module only to count its lines where no test runs."""
    for measuring in filter(None, (getattr(finder, "sci", None) for finder in sys.meta_path)):
        if hasattr(measuring, "deinstrument_seen"):
            config.pluginmanager.register(Probes(measuring))
        if config.getoption("numprocesses", None):
            measuring.source = None
