"""An import writes what is there, proves that nothing would move, and touches nothing that a person wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from in_process import InProcess
from organizations import DAY, JUNE, Made, made_up
from thorough import drawn

from reconciler.app.importing.reading import existing
from reconciler.app.importing.run import Imported, ImportRequest, import_through
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reader import Reader
from reconciler.settings import Settings
from reconciler.source.load import load


@contextmanager
def organization(seed: int) -> Iterator[tuple[Made, Reader]]:
    made = made_up(seed)
    with made.store, InProcess(made.store) as served:
        connection = Connection(base_url=served.url, token=served.read_token, ledger_months_before=1)
        with Reader(connection, transport=served) as reader:
            yield made, reader
        assert made.store.received == []


def settings(folder: Path) -> Settings:
    budgets = folder / "budgets"
    return Settings(budgets, "", DAY, JUNE, journal=f"file:{folder / 'journal'}", root=folder)


def imported(reader: Reader, folder: Path, wanted: ImportRequest | None = None) -> Imported:
    given = settings(folder)
    return import_through(reader, given, existing(given.budgets), wanted or ImportRequest())


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in (folder / "budgets").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("seed", range(drawn(500, sample=20)))
def test_the_plan_of_what_was_imported_is_empty_and_a_second_import_changes_no_byte(seed: int, tmp_path: Path) -> None:
    with organization(seed) as (made, reader):
        first = imported(reader, tmp_path)
        assert first.page.proof.differences == ()
        written = contents(tmp_path)
        assert [flaw for flaw in load(tmp_path / "budgets").findings if flaw.is_error] == []
        again = imported(reader, tmp_path)
        assert again.page.proof.empty
        assert contents(tmp_path) == written
        assert {file.state for file in again.page.files} == {"unchanged"}
        assert _named(first, made) == set(made.teams)


def _named(found: Imported, made: Made) -> set[str]:
    """Return the teams that are written or told as left out: none is passed over in silence."""
    document = found.page.document()
    return {wallet.wallet.id for wallet in document.wallets} | {
        left.key for left in document.left_out if left.key in made.teams
    }
