"""The options that commands share, each a decorator, and what is made of their values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.cli.completion import offer
from reconciler.cli.terminal import Command
from reconciler.model.period import Period, typed_day
from reconciler.settings import Settings, environment, resolve

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T", bound="DataclassInstance")


class Read(click.ParamType[Any]):
    """What a function reads from text; a ValueError of it says why it cannot."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name, self.read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self.read(value) if isinstance(value, str) else value
        except ValueError as error:
            self.fail(str(error), param, ctx)


def command(example: str) -> Callable[[Callable[..., Any]], Command]:
    """Make a command of a function; the first word of its example is what it is called."""
    return click.command(example.split()[0], cls=Command, epilog=f"Example: kt-budgets {example}")


def flag(*names: str, help: str) -> Callable[[F], F]:
    return click.option(*names, is_flag=True, help=help)


def file(*names: str, help: str, metavar: str = "FILE", **settings: Any) -> Callable[[F], F]:
    """Offer an option that names a file."""
    return click.option(*names, type=click.Path(path_type=Path, dir_okay=False), metavar=metavar, help=help, **settings)


def folder(
    *names: str, help: str, metavar: str | None = "DIR", exists: bool = False, **settings: Any
) -> Callable[[F], F]:
    """Offer an option that names a folder."""
    named = click.Path(path_type=Path, file_okay=False, exists=exists)
    return click.option(*names, type=named, metavar=metavar, help=help, **settings)


def day(help: str = "The day to look from; default today (UTC).") -> Callable[[F], F]:
    """Offer `--as-of`."""
    return click.option("--as-of", type=Read("date", typed_day), metavar="DATE", help=help)


def seconds(name: str, default: float, help: str, **settings: Any) -> Callable[[F], F]:
    """Offer an option that is a time in seconds."""
    return click.option(name, type=click.FloatRange(min=0), default=default, metavar="SECONDS", help=help, **settings)


def whole(name: str, least: int, most: int, help: str, **settings: Any) -> Callable[[F], F]:
    """Offer an option that is a whole number."""
    return click.option(name, type=click.IntRange(least, most), show_default=True, help=help, **settings)


budgets = click.option(
    "--budgets",
    type=click.Path(path_type=Path),
    default=lambda: Path(environment().get("KT_BUDGETS_FOLDER") or "budgets"),
    show_default="$KT_BUDGETS_FOLDER, else budgets",
    metavar="DIR",
    help="The folder with org.yaml and teams/.",
)
as_of = day()
first_apply = click.option(
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
wait = seconds(
    "--wait", 0.0, "How long another run is waited for; one that was killed is taken over ten minutes later."
)
settle = seconds(
    "--settle",
    60.0,
    "Seconds for which a lost answer is looked for in the ledger; choose more than a copy of it may be behind.",
    show_default=True,
)
offline = flag("--offline", help="Ask Keeptrusts nothing: each wallet is taken to hold its target in the YAML.")
dry_run = flag("--dry-run", help="Write nothing, and say what would be written.")
reason = click.option("--reason", default="", metavar="TEXT", help="Why; recorded, with who said it.")
wallets = click.option(
    "--wallet",
    "wallets",
    multiple=True,
    metavar="TEAM/ENV",
    shell_complete=offer("wallets"),
    help="Only this wallet, or all of a TEAM (repeatable).",
)
teams = click.argument("teams", nargs=-1, metavar="[TEAM]...", shell_complete=offer("teams"))
suggestions = file("--suggestions", help="Write suggested changes for `kt-budgets pr comment --suggestions` to FILE.")
journal = click.option(
    "--journal",
    metavar="STORE",
    help="Where runs are recorded: file:PATH or git:REMOTE; default what org.yaml says, else .kt-budgets/journal.",
)
_usage = click.option(
    "--usage",
    multiple=True,
    metavar="PATH",
    help="Export files, folders, globs or object-store URLs (repeatable); default: ask Keeptrusts for an export.",
)
_engine = click.option(
    "--engine", metavar="ENGINE", help="What reads --usage: duckdb (the default), spark, local[N], spark://… or sc://…."
)
_usage_store = click.option(
    "--usage-store",
    metavar="DIR|URL",
    help="Keep there what is read of --usage, and read only what is new; or $KT_BUDGETS_USAGE_STORE.",
)


def usage(command: F) -> F:
    """Offer `--usage`, where what is read of it is kept, and what reads it."""
    return _usage(_usage_store(_engine(command)))


repository = click.option(
    "--repo", metavar="OWNER/NAME", help="The repository; default $GITHUB_REPOSITORY in GitHub Actions."
)
recorder = click.option(
    "--recorded-by",
    metavar="APP",
    default="",
    help="The app whose check runs count as ours; default the token's own, else github-actions.",
)
remote = click.option(
    "--remote", default="origin", show_default=True, help="The git remote that pull requests are fetched from."
)
merge = click.option("--merge-sha", metavar="SHA", help="The merge commit; default $GITHUB_SHA.")

_NETWORK: tuple[Callable[[Any], Any], ...] = (
    budgets,
    click.option("--api-url", metavar="URL", help="Keeptrusts; default $KEEPTRUSTS_API_URL, else the public one."),
    click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A file with the token; default $KEEPTRUSTS_API_TOKEN.",
    ),
    day("The day to look from, whose spend is not known in full yet; default today (UTC)."),
    flag("--sandbox", help="Start the embedded Keeptrusts for this one command."),
    click.option("-v", "--verbose", count=True, help="Log requests, readings and decisions to stderr."),
    click.option(
        "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to log."
    ),
)


