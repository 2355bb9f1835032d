"""The one place where an error becomes an exit code and a sentence."""

from __future__ import annotations

import errno
import signal
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType

import click

from reconciler.app.job import forget, hand_over, tell
from reconciler.app.lacking import lacking
from reconciler.cli.completion import VARIABLE, completed
from reconciler.findings import BudgetsError, ExitCode, FindingsError
from reconciler.redaction import hide_environment, printable, without_secrets
from reconciler.settings import environment
from reconciler.streams import PRINTED, guard_streams

_INTERRUPTED: list[int] = []
"""The Ctrl-C of this command that nobody else took."""


def run_process(command: click.Command, arguments: Sequence[str]) -> int:
    """Run `command` as this process and return the exit code, which is the command's own whatever becomes of stdout."""
    if asked := environment().get(VARIABLE):
        return completed(command, asked)
    guard_streams(as_json=_json_was_asked_for(arguments))
    signal.signal(signal.SIGINT, _remember)
    code = run(command, arguments)
    sys.stdout.flush()
    if trouble := PRINTED.trouble():
        click.echo(f"kt-budgets: {trouble}", err=True)
    if PRINTED.is_lost and code == ExitCode.DONE:
        code = ExitCode.USAGE
    if trouble := hand_over(arguments[0] if arguments else "", code):
        click.echo(f"kt-budgets: {trouble}", err=True)
    return code


def run(command: click.Command, arguments: Sequence[str]) -> int:
    """Run `command` and return the exit code; whatever goes wrong becomes a sentence with its cure."""
    _INTERRUPTED.clear()
    forget()
    try:
        result = command.main(args=list(arguments), prog_name="kt-budgets", standalone_mode=False)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except SystemExit as error:
        return _ended(arguments, error.__context__ or error)
    except Exception as error:
        return _ended(arguments, KeyboardInterrupt() if _INTERRUPTED else error)
    except KeyboardInterrupt as error:
        return _ended(arguments, error)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _ended(arguments: Sequence[str], error: BaseException) -> int:
    hide_environment(environment())
    match error:
        case click.Abort() | KeyboardInterrupt():
            return _stop(arguments, ExitCode.INTERRUPTED, "interrupted", "")
        case click.ClickException():
            context = getattr(error, "ctx", None)
            path = context.command_path if context else "kt-budgets"
            return _stop(arguments, ExitCode.USAGE, error.format_message(), f"see `{path} --help`")
        case BudgetsError():
            return _refused(arguments, error)
        case OSError(errno=errno.ENOSPC | errno.EIO | errno.EDQUOT):
            sentence = f"the output cannot be written: {error.strerror}"
            return _stop(arguments, ExitCode.USAGE, sentence, "make room for it")
        case ModuleNotFoundError() if (error.name or "reconciler").partition(".")[0] != "reconciler":
            return _stop(arguments, ExitCode.USAGE, *lacking(str(error.name)))
        case _:
            return _bug(arguments, error)


def _remember(number: int, frame: FrameType | None) -> None:
    """Note that somebody pressed Ctrl-C: a library may make another error of it."""
    _INTERRUPTED.append(number)
    signal.default_int_handler(number, frame)


def _stop(
    arguments: Sequence[str], code: ExitCode, sentence: str, hint: str, known: Mapping[str, object] | None = None
) -> int:
    sentence, hint = without_secrets(sentence), without_secrets(hint)
    tell(failure_reason=sentence)
    if _json_was_asked_for(arguments):
        from reconciler.model.document import ErrorDocument
        from reconciler.report.renderers import render

        said = {"exit_code": int(code), "error": sentence, "hint": hint}
        click.echo(render("error", "json", ErrorDocument.model_validate({**(known or {}), **said})), nl=False)
    click.echo(f"kt-budgets: {printable(sentence)}", err=True)
    if hint:
        click.echo(f"  hint: {printable(hint)}", err=True)
    return code


def _refused(arguments: Sequence[str], error: BudgetsError) -> int:
    _stop(arguments, error.exit_code, error.message, error.hint, error.known)
    if isinstance(error, FindingsError):
        from reconciler.app.validate import seen_from_here
        from reconciler.report.findings_text import findings_text

        seen = seen_from_here(error.findings, Path(error.budgets)) if error.budgets else error.findings
        click.echo(findings_text(seen), err=True, nl=False)
    return error.exit_code


def _bug(arguments: Sequence[str], error: BaseException) -> int:
    """Keep the details of an unexpected error in a file; a bug is ours, never the user's problem."""
    from reconciler.logs import details_of

    sentence = f"this is a bug in kt-budgets ({type(error).__name__}); the details are in {details_of(error)}"
    return _stop(arguments, ExitCode.BUG, sentence, "attach that file to a report; it holds no token")


def _json_was_asked_for(arguments: Sequence[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)
