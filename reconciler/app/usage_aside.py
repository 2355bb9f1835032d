"""Exports of usage, read by another process while this one reads YAML and Keeptrusts (decision 0122)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import cache, partial
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Self

from reconciler.app.usage import Exports, Read, exports_of, from_files, read_exports
from reconciler.findings import BudgetsError
from reconciler.forked import Aside, LostError, aside
from reconciler.settings import Settings
from reconciler.usage.engine_names import DUCKDB

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.usage import DailyUsage

_READER = "reconciler.usage.read"
_logger = logging.getLogger(__name__)


class UsageAside:
    """The exports that `settings` name. Use it with `with`: what reads them, and its temporary files, end with it.

    What reads exports takes longer to import than a few of them to read, so the other process begins with that. Where
    this one has it already, or no other can be made, this one reads them; so it does what comes out of a pipe, once
    only: of what another process took, nothing would be left if that ended early.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = ExitStack()
        self._aside: Aside | None = None

    def __enter__(self) -> Self:
        if self._settings.usage and self._settings.engine == DUCKDB and _READER not in sys.modules:
            with suppress(OSError):
                if any(map(_is_pipe, self._settings.usage)):
                    return self
                folder = self._stack.enter_context(TemporaryDirectory(prefix="kt-budgets-", ignore_cleanup_errors=True))
                work = partial(_answer, folder=Path(folder))
                self._aside = self._stack.enter_context(aside(_prepare, work))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def is_here(self) -> bool:
        """Whether this process is the one that reads them."""
        return self._aside is None

    def prepare(self) -> None:
        """Import what reads them, where this process does."""
        if self._settings.usage and self.is_here:
            with suppress(ImportError):
                _prepare()

    def begin(self, desired: Desired) -> Callable[[], DailyUsage | None]:
        """Have them read; return what waits for them once, and gives None where none are named."""
        if not self._settings.usage:
            return _none
        if self._aside:
            try:
                self._aside.ask(exports_of(self._settings, desired))
            except OSError as error:
                _logger.debug("another process cannot be asked (%s): this one reads usage", error)
                self._aside = None
        return cache(partial(from_files, self._settings, desired, read=self._read))

    def _read(self, exports: Exports) -> Read:
        if self._aside:
            try:
                found: Read | BudgetsError = self._aside.answer()
            except LostError:
                _logger.debug("another process did not read usage: this one does, or says why not")
            else:
                if isinstance(found, BudgetsError):
                    raise found
                return found
        return read_exports(exports)


def _answer(exports: Exports, *, folder: Path) -> Read | BudgetsError:
    try:
        return read_exports(exports, folder=folder)
    except BudgetsError as error:
        return error


def _is_pipe(path: str) -> bool:
    here = str(Path(path).expanduser())
    return any(Path(match).is_fifo() for match in (here, *glob(here, recursive=True)))  # noqa: PTH207 (as in files.py)


def _none() -> None:
    """No exports are named."""


def _prepare() -> None:
    import reconciler.usage.read
    import reconciler.usage.store.session  # noqa: F401
