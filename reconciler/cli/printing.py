"""How what a command answers is printed: whatever becomes of stdout, what was done to money is in the journal."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.app.job import tell
from reconciler.app.screens import NARROWEST, WIDEST, screen
from reconciler.files import write_file
from reconciler.findings import UsageError
from reconciler.report.renderers import Answer, formats, laid_out
from reconciler.report.screen import PAPER, Screen
from reconciler.streams import kept_in

F = TypeVar("F", bound=Callable[..., Any])
_WIDTH = "kt-budgets.width"

width_option = click.option(
    "--width",
    type=click.IntRange(NARROWEST, WIDEST),
    expose_value=False,
    callback=lambda context, _option, width: context.meta.setdefault(_WIDTH, width),
    help="How many columns text has; default $COLUMNS, else the terminal's.",
)
output_option = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the result to FILE."
)


def format_option(document: str, *only: str) -> Callable[[F], F]:
    """Offer `--format` with the formats of a document, or `only` these of them, the first being the default."""
    offered = only or formats(document)
    format_ = click.option(
        "--format", "format_", type=click.Choice(offered), default=offered[0], show_default=True, help="How to print."
    )
    return lambda command: format_(width_option(command))


def fitting(output: Path | None = None) -> Screen:
    """Return the screen on which text is laid out that goes to a file or, without one, to stdout."""
    return screen(output, width=click.get_current_context().meta.get(_WIDTH))


def prints(document: str, *only: str, to_file: bool = True) -> Callable[[F], Callable[..., None]]:
    """Offer `--format`, with `only` these formats, and, `to_file`, `--output`; print the answer, end with its code."""

    def decorate(command: F) -> Callable[..., None]:
        @wraps(command)
        def printing(*, format_: str, output: Path | None = None, **values: Any) -> None:
            show(command(**values), format_, output)

        return format_option(document, *only)(output_option(printing) if to_file else printing)

    return decorate


def show(answer: Answer, format_: str, output: Path | None) -> None:
    """Print an answer or write it to `output`, and end the command with its exit code."""
    tell(**answer.told)
    text = laid_out(answer, format_, PAPER if format_ == "json" else fitting(output))
    if answer.recorded_in:
        kept_in(f"{answer.recorded_in}: `kt-budgets audit` prints it")
    try:
        write_result(text, output)
    except UsageError as error:
        if not answer.recorded_in:
            raise
        click.echo(f"kt-budgets: {error.message}; the run is in {answer.recorded_in}", err=True)
        click.echo("  hint: print it with `kt-budgets audit`", err=True)
    click.echo(answer.beside(format_, to_file=output is not None), err=True, nl=False)
    if answer.error:
        raise answer.error
    click.get_current_context().exit(answer.exit_code)


def write_result(text: str | bytes, output: Path | None) -> None:
    """Print a result to stdout, if it is any, or write it to the file that `--output` names."""
    if output is not None:
        write_file(output, text)
    elif text:
        click.echo(text, nl=isinstance(text, str) and not text.endswith("\n"))
