"""The terminal that a command runs on: what it hears of its use case goes to stderr, and a person can be asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from reconciler.app.job import add_to_summary
from reconciler.app.listening import Advance, Logged, heard_by
from reconciler.app.screens import on_terminal
from reconciler.model.period import Period

Ask = Callable[[str, Sequence[Period]], Period | None]


class Terminal(Logged):
    """Prints what is said to stderr, and a bar where that is a terminal."""

    def said(self, line: str, hint: str, /) -> None:
        click.echo(f"kt-budgets: {line}", err=True)
        if hint:
            click.echo(f"  hint: {hint}", err=True)

    def noted(self, line: str, /) -> None:
        click.echo(line, err=True)

    @contextmanager
    def progress(self, label: str, /) -> Iterator[Advance]:
        if not on_terminal():
            with super().progress(label) as still:
                yield still
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
            task = bars.add_task(label, total=None)
            yield lambda done, total: bars.update(task, completed=done, total=total or None)

    def summarised(self, markdown: str, /) -> None:
        if trouble := add_to_summary(markdown):
            self.said(trouble, "")


class Command(click.Command):
    """A command that hears its use case."""

    def invoke(self, ctx: click.Context) -> Any:
        with heard_by(Terminal()):
            return super().invoke(ctx)


class Group(click.Group):
    """A group of such commands."""

    command_class = Command


def ask_month() -> Ask | None:
    """Return how a person is asked which of some months is meant, None where nobody is there; no answer is one."""
    if not (sys.stdin.isatty() and on_terminal()):
        return None

    def ask(question: str, months: Sequence[Period]) -> Period | None:
        said = click.prompt(question, type=click.Choice([*map(str, months), "unknown"]), default="unknown", err=True)
        return next((month for month in months if str(month) == said), None)

    return ask
