"""Sandboxes for tests: the example organization is made once and branched for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import httpx
import pytest
from in_process import InProcess
from loopback import client_of

from reconciler.sandbox.scenario import seed
from reconciler.sandbox.server import running
from reconciler.sandbox.store import Store

AS_OF = date(2026, 6, 18)


@pytest.fixture(scope="session")
def seeded_acme() -> Iterator[Store]:
    with Store(as_of=AS_OF) as store:
        seed(store, "acme")
        yield store


@pytest.fixture
def acme(seeded_acme: Store) -> Iterator[Store]:
    """The example organization, a fresh copy."""
    with seeded_acme.clone() as store:
        yield store


@pytest.fixture
def empty() -> Iterator[Store]:
    """An organization with two teams and USD 1,000.00 in the pool."""
    with Store(as_of=AS_OF) as store:
        store.teams.create("Support")
        store.teams.create("Finance")
        store.wallets.credit(1000 * 10**6, description="opening balance")
        yield store


Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a store over real HTTP and return a client with the billing token; all of it ends with the test."""
    with ExitStack() as stack:

        def start(store: Store, *, timeout: float = 5.0, token: str | None = None, **options: Any) -> httpx.Client:
            sandbox = stack.enter_context(running(store=store, billing_token="billing", read_token="read", **options))
            return stack.enter_context(client_of(sandbox.url, token or sandbox.billing_token, timeout=timeout))

        yield start


@pytest.fixture
def direct() -> Iterator[Serve]:
    """Return a client that runs a store without a socket."""
    with ExitStack() as stack:

        def start(store: Store, *, token: str | None = None, **options: Any) -> httpx.Client:
            return stack.enter_context(stack.enter_context(InProcess(store, **options)).client(token=token))

        yield start
