"""What every use case is told, and its session with Keeptrusts: the real one, or the embedded one for a command."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import replace
from datetime import date
from itertools import count
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.app.journal_place import journal_of
from reconciler.app.listening import say
from reconciler.findings import Finding, FindingsError, UnauthorizedError
from reconciler.model.period import Period
from reconciler.redaction import hide_environment
from reconciler.report.wording import counted
from reconciler.settings import Settings, environment, resolve
from reconciler.source.load import load
from reconciler.source.tree_documents import Meanwhile

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection, OnLimit
    from reconciler.model.desired import Desired
    from reconciler.model.organization import ApiSettings


def load_desired(settings: Settings, *, meanwhile: Meanwhile | None = None) -> tuple[Desired, tuple[Finding, ...]]:
    """Return what the YAML declares and its warnings; errors stop with every finding.

    `meanwhile` is called where other processors have begun to read a large folder, with what org.yaml says.
    """
    loaded = load(settings.budgets, since=Period.of(settings.as_of), today=settings.as_of, meanwhile=meanwhile)
    if loaded.desired is None:
        raise FindingsError(loaded.findings, budgets=str(settings.budgets))
    return loaded.desired, loaded.findings


@contextmanager
def connected(settings: Settings, desired: Desired | None, *, writing: bool = False) -> Iterator[Connection]:
    """Yield how to reach Keeptrusts; with `--sandbox` the embedded one runs until the end of the block.

    Without YAML yet, nothing is known of the deployment, and the token alone says which organization it is.
    """
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.organization import ApiSettings

    if not settings.sandbox:
        api = desired.organization.api if desired else ApiSettings()
        yield replace(connection_to(api, settings.api_url, settings.require_token()), on_limit=_once_told())
        return
    from reconciler.sandbox.server import running

    with running(scenario="acme", as_of=settings.as_of) as sandbox:
        theirs = sandbox.store.organization
        ours = desired.organization.organization if desired else theirs
        if theirs != ours:
            raise UnauthorizedError(
                f"the sandbox holds the example's organization `{theirs}`, and the YAML is for `{ours}`",
                hint="leave `--sandbox` out and name a token of your organization; or look ahead from exports alone:"
                " `kt-budgets forecast --usage exports/`, and `whatif` and `recommend` alike",
            )
        token = sandbox.billing_token if writing else sandbox.read_token
        yield Connection(base_url=sandbox.url, token=token, ledger_months_before=1)


def _once_told() -> OnLimit:
    """Return what tells whoever listens now, once, that Keeptrusts limits how often it is asked."""
    context, turns = copy_context(), count()

    def told(seconds: float | None) -> None:
        if next(turns) == 0:
            at_first = "" if not seconds else f", {counted(ceil(seconds), 'second')} at first,"
            sentence = f"Keeptrusts limits how often it is asked: this command waits{at_first} and goes on by itself"
            context.run(say, sentence, "`-v` shows each wait")

    return told


def connection_to(api: ApiSettings, base_url: str, token: str) -> Connection:
    """Return how a Keeptrusts at an address is reached, whose ways the YAML tells."""
    from reconciler.keeptrusts.connection import LARGER_PAGES, Connection

    return Connection(
        base_url=base_url,
        token=token,
        description_field=api.description_field,
        paths=api.paths,
        ledger_types=api.ledger_types,
        page_limit=api.page_size,
        larger_pages=api.page_size if "page_size" in api.model_fields_set else LARGER_PAGES,
        ledger_months_before=1,
    )


def settings(
    budgets: Path | str = "budgets",
    *,
    api_url: str | None = None,
    token_file: Path | None = None,
    as_of: date | None = None,
    period: Period | None = None,
    usage: Sequence[str] = (),
    sandbox: bool = False,
    journal: str | None = None,
    usage_store: str | None = None,
) -> Settings:
    """Return the settings for the budgets in a folder; what is not given comes from the environment, as for commands.

    `as_of` is the first day not known in full (UTC; default today), `period` the month (default that of `as_of`),
    `usage` names export files, folders or globs. With `sandbox` the embedded Keeptrusts runs while it is used, and
    its runs are recorded nowhere else. `journal` is `file:PATH` or `git:REMOTE`; default what org.yaml says.
    `usage_store` is a folder or a URL where what is read of exports is kept.

    Raises:
        UsageError: the token's file cannot be read.
        RefusedError: `journal` contradicts org.yaml, or would be a second journal of the organization.
        FindingsError: what org.yaml says about the journal is an error.
    """
    hide_environment(environment())
    folder = Path(budgets)
    passing = f"file:{Path(tempfile.gettempdir()) / f'kt-budgets-{secrets.token_hex(8)}'}/journal"
    place, root = journal_of(folder, journal, sandbox=sandbox, alone=True, passing=passing)
    return resolve(
        budgets=folder,
        api_url=api_url,
        token_file=token_file,
        as_of=as_of,
        period=period,
        usage=tuple(usage),
        sandbox=sandbox,
        journal=place,
        root=root,
        usage_store=usage_store,
    )
