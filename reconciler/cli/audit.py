"""`kt-budgets audit`: print and verify the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    write_result,
)
from reconciler.findings import ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.journal.record import Record
    from reconciler.settings import Settings


@click.command(epilog="Example: kt-budgets audit --verify --format json")
@network_options
@journal_option
@click.option("--verify", is_flag=True, help="Check every record, and the ledger where a token is given.")
@format_option("text", "json")
@output_option
@click.pass_context
def command(context: click.Context, /, *, verify: bool, format_: str, output: Path | None, **options: Any) -> None:
    """Print and verify the trail: who moved what, why, with which ledger ids.

    Reading the journal always checks its chain: an edited, removed or reordered record stops with its number. With
    --verify, each operation is also looked up in the ledger; exit 11 when they disagree.
    """
    import json

    from reconciler.journal.audit import audit_document, audit_text
    from reconciler.journal.journal import read_records, torn_sentence
    from reconciler.redaction import without_secrets

    settings = settings_of(options)
    records = read_records(settings.journal, folder=settings.root)
    shown = without_secrets(settings.journal)
    checked = verify and bool(settings.token or settings.sandbox)
    problems, notes = _against_ledger(settings, records) if checked else (None, [])
    torn = torn_sentence(settings.journal, folder=settings.root)
    notes = [*notes, *([f"{torn}; `kt-budgets resume` drops it"] if torn else [])]
    if format_ == "json":
        document = audit_document(shown, records, problems, notes)
        write_result(json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False) + "\n", output)
    else:
        write_result(audit_text(shown, records) + (_verdict(problems, notes, torn) if verify else ""), output)
    if problems or (verify and torn):
        context.exit(ExitCode.DRIFT)


_WHOLE = "\nEvery record is whole and in order"


def _against_ledger(settings: Settings, records: Sequence[Record]) -> tuple[list[str], list[str]]:
    from reconciler.cli.session import connected, load_desired
    from reconciler.journal.audit import audited_wallets, ledger_problems, strangers
    from reconciler.journal.history import history_of
    from reconciler.journal.standing import require_read
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
