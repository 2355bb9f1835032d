"""The options that commands share, and how their values are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from reconciler.cli.completion import offer
from reconciler.cli.terminal import screen
from reconciler.files import write_file
from reconciler.model.period import Period
from reconciler.report.renderers import formats
from reconciler.report.screen import Screen
from reconciler.settings import Settings, environment, resolve

F = TypeVar("F", bound=Callable[..., Any])


class DayType(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            day = value if isinstance(value, date) else date.fromisoformat(value)
        except ValueError:
            self.fail(f"`{value}` is not a day; write it as YYYY-MM-DD, such as 2026-06-18", param, ctx)
        if not 2000 <= day.year < 2200:
            self.fail(f"{day} is not a day that budgets are made for", param, ctx)
        return day


class PeriodType(click.ParamType[Period]):
    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Period:
        try:
            return value if isinstance(value, Period) else Period.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _budgets() -> Path:
    return Path(environment().get("KT_BUDGETS_FOLDER") or "budgets")


budgets_option = click.option(
    "--budgets",
    type=click.Path(path_type=Path),
    default=_budgets,
    show_default="$KT_BUDGETS_FOLDER, else budgets",
    metavar="DIR",
    help="The folder with org.yaml and teams/.",
)
as_of_option = click.option(
    "--as-of", type=DayType(), metavar="DATE", help="The day to look from; default today (UTC)."
)
output_option = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the result to FILE."
)


def format_option(document: str, *only: str) -> Callable[[F], F]:
    """Offer `--format` with the formats of a document, or `only` these of them, the first being the default."""
    offered = only or formats(document)

    def decorate(command: F) -> F:
        return click.option(
            "--format",
            "format_",
            type=click.Choice(offered),
            default=offered[0],
            show_default=True,
            help="How to print.",
        )(command)

    return decorate


def network_options(command: F) -> F:
    """Add the options that every network command shares; `settings_of` turns their values into Settings."""
    for option in reversed(
        (
            budgets_option,
            click.option(
                "--api-url", metavar="URL", help="Keeptrusts; default $KEEPTRUSTS_API_URL, else the public one."
            ),
            click.option(
                "--token-file",
                type=click.Path(path_type=Path),
                metavar="FILE",
                help="A file with the token; default $KEEPTRUSTS_API_TOKEN.",
            ),
            click.option(
                "--as-of",
                type=DayType(),
                metavar="DATE",
                help="The day to look from, whose spend is not known in full yet; default today (UTC).",
            ),
            click.option(
                "--period",
                type=PeriodType(),
                metavar="YYYY-MM",
                shell_complete=offer("periods"),
                help="The month; default that of --as-of.",
            ),
            click.option("--sandbox", is_flag=True, help="Start the embedded Keeptrusts for this one command."),
            click.option("-v", "--verbose", count=True, help="Log requests, readings and decisions to stderr."),
            click.option(
                "--log-format",
                type=click.Choice(["text", "json"]),
                default="text",
                show_default=True,
                help="How to log.",
            ),
        )
    ):
        command = option(command)
    return command


first_apply_option = click.option(
    "--first-apply",
    is_flag=False,
    flag_value=":all",
    multiple=True,
    metavar="[TEAM/ENV]",
    shell_complete=offer("wallets"),
    callback=lambda _context, _option, names: ":all" in names or frozenset(names),
    help="Also take money back from wallets that nothing was ever applied to, and believe the dates in their"
    " ledgers: from all of them, or from this one, or those of a TEAM (repeatable).",
)
wait_option = click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="SECONDS",
    help="How long another run is waited for; one that was killed is taken over ten minutes later.",
)
offline_option = click.option(
    "--offline", is_flag=True, help="Ask Keeptrusts nothing: each wallet is taken to hold its target in the YAML."
)
wallet_option = click.option(
    "--wallet",
    "wallets",
    multiple=True,
    metavar="TEAM/ENV",
    shell_complete=offer("wallets"),
    help="Only this wallet, or all of a TEAM (repeatable).",
)
suggestions_option = click.option(
    "--suggestions",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write suggested changes for `kt-budgets pr comment --suggestions` to FILE.",
)
settle_option = click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds for which a lost answer is looked for in the ledger; choose more than a copy of it may be behind.",
)
journal_option = click.option(
    "--journal",
    metavar="STORE",
    help="Where runs are recorded: file:PATH or git:REMOTE; default what org.yaml says, else .kt-budgets/journal.",
)
usage_option = click.option(
    "--usage",
    multiple=True,
    metavar="PATH",
    help="Export files, folders, globs or object-store URLs (repeatable); default: ask Keeptrusts for an export.",
)


def settings_of(options: dict[str, Any]) -> Settings:
    """Take the values of `network_options` out of `options`, set up logging, and return the Settings."""
    from reconciler.app.journal_place import journal_of
    from reconciler.logs import configure
    from reconciler.redaction import hide_environment

    hide_environment(environment())
    configure(verbosity=options.pop("verbose"), format=options.pop("log_format"))
    budgets, sandbox = options.pop("budgets"), options.pop("sandbox")
    journal, root = None, Path()
    if "journal" in options:
        asked, moves = options.pop("journal"), options.pop("moves", False)
        passing = temporary_journal() if sandbox and not asked else None
        journal, root = journal_of(budgets, asked, sandbox=sandbox, moves=moves, passing=passing)
    return resolve(
        budgets=budgets,
        api_url=options.pop("api_url"),
        token_file=options.pop("token_file"),
        as_of=options.pop("as_of"),
        period=options.pop("period"),
        usage=tuple(options.pop("usage", ())),
        sandbox=sandbox,
        journal=journal,
        root=root,
    )


def temporary_journal() -> str | None:
    """Return a journal that ends with the command: what was done to a ledger that is gone is nobody's history.

    None where the environment names a journal, or no command runs.
    """
    from tempfile import TemporaryDirectory

    context = click.get_current_context(silent=True)
    if context is None or environment().get("KT_BUDGETS_JOURNAL"):
        return None
    return f"file:{context.with_resource(TemporaryDirectory(prefix='kt-budgets-'))}/journal"


def write_result(text: str, output: Path | None) -> None:
    """Print a result to stdout, or write it to the file that `--output` names."""
    if output is None:
        click.echo(text, nl=not text.endswith("\n"))
        return
    write_file(output, text)


class Answer(Protocol):
    """What a use case returns to look at. `notices` are what is to be said about it: code, sentence, hint."""

    @property
    def notices(self) -> Sequence[tuple[str, str, str]]: ...
    def rendered(self, format_: str, screen: Screen, /) -> str: ...


def write_answer(answer: Answer, format_: str, output: Path | None) -> None:
    """Print an answer or write it to `output`; its notices go to stderr where stdout is for a machine."""
    from reconciler.report.findings_text import visible

    for code, message, hint in answer.notices if format_ != "text" else ():
        click.echo(visible(f"warning {code}: {message}"), err=True)
        if hint:
            click.echo(visible(f"  hint: {hint}"), err=True)
    write_result(answer.rendered(format_, screen(output)), output)
