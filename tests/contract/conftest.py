"""Where the contract tests run: a deployment named by the environment, else the sandbox.

`KEEPTRUSTS_CONTRACT_URL` and `KEEPTRUSTS_CONTRACT_TOKEN` name a deployment; `KEEPTRUSTS_CONTRACT_WRITES=1` allows the
tests that write there: they make a team of their own, move a few cents and take them back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import httpx
import pytest

URL = os.environ.get("KEEPTRUSTS_CONTRACT_URL")


@pytest.fixture(scope="session")
def api() -> Iterator[httpx.Client]:
    """A plain client of the deployment under test. It follows no redirect by itself."""
    with ExitStack() as stack:
        url, token = URL, os.environ.get("KEEPTRUSTS_CONTRACT_TOKEN", "")
        if url is None:
            from reconciler.sandbox.server import running

            sandbox = stack.enter_context(running(scenario="acme", as_of=date(2026, 6, 18)))
            url, token = sandbox.url, sandbox.billing_token
        headers = {"Authorization": f"Bearer {token}"}
        yield stack.enter_context(httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=URL is not None))


@pytest.fixture(scope="session")
def writable(api: httpx.Client) -> httpx.Client:
    """The same client where writing is allowed; other deployments skip."""
    if URL is not None and os.environ.get("KEEPTRUSTS_CONTRACT_WRITES") != "1":
        pytest.skip("set KEEPTRUSTS_CONTRACT_WRITES=1 to let these tests write")
    return api
