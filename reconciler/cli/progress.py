"""Progress for people: a bar or a spinner on stderr, only on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from reconciler.cli.options import on_terminal

Advance = Callable[[int, int], None]


def _silent(done: int, total: int, /) -> None:
    del done, total


@contextmanager
def progress(label: str) -> Iterator[Advance]:
    """Yield a function `(done, total)` that moves a bar; it does nothing where stderr is no terminal."""
    if not on_terminal():
        yield _silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total or None)
