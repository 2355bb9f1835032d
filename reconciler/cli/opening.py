"""Opening a month: the plan that funds every wallet for it, made and applied in one go from what is merged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import on_terminal, write_result
from reconciler.findings import ExitCode, Finding, RefusedError
from reconciler.model.guards import GuardSettings
from reconciler.model.plan import sealed
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.model.desired import Desired
    from reconciler.model.period import Period
    from reconciler.model.plan import Plan


def opening_plan(
    settings: Settings, desired: Desired, warnings: Sequence[Finding], *, first_apply: bool = False
) -> Plan:
    """Return the sealed plan that funds `settings.period`, and takes back what earlier months left if YAML says so.

    It holds nothing else: an excess that somebody gave by hand, an alert or a schedule that differs is left for a
    plan that people review. The limits on a single run do not count here, because a month's whole funding is no
    change; that the pool can pay for it does.
    """
    from reconciler.apply.journal import read_records
    from reconciler.cli.planning import assemble, compared
    from reconciler.cli.session import connected
    from reconciler.plan.opening import opening

    records = read_records(settings.journal, folder=settings.root)
    with connected(settings, desired) as connection:
        live, diff = compared(settings, desired, connection, records, first_apply=first_apply)
    unguarded = replace(desired, organization=desired.organization.model_copy(update={"guards": GuardSettings()}))
    funding = opening(diff, live, currency=desired.organization.currency)
    return sealed(assemble(settings, unguarded, live, funding, usage=None, outlook=None, findings=warnings))


def show_opening(plan: Plan, format_: str, output: Path | None) -> ExitCode:
    """Show what opening a month would move, and return the code that says whether that is anything."""
    from reconciler.cli.show import colours, rendered

    write_result(rendered(plan, format_, colour=output is None and colours()), output)
    return ExitCode.PENDING if plan.changes else ExitCode.DONE


def confirm_month(desired: Desired, period: Period, *, is_confirmed: bool) -> None:
    """Have a month outside of the fiscal year confirmed, on a terminal or by its option; raises RefusedError if not."""
    year = desired.organization.fiscal_year.value
    if period in year:
        return
    why = f"{period} is not in {year.name} ({year.starts} to {year.periods[-1]}), which these budgets are for"
    if not is_confirmed and sys.stdin.isatty() and on_terminal():
        is_confirmed = click.confirm(f"kt-budgets: {why}. Fund it nevertheless?", err=True)
    if not is_confirmed:
        raise RefusedError(
            f"{why}; nothing was written",
            hint="move `fiscal_year` on in org.yaml, or give `--beyond-fiscal-year` if that month is meant",
        )
    click.echo(f"kt-budgets: {why}; it is funded because it was confirmed", err=True)
