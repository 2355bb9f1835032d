"""The one place where an error becomes an exit code and a sentence."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from itertools import pairwise

import click

from reconciler.findings import BudgetsError, ExitCode, FindingsError


def run(command: click.Command, arguments: Sequence[str]) -> int:
    """Run `command` and return the exit code; whatever goes wrong becomes a sentence with its cure."""
    try:
        result = command.main(args=list(arguments), prog_name="kt-budgets", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _stop(arguments, ExitCode.INTERRUPTED, "interrupted", "")
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else "kt-budgets"
        return _stop(arguments, ExitCode.USAGE, error.format_message(), f"see `{path} --help`")
    except FindingsError as error:
        _print_findings(arguments, error)
        return error.exit_code
    except BudgetsError as error:
        return _stop(arguments, error.exit_code, error.message, error.hint)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO, errno.EDQUOT):
            return _bug(arguments, error)
        return _stop(arguments, ExitCode.USAGE, f"the output cannot be written: {error.strerror}", "make room for it")
    except Exception as error:
        return _bug(arguments, error)
    return int(result) if isinstance(result, int) else ExitCode.DONE


def _stop(arguments: Sequence[str], code: ExitCode, sentence: str, hint: str) -> int:
    if _json_was_asked_for(arguments):
        import json

        document = {"format": "kt-budgets.error/1", "exit_code": int(code), "error": sentence, "hint": hint}
        click.echo(json.dumps(document, sort_keys=True, ensure_ascii=False))
    click.echo(f"kt-budgets: {_visible(sentence)}", err=True)
    if hint:
        click.echo(f"  hint: {_visible(hint)}", err=True)
    return code


def _print_findings(arguments: Sequence[str], error: FindingsError) -> None:
    from reconciler.report.findings_text import findings_text

    _stop(arguments, error.exit_code, error.message, error.hint)
    click.echo(findings_text(error.findings), err=True, nl=False)


def _bug(arguments: Sequence[str], error: Exception) -> int:
    """Keep the details of an unexpected error in a file; a bug is ours, never the user's problem."""
    import tempfile
    import traceback

    from reconciler.settings import environment

    details = "".join(traceback.format_exception(error))
    for name, value in environment().items():
        if "TOKEN" in name and len(value) > 3:
            details = details.replace(value, f"<{name}>")
    with tempfile.NamedTemporaryFile(
        "w", prefix="kt-budgets-bug-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(details)
    sentence = f"this is a bug in kt-budgets ({type(error).__name__}); the details are in {file.name}"
    return _stop(arguments, ExitCode.BUG, sentence, "attach that file to a report; it holds no token")


def _json_was_asked_for(arguments: Sequence[str]) -> bool:
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _visible(text: str) -> str:
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
