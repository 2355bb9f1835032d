"""Settings: flags and environment, frozen once. The only reader of the environment."""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.findings import UnauthorizedError, UsageError
from reconciler.redaction import hide

if TYPE_CHECKING:
    from reconciler.model.period import Period

DEFAULT_API_URL = "https://api.keeptrusts.com"
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "KEEPTRUSTS_API_TOKEN": "The token for Keeptrusts; or a file with it, `--token-file`. Never an argument.",
        "KEEPTRUSTS_API_URL": f"Where Keeptrusts is; `--api-url`. Without it {DEFAULT_API_URL}.",
        "KT_BUDGETS_FOLDER": "The folder with org.yaml and teams/; `--budgets`. Without it `budgets`.",
        "KT_BUDGETS_JOURNAL": "Where runs are recorded, file:PATH or git:REMOTE, where org.yaml does not say it;"
        " `--journal`.",
        "KT_BUDGETS_USAGE_STORE": "Where what is read of exports is kept, a folder or a URL; `--usage-store`.",
        "KT_BUDGETS_ACTOR": "Who acts, for the record of a run; without it whom CI names, or the user.",
        "KT_BUDGETS_REASON": "Why a run was started, for its record.",
        "KT_BUDGETS_APPROVED_BY": "Who approved what a run applies, for its record.",
        "KT_BUDGETS_RUN_URL": "The page of the run, for its record; without it what CI says.",
        "KT_BUDGETS_COMMIT": "The commit that a run is about, for its record; without it what CI says.",
        "KT_BUDGETS_PULL_REQUEST": "The number of the pull request that a run is about; without it what CI says.",
        "KT_BUDGETS_TARGET": "The branch that a pull request is planned into, where the checkout is its test merge.",
        "KT_BUDGETS_WORKFLOW": "Who calls the one workflow with all jobs, as CI names it; set by that workflow.",
        "KT_BUDGETS_MEMBERS_TOKEN": "A token of GitHub that may read members of teams, where GITHUB_TOKEN may not.",
        "KT_BUDGETS_GITHUB_LOGIN": "Whom GITHUB_TOKEN writes as, where GitHub does not tell.",
        "KT_BUDGETS_GITLAB_BOT": "The user whose statuses count as recorded plans on GitLab.",
        "KT_BUDGETS_TASK": "What a pipeline of GitLab that is started by hand is to do.",
        "GITHUB_TOKEN": "The token for GitHub.",
        "GITHUB_API_URL": "Where GitHub's API is; without it https://api.github.com.",
        "GITHUB_SERVER_URL": "Where GitHub's pages are; without it https://github.com.",
        "GITHUB_REPOSITORY": "The repository, OWNER/NAME; `--repo`.",
        "GITLAB_TOKEN": "The token for GitLab.",
        "CI_API_V4_URL": "Where GitLab's API is.",
        "CI_PROJECT_PATH": "The project on GitLab; `--repo`.",
        "NO_COLOR": "Set to anything, text has no colours.",
        "COLUMNS": "How wide text is, where that is no terminal.",
        "SSL_CERT_FILE": "A file with the certificates that are believed.",
        "SSL_CERT_DIR": "A folder with the certificates that are believed.",
        "REQUESTS_CA_BUNDLE": "As SSL_CERT_FILE, as some companies set it; so are CURL_CA_BUNDLE and AWS_CA_BUNDLE.",
        "HTTPS_PROXY": "The proxy for https; so are HTTP_PROXY, ALL_PROXY, and NO_PROXY for what goes without.",
        "_KT_BUDGETS_COMPLETE": "Prints what completes commands in a shell: bash_source, zsh_source or fish_source.",
    }
)
"""What people set, and what it is. What CI says of a run besides, it sets itself (GITHUB_*, CI_*)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every network command shares. `token` never appears in a representation.

    `usage_store` is the folder or the URL where what was read of exports is kept, None where nothing is.
    `rehearsed` says that `as_of` was asked for, else it is today; `month` is `period` where that was. `journal` is seen
    from `root`, the repository of the budgets.
    """

    budgets: Path
    api_url: str
    as_of: date
    period: Period
    usage: tuple[str, ...] = ()
    sandbox: bool = False
    journal: str = "file:.kt-budgets/journal"
    root: Path = Path()
    token: str | None = field(default=None, repr=False)
    rehearsed: bool = False
    month: Period | None = None
    usage_store: str | None = None
    engine: str = "duckdb"

    def asked_month(self) -> Period | None:
        """Return the month that was asked for. Raises UsageError where no day of it is over."""
        if self.month and self.month.first >= self.as_of:
            last = f"{self.as_of - timedelta(days=1):%Y-%m}"
            raise UsageError(
                f"{self.month} is still to come on {self.as_of}, so nothing was spent in it",
                hint=f"name a month until {last}, or another day with `--as-of`",
            )
        return self.month

    def refuse_month(self) -> None:
        """Raise UsageError where another month was asked for than that of `as_of`: some commands have no other."""
        if self.month and self.as_of not in self.month:
            raise UsageError(
                f"this command goes by the day, {self.as_of}, and not by a month such as {self.month}",
                hint="leave `--period` out; `--as-of` names another day",
            )

    def require_token(self) -> str:
        if not self.token:
            raise UnauthorizedError(
                "no Keeptrusts token was given; nothing was read",
                hint="set KEEPTRUSTS_API_TOKEN, or name a file with `--token-file`, or try it with `--sandbox`",
            )
        return self.token


