"""`kt-budgets apply`: execute a reviewed plan, exactly once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from reconciler.app.screens import on_terminal
from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.findings import UsageError
from reconciler.report.renderers import Answer


@options.command("apply --plan plan.json")
@options.network
@options.file("--plan", "plan_path", help="The plan that was reviewed; default plan.json.")
@options.settle
@options.journal
@options.flag("--require-approval", help="Refuse unless the merged pull request's owners approved it.")
@options.flag("--dry-run", help="With --period: show what would be moved, and write nothing.")
@options.flag("--once", help="With --period: do nothing where that month was opened as a whole already.")
@options.flag("--beyond-fiscal-year", help="Fund a month outside of org.yaml's fiscal year.")
@options.first_apply
@options.wait
@prints("run")
def command(*, plan_path: Path | None, dry_run: bool, once: bool, beyond_fiscal_year: bool, **values: Any) -> Answer:
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

    of_opening = {"dry-run": dry_run, "once": once, "beyond-fiscal-year": beyond_fiscal_year}
    terms, month = options.made(use.Terms, values), values["period"]
    if month is None or plan_path is not None:
        if asked := [f"--{name}" for name, given in of_opening.items() if given]:
            raise UsageError(
                f"{asked[0]} is for opening a month, and this is a saved plan",
                hint="`kt-budgets show plan.json` shows it; or name a month with `--period` and no plan",
            )
        plan = use.load_plan(plan_path or Path("plan.json"))
        if values["sandbox"]:
            values["as_of"] = values["as_of"] or plan.as_of
        settings = options.settings(values)
        return use.Ran(use.apply(settings, plan, terms, period=month), settings.journal)
    settings, confirm = options.settings(values), bool if beyond_fiscal_year else _confirmed
    done = use.open_month(settings, terms, confirm=confirm, once=once, dry_run=dry_run)
    return use.Ran(done.result, settings.journal) if done.result else done


def _confirmed(why: str) -> bool:
    """Ask a person on a terminal; nobody else can say yes."""
    asks = sys.stdin.isatty() and on_terminal()
    return asks and click.confirm(f"kt-budgets: {why}. Fund it nevertheless?", err=True)
