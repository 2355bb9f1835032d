"""What every use case is told: where the budgets, Keeptrusts and the journal are, and which day it is."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from reconciler.app.journal_place import journal_of
from reconciler.model.period import Period
from reconciler.redaction import hide_environment
from reconciler.settings import Settings, environment, resolve


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
) -> Settings:
    """Return the settings for the budgets in a folder; what is not given comes from the environment, as for commands.

    `as_of` is the first day not known in full (UTC; default today), `period` the month (default that of `as_of`),
    `usage` names export files, folders or globs. With `sandbox` the embedded Keeptrusts runs while it is used, and
    its runs are recorded nowhere else. `journal` is `file:PATH` or `git:REMOTE`; default what org.yaml says.

    Raises:
        UsageError: the token's file cannot be read.
        RefusedError: `journal` contradicts org.yaml, or would be a second journal of the organization.
        FindingsError: what org.yaml says about the journal is an error.
    """
    hide_environment(environment())
    folder = Path(budgets)
    passing = f"file:{Path(tempfile.gettempdir()) / f'kt-budgets-{secrets.token_hex(8)}'}/journal"
    place, root = journal_of(folder, journal, sandbox=sandbox, passing=passing)
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
    )
