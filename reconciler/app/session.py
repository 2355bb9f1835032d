"""A session with Keeptrusts: the real one, or the embedded one for a single command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.findings import FindingsError, UnauthorizedError
from reconciler.model.period import Period
from reconciler.settings import Settings
from reconciler.source.load import load

if TYPE_CHECKING:
    from reconciler.findings import Finding
    from reconciler.keeptrusts.connection import Connection
    from reconciler.model.desired import Desired


def load_desired(settings: Settings) -> tuple[Desired, tuple[Finding, ...]]:
    """Return what the YAML declares and its warnings; errors stop with every finding."""
    loaded = load(settings.budgets, since=Period.of(settings.as_of))
    if loaded.desired is None:
        raise FindingsError(loaded.findings)
    return loaded.desired, loaded.findings


@contextmanager
def connected(settings: Settings, desired: Desired, *, writing: bool = False) -> Iterator[Connection]:
    """Yield how to reach Keeptrusts; with `--sandbox` the embedded one runs until the end of the block."""
    from reconciler.keeptrusts.connection import Connection

    api = desired.organization.api
    if not settings.sandbox:
        yield Connection(
            base_url=settings.api_url,
            token=settings.require_token(),
            description_field=api.description_field,
            paths=api.paths,
            ledger_types=api.ledger_types,
            ledger_months_before=1,
        )
        return
    from reconciler.sandbox.server import running

    with running(scenario="acme", as_of=settings.as_of) as sandbox:
        if (theirs := sandbox.store.organization) != (ours := desired.organization.organization):
            raise UnauthorizedError(
                f"the sandbox holds the example's organization `{theirs}`, and the YAML is for `{ours}`",
                hint="leave `--sandbox` out and name a token of your organization; or look ahead from exports alone:"
                " `kt-budgets forecast --usage exports/`, and `whatif` and `recommend` alike",
            )
        token = sandbox.billing_token if writing else sandbox.read_token
        yield Connection(base_url=sandbox.url, token=token, ledger_months_before=1)
