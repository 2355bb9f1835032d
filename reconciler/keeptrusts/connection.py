"""How to reach one Keeptrusts: address, token, patience. Frozen, and safe to show: the token never appears."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import httpx
from pydantic import SecretStr

from reconciler.findings import UnauthorizedError, UsageError
from reconciler.http.endpoint import USER_AGENT, Endpoint, is_token
from reconciler.http.waits import asked_wait
from reconciler.model.kinds.managed_kind import ManagedKind, V
from reconciler.model.kinds.registry import kinds

LARGER_PAGES = 1_000
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


OnLimit = Callable[[float | None], None]
"""Takes how many seconds are waited because Keeptrusts asks for it, None where it does not say how many."""


def _unheard(seconds: float | None, /) -> None:
    del seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection(Endpoint):
    """Settings of one Keeptrusts. Times are in seconds.

    `total_timeout` bounds one read with all its retries; `retries` counts repetitions of a GET after the first try,
    with waits that double from `backoff` and are never above `longest_wait`, Retry-After included. `concurrency` bounds
    the reads under way at a time. A listing is asked for by `page_limit` objects, and one that is longer by
    `larger_pages` where the server gives more at a time. A token is only sent over https, or over http to this machine
    unless `allow_plain_http`. `ledger_months_before` is how many months before a period its ledger is read from: 1 also
    finds money that was moved, and marked, for a period before it began. `ledger_types` says what this deployment's own
    words for types of transactions mean. `paths` are those of objects by their section, where they are not the usual
    ones. `on_limit` is told of every read that is put off because too much is asked at a time, from whichever thread.
    """

    base_url: str
    token: str | SecretStr
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    total_timeout: float = 60.0
    concurrency: int = 8
    page_limit: int = 200
    larger_pages: int = LARGER_PAGES
    max_pages: int = 1_000
    max_body_bytes: int = 64 * 1024 * 1024
    retries: int = 4
    backoff: float = 0.2
    longest_wait: float = 30.0
    description_field: Literal["description", "note"] = "description"
    paths: Mapping[str, str] = field(default_factory=dict)
    allow_plain_http: bool = False
    ledger_months_before: int = 0
    ledger_types: Mapping[str, str] = field(default_factory=dict)
    on_limit: OnLimit = field(default=_unheard, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", self.base_url.strip().rstrip("/"))
        object.__setattr__(self, "token", SecretStr(_secret(self.token).strip()))
        _check_token(_secret(self.token))
        self.check_address(
            "Keeptrusts",
            setting="--api-url or KEEPTRUSTS_API_URL",
            example="https://api.keeptrusts.com",
            plain_http=self.allow_plain_http,
        )
        for kind in kinds():
            self._check_path(kind)

    @property
    def address(self) -> str:
        return self.base_url

    @property
    def secrets(self) -> tuple[str, ...]:
        return (_secret(self.token),)

    @property
    def timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self.read_timeout, connect=self.connect_timeout, pool=None)

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": "application/json", **USER_AGENT}

    @property
    def authorization(self) -> dict[str, str]:
        """The header that carries the token. Only for `origin`."""
        return {"Authorization": f"Bearer {_secret(self.token)}"}

    def path_of(self, kind: ManagedKind[V]) -> str:
        return self.paths.get(kind.section, kind.path).rstrip("/")

    def url(self, path: str) -> str:
        return f"{self.base_url}{path}"

    def put_off(self, headers: httpx.Headers) -> None:
        """Tell `on_limit` of an answer that asks to come again later."""
        asked = asked_wait(headers)
        self.on_limit(None if asked is None else min(asked, self.longest_wait))

    def _check_path(self, kind: ManagedKind[V]) -> None:
        path = self.path_of(kind)
        if _PATH.fullmatch(path) is None or path.startswith("/v1/wallets"):
            raise UsageError(
                f"`{path}` cannot be the path of the {kind.nouns}",
                hint=f"set `api.{kind.section}_path` in org.yaml to a path such as {kind.path}",
            )


def _secret(token: str | SecretStr) -> str:
    return token if isinstance(token, str) else token.get_secret_value()


def _check_token(token: str) -> None:
    if not token:
        raise UnauthorizedError(
            "no Keeptrusts token was given; nothing was sent", hint="set KEEPTRUSTS_API_TOKEN or name a --token-file"
        )
    if not is_token(token):
        raise UnauthorizedError(
            "the Keeptrusts token holds a space or a character that no token has; nothing was sent",
            hint="KEEPTRUSTS_API_TOKEN or the --token-file must hold the token alone, on one line",
        )