def number(help: str = "The pull request; default that of this run.") -> Callable[[F], F]:
    """Offer `--pr`."""
    return click.option("--pr", "number", type=click.IntRange(min=1), metavar="N", help=help)


def month(help: str = "The month; default that of --as-of.") -> Callable[[F], F]:
    """Offer `--period`."""
    kind, known = Read("month", Period.parse), offer("periods")
    return click.option("--period", type=kind, metavar="YYYY-MM", shell_complete=known, help=help)


def network_with(*period: Callable[[Any], Any]) -> Callable[[F], F]:
    """Offer what network commands share, with this `--period` or none; `settings` makes Settings of the values."""

    def offered(command: F) -> F:
        for option in reversed((*_NETWORK[:4], *period, *_NETWORK[4:])):
            command = option(command)
        return command

    return offered


network = network_with(month())


def settings(values: dict[str, Any], *, moves: bool = False, begins: bool = False, alone: bool = False) -> Settings:
    """Take the values of `network`, `journal` and `usage` out of `values`, set up logging, and return the Settings."""
    from reconciler.app.journal_place import journal_of
    from reconciler.logs import configure
    from reconciler.redaction import hide_environment
    from reconciler.usage.engine_names import DUCKDB, require_engine

    hide_environment(environment())
    require_engine(values.get("engine") or DUCKDB)
    configure(verbosity=values.pop("verbose"), format=values.pop("log_format"))
    folder, sandbox = values.pop("budgets"), values.pop("sandbox")
    store, root = None, Path()
    if "journal" in values:
        asked = values.pop("journal")
        passing = temporary_journal() if sandbox and not asked else None
        how: dict[str, Any] = {"moves": moves, "begins": begins, "alone": alone}
        store, root = journal_of(folder, asked, sandbox=sandbox, passing=passing, **how)
    taken = ("api_url", "token_file", "as_of", "period", "usage_store", "engine")
    named = {name: values.pop(name, None) for name in taken}
    return resolve(
        budgets=folder, usage=tuple(values.pop("usage", ())), sandbox=sandbox, journal=store, root=root, **named
    )


def made(request: type[T], values: dict[str, Any], **others: Any) -> T:
    """Return a request, a dataclass, of the values that are called as its fields are, and take these out of `values`.

    `others` are fields that no option is called after.
    """
    known = {each.name for each in fields(request)} & values.keys()
    return request(**{name: values.pop(name) for name in known}, **others)


def temporary_journal() -> str | None:
    """Return a journal that ends with the command: what was done to a ledger that is gone is nobody's history.

    None where the environment names a journal, or no command runs.
    """
    from tempfile import TemporaryDirectory

    context = click.get_current_context(silent=True)
    if context is None or environment().get("KT_BUDGETS_JOURNAL"):
        return None
    return f"file:{context.with_resource(TemporaryDirectory(prefix='kt-budgets-'))}/journal"
