"""Audit: the trail of every run, and whether the journal is whole and the ledger agrees with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.app.session import connected, load_desired
from reconciler.journal.audit import audit_document, audit_text, audited_wallets, ledger_problems, strangers
from reconciler.journal.history import history_of
from reconciler.journal.journal import read_records, torn_sentence
from reconciler.journal.standing import require_read
from reconciler.model.json_text import json_text
from reconciler.redaction import without_secrets

if TYPE_CHECKING:
    from reconciler.journal.record import Record
    from reconciler.settings import Settings

_WHOLE = "\nEvery record is whole and in order"


@dataclass(frozen=True, slots=True)
class Audited:
    """The records of `journal`, and what was found: `problems` are None where the ledger was not asked.

    `torn` says that the last line is not whole; `notes` are what is worth knowing and no problem.
    """

    journal: str
    records: Sequence[Record]
    problems: Sequence[str] | None
    notes: Sequence[str]
    torn: str
    verified: bool

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong: neither with the ledger nor, where that was asked, with the last record."""
        return not (self.problems or (self.verified and self.torn))

    def rendered(self, format_: str) -> str:
        """Return it as `text` or `json` (kt-budgets.audit/1)."""
        if format_ == "json":
            return json_text(audit_document(self.journal, self.records, self.problems, self.notes))
        verdict = _verdict(self.problems, self.notes, self.torn) if self.verified else ""
        return audit_text(self.journal, self.records) + verdict


def audit(settings: Settings, *, verify: bool = False) -> Audited:
    """Return the trail; with `verify`, and a token or the sandbox, compared with the ledger, operation by operation.

    Raises:
        RefusedError: a record was edited, removed or reordered; its number is named.
        RemoteError: the journal or the ledger cannot be read whole.
    """
    records = read_records(settings.journal, folder=settings.root)
    checked = verify and bool(settings.token or settings.sandbox)
    problems, notes = _against_ledger(settings, records) if checked else (None, [])
    torn = torn_sentence(settings.journal, folder=settings.root)
    notes = [*notes, *([f"{torn}; `kt-budgets resume` drops it"] if torn else [])]
    return Audited(without_secrets(settings.journal), records, problems, notes, torn, verify)


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


def _verdict(problems: Sequence[str] | None, notes: Sequence[str], torn: str) -> str:
    whole = f"\nEvery record before the last line is whole and in order; {torn}" if torn else _WHOLE
    listed = "".join(f"  {line}\n" for line in [*(problems or ()), *(f"note: {note}" for note in notes)])
    if problems is None:
        return f"{whole}. The ledger was not checked: no token was given.\n{listed}"
    return f"{whole}, and the ledger {'disagrees' if problems else 'agrees'}.\n{listed}"
