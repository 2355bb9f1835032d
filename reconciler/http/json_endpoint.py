"""Where a forge's API is, and how patient a client of it is."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from reconciler.http.endpoint import Endpoint

GRAPHQL = "/graphql"
"""The route of questions in GraphQL."""

_VERSION = re.compile(r"/v[0-9]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonEndpoint(Endpoint):
    """Settings of one API. Times are in seconds.

    `patience` is how long one request may wait for rate limits in all; `retries` counts repetitions of a GET after a
    5xx or a lost connection. A token is only sent over https, or over http to this machine.
    """

    api_url: str
    token: str = field(repr=False)
    timeout: float = 30.0
    patience: float = 300.0
    retries: int = 4
    backoff: float = 0.5
    page_size: int = 100
    max_pages: int = 1_000

    def __post_init__(self) -> None:
        object.__setattr__(self, "api_url", self.api_url.strip().rstrip("/"))
        object.__setattr__(self, "token", self.token.strip())

    @property
    def address(self) -> str:
        return self.api_url

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.token,)

    @property
    def queries(self) -> httpx.URL:
        """Where questions in GraphQL are answered: beside the versions of the API, or below an address without one."""
        return httpx.URL(_VERSION.sub("", self.address) + GRAPHQL)

    def route(self, url: httpx.URL) -> str:
        """Return the path of `url` below the API, still escaped: an API may be anywhere on its host.

        Every decision by what a request is about is by this, never by the path of its URL.
        """
        path, root = (each.raw_path.partition(b"?")[0].decode("ascii") for each in (url, httpx.URL(self.address)))
        if path == self.queries.raw_path.decode("ascii"):
            return GRAPHQL
        root = root.rstrip("/")
        return path.removeprefix(root) if path.startswith(f"{root}/") else path

    @property
    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """The headers of every request, the secret included."""
