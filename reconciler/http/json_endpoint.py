"""Where a forge's API is, and how patient a client of it is."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.http.endpoint import Endpoint


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
    @abstractmethod
    def headers(self) -> Mapping[str, str]:
        """The headers of every request, the secret included."""
