"""Audit: the trail of every run, and whether the journal is whole and the ledger agrees with it."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.app.journal_place import refuse_nowhere
from reconciler.app.session import connected, load_desired
from reconciler.findings import FindingsError
from reconciler.journal.audit import audit_document, audited_wallets, ledger_problems, strangers
from reconciler.journal.history import history_of
from reconciler.journal.journal import read_records, torn_sentence
from reconciler.journal.record import Record
from reconciler.journal.standing import require_read
from reconciler.redaction import without_secrets
from reconciler.report.audit_text import AuditPage
from reconciler.settings import Settings
from reconciler.source.load import load


def audit(settings: Settings, *, verify: bool = False) -> AuditPage:
    """Return the trail; with `verify`, and a token or the sandbox, compared with the ledger, operation by operation.

    Where a month was asked for, its runs alone are told; the whole journal is checked.

    Raises:
        UsageError: the file that was named as the journal is not there.
        FindingsError: there is neither a journal nor the folder that it would be of.
        RefusedError: a record was edited, removed or reordered; its number is named.
        RemoteError: the journal or the ledger cannot be read whole.
    """
    refuse_nowhere(settings)
    records = read_records(settings.journal, folder=settings.root)
    if not (records or settings.budgets.is_dir()):
        raise FindingsError(load(settings.budgets).findings, budgets=str(settings.budgets))
    checked = verify and bool(settings.token or settings.sandbox)
    problems, notes = _against_ledger(settings, records) if checked else (None, [])
    torn = torn_sentence(settings.journal, folder=settings.root)
    notes = [*notes, *([f"{torn}; `kt-budgets resume` drops it"] if torn else [])]
    trail = audit_document(without_secrets(settings.journal), records, problems, notes)
    if settings.month:
        trail = trail.model_copy(update={"runs": tuple(run for run in trail.runs if run.period == str(settings.month))})
    return AuditPage(trail, torn, verified=verify)


def _against_ledger(settings: Settings, records: Sequence[Record]) -> tuple[list[str], list[str]]:
    from reconciler.keeptrusts.reader import Reader

    history = history_of(records)
    wallets, since = audited_wallets(history)
    if since is None:
        return [], []
    desired, _ = load_desired(settings)
    with connected(settings, desired) as connection, Reader(connection) as reader:
        live = reader.live(organization=records[0].organization, wallets=wallets, period=since)
    require_read(live.wallets)
    return list(ledger_problems(history, live.wallets, since)), list(strangers(history, live.wallets))
