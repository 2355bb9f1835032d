"""Completion in a shell: what click prints for bash, zsh and fish, and the names that it offers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import click

from reconciler.findings import ExitCode
from reconciler.settings import environment

VARIABLE = "_KT_BUDGETS_COMPLETE"
_Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def completed(command: click.Command, instruction: str) -> int:
    """Print the script for a shell, or what may come next; whatever goes wrong, nothing appears at the prompt."""
    from click.shell_completion import shell_complete

    is_script = instruction.endswith("_source")
    try:
        code = shell_complete(command, {}, "kt-budgets", VARIABLE, instruction)
    except Exception as error:
        code = 1
        if is_script:
            click.echo(f"kt-budgets: {error}", err=True)
    if code and is_script:
        click.echo(f"kt-budgets: set {VARIABLE} to bash_source, zsh_source or fish_source", err=True)
    return ExitCode.USAGE if code else ExitCode.DONE


def offer(what: Literal["teams", "wallets", "periods"], *, ending: str = "") -> _Completer:
    """Return what completes a word to the names of the budgets that begin with it, each with an `ending`."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        from reconciler.app.completion import OFFERED

        folder = context.params.get("budgets") or environment().get("KT_BUDGETS_FOLDER") or "budgets"
        return [name + ending for name in OFFERED[what](Path(folder)) if name.startswith(incomplete)]

    return complete