_overlay: ContextVar[Mapping[str, str]] = ContextVar("overlay", default=MappingProxyType({}))


def environment() -> Mapping[str, str]:
    """Return the process's environment, under what `overlaid` lays over it."""
    return ChainMap(dict(_overlay.get()), os.environ)


@contextmanager
def overlaid(**variables: str) -> Iterator[None]:
    """Lay `variables` over the environment until the end of the block, for this process's settings alone."""
    token = _overlay.set({**_overlay.get(), **variables})
    try:
        yield
    finally:
        _overlay.reset(token)


def today() -> date:
    """Return the present UTC day: the default of `--as-of`."""
    return datetime.now(UTC).date()


def read_token(token_file: Path | None) -> str | None:
    """Return the token from `token_file`, else from KEEPTRUSTS_API_TOKEN. It is never taken from the command line."""
    if token_file is None:
        return environment().get("KEEPTRUSTS_API_TOKEN", "").strip() or None
    if not os.path.lexists(token_file):
        hide(str(token_file))
        raise UsageError(
            "there is no file where `--token-file` points; its value is not repeated here, in case it is a token",
            hint="name a file that holds the token alone, or set KEEPTRUSTS_API_TOKEN to the token itself",
        )
    try:
        token = token_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"the token file {token_file} cannot be read ({error.__class__.__name__})",
            hint="name a readable text file that holds the token alone",
        ) from None
    hide(token)
    if not token or any(character.isspace() for character in token) or not token.isascii():
        raise UsageError(
            f"the token file {token_file} does not hold a token", hint="it must hold the token alone, on one line"
        )
    return token


_NAME_USAGE = "name them with `--usage`, or leave `--engine` out"
_NAME_ONE = "leave out `--usage-store` (or $KT_BUDGETS_USAGE_STORE), or `--engine`"


def resolve(
    *,
    budgets: Path,
    api_url: str | None,
    token_file: Path | None,
    as_of: date | None,
    period: Period | None,
    usage: tuple[str, ...] = (),
    sandbox: bool = False,
    journal: str | None = None,
    root: Path = Path(),
    usage_store: str | None = None,
    engine: str | None = None,
) -> Settings:
    from reconciler.model.period import Period

    day = as_of or today()
    variables = environment()
    store = usage_store or variables.get("KT_BUDGETS_USAGE_STORE") or None
    if engine and not usage:
        raise UsageError("`--engine` says what reads the files of `--usage`, and none is named", hint=_NAME_USAGE)
    if engine not in (None, "duckdb") and store:
        raise UsageError("a usage store keeps what DuckDB reads, and `--engine` names another", hint=_NAME_ONE)
    return Settings(
        budgets=budgets,
        api_url=api_url or variables.get("KEEPTRUSTS_API_URL") or DEFAULT_API_URL,
        as_of=day,
        period=period or Period.of(day),
        usage=usage,
        sandbox=sandbox,
        journal=journal or variables.get("KT_BUDGETS_JOURNAL") or "file:.kt-budgets/journal",
        root=root,
        token=None if sandbox else read_token(token_file),
        rehearsed=as_of is not None,
        month=period,
        usage_store=store,
        engine=engine or "duckdb",
    )
