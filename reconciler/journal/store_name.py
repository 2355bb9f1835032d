"""How a store is named: `file:PATH` or `git:REMOTE`."""

from __future__ import annotations

from pathlib import Path

from reconciler.findings import UsageError
from reconciler.journal.store import Store
from reconciler.redaction import without_secrets


def names_store(name: str) -> bool:
    """Whether `name` is of the form that `open_store` takes."""
    kind, _, place = name.partition(":")
    return kind in ("file", "git") and bool(place) and not place.startswith("-")


def open_store(name: str, *, folder: Path | None = None) -> Store:
    """Return the store that `name` means; relative paths and git remotes are seen from `folder` (default: here)."""
    kind, _, place = name.partition(":")
    here = folder or Path.cwd()
    if names_store(name) and kind == "file":
        from reconciler.journal.file_store import FileStore

        return FileStore(here / Path(place).expanduser())
    if names_store(name) and kind == "git":
        from reconciler.journal.git_store import GitStore

        return GitStore(place, folder=here)
    shown = without_secrets(name)
    raise UsageError(
        f"`{shown[:80] if '@' not in shown else '***@' + shown.rpartition('@')[2][:80]}` names no journal",
        hint="write file:PATH or git:REMOTE, such as file:.kt-budgets/journal or git:origin",
    )
