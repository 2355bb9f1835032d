"""`kt-budgets show`: render a saved plan. Talks to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import format_option, output_option, write_result
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.model.plan import Plan

_NARROW, _WIDE = 40, 160
_LARGEST = 256 * 2**20


@click.command("show", epilog="Example: kt-budgets show plan.json --format markdown")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@format_option("text", "markdown", "html", "json")
@output_option
def command(plan: Path, format_: str, output: Path | None) -> None:
    """Render a saved plan: text, Markdown, HTML or JSON.

    PLAN is the plan.json that `kt-budgets plan` wrote. A plan that was edited after it was made is refused.
    """
    loaded = load_plan(plan)
    write_result(rendered(loaded, format_, colour=output is None and colours()), output)


def load_plan(path: Path) -> Plan:
    """Return the plan in the file at `path`; whatever is wrong with it is a BudgetsError with its cure."""
    from reconciler.model.plan import read_plan

    hint = "run `kt-budgets plan` to make one, or name another file"
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is too large to be a plan", hint=hint)
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text in UTF-8, so not a plan", hint=hint) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        raise UsageError(f"{path} cannot be read: {reason}", hint=hint) from None
    plan = read_plan(text, name=str(path))
    _say_other_version(plan, path)
    return plan


def _say_other_version(plan: Plan, path: Path) -> None:
    """Say that another version made a plan: what it holds is judged all the same, by what the changes are now."""
    from reconciler.version import __version__

    if plan.tool.version != __version__:
        click.echo(
            f"kt-budgets: {path} was made by version {plan.tool.version}, and this is {__version__}; let plan and apply"
            " run the same",
            err=True,
        )


def rendered(plan: Plan, format_: str, *, colour: bool) -> str:
    """Return `plan` in one of the formats of `show`."""
    if format_ == "json":
        from reconciler.model.plan import plan_text

        return plan_text(plan)
    from reconciler.report.summary import summarise

    report = summarise(plan)
    if format_ == "markdown":
        from reconciler.report.markdown import markdown

        return markdown(report)
    if format_ == "html":
        from reconciler.report.html import html

        return html(report)
    from reconciler.report.text import text

    return text(report, width=terminal_width(), colour=colour)


def terminal_width() -> int:
    """Return how wide text may be: the terminal's width, within reason."""
    from shutil import get_terminal_size

    return max(_NARROW, min(get_terminal_size((120, 24)).columns, _WIDE))


def colours() -> bool:
    """Whether stdout is a terminal that wants colour; NO_COLOR says no."""
    import sys

    from reconciler.settings import environment

    return sys.stdout.isatty() and not environment().get("NO_COLOR")
