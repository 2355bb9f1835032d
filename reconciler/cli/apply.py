"""`kt-budgets apply`: execute a reviewed plan, exactly once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    first_apply_option,
    format_option,
    journal_option,
    network_options,
    output_option,
    settings_of,
    settle_option,
    wait_option,
    write_result,
)
from reconciler.cli.result import print_run
from reconciler.cli.terminal import Command, on_terminal, screen
from reconciler.findings import UsageError

if TYPE_CHECKING:
    from reconciler.app.execution import MonthOpened
    from reconciler.settings import Settings


@click.command(cls=Command, epilog="Example: kt-budgets apply --plan plan.json")
@network_options
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The plan that was reviewed; default plan.json.",
)
@settle_option
@journal_option
@click.option("--require-approval", is_flag=True, help="Refuse unless the merged pull request's owners approved it.")
@click.option("--dry-run", is_flag=True, help="With --period: show what would be moved, and write nothing.")
@click.option("--once", is_flag=True, help="With --period: do nothing where that month was opened as a whole already.")
@click.option("--beyond-fiscal-year", is_flag=True, help="Fund a month outside of org.yaml's fiscal year.")
@first_apply_option
@wait_option
@format_option("run")
@output_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    plan_path: Path | None,
    settle: float,
    wait: float,
    first_apply: bool | frozenset[str],
    require_approval: bool,
    dry_run: bool,
    once: bool,
    beyond_fiscal_year: bool,
    format_: str,
    output: Path | None,
    **options: Any,
) -> None:
    """Execute a reviewed plan, exactly once.

    With --period and without --plan it opens that month instead: it funds every wallet for it from what was applied
    last, and takes back or keeps what earlier months left. What is merged and not applied waits for its own apply. It
    is safe to repeat, and refuses a month not yet begun. With --dry-run it shows what would be moved and exits 10 when
    that is anything. A month outside of the fiscal year of org.yaml has to be confirmed, or asked for with
    --beyond-fiscal-year.

    The plan is compared with live state again, and every change is derived again: a team on which anything moved since
    review is refused, the others go on. Every step is written to the journal before it is taken, and the ledger
    decides what a lost answer meant.

    A month is paid while it lasts, as of today. Only --as-of or --sandbox make a run a rehearsal of another day.
    """
    from reconciler.app import execution as use

    terms, month = use.Terms(settle, wait, first_apply, require_approval), options["period"]
    if month is None or plan_path is not None:
        _refuse_dry_run(dry_run)
        plan = use.load_plan(plan_path or Path("plan.json"))
        if options["sandbox"]:
            options["as_of"] = options["as_of"] or plan.as_of
        settings = settings_of(options)
        print_run(use.apply(settings, plan, terms, period=month), format_, output, context, journal=settings.journal)
        return
    settings, confirm = settings_of(options), bool if beyond_fiscal_year else _confirmed
    done = use.open_month(settings, terms, confirm=confirm, once=once, dry_run=dry_run)
    _show(done, settings, format_, output, context)


def _refuse_dry_run(asked: bool) -> None:
    if asked:
        raise UsageError(
            "--dry-run shows what opening a month would move, and this is a saved plan",
            hint="`kt-budgets show plan.json` shows it; or name a month with `--period` and no plan",
        )


def _show(done: MonthOpened, settings: Settings, format_: str, output: Path | None, context: click.Context) -> None:
    if done.result:
        print_run(done.result, format_, output, context, journal=settings.journal)
        return
    if done.said and format_ == "json":
        click.echo(done.said, err=True)
    write_result(done.rendered(format_, screen(output)), output)
    context.exit(done.exit_code)


def _confirmed(why: str) -> bool:
    """Ask a person on a terminal; nobody else can say yes."""
    asks = sys.stdin.isatty() and on_terminal()
    return asks and click.confirm(f"kt-budgets: {why}. Fund it nevertheless?", err=True)
