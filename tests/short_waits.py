"""Reads that are repeated as often as ever, after waits of milliseconds: how long is what tests of channels ask.

Tests of commands meet servers that are down, and would wait for each as long as a user does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from httpx_retries import Retry


@pytest.fixture(scope="session", autouse=True)
def short_waits() -> Iterator[None]:
    """Import the channels late: a module that is imported before measuring begins would not be counted."""
    from reconciler.http import json_channel
    from reconciler.http.waits import read_retries
    from reconciler.keeptrusts import channel

    def soon(times: int, *, backoff: float, **options: Any) -> Retry:
        return read_retries(times, backoff=backoff / 500, **options)

    with pytest.MonkeyPatch.context() as repeating:
        repeating.setattr(json_channel, "read_retries", soon)
        repeating.setattr(channel, "read_retries", soon)
        yield
