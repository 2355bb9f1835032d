"""Opening a month: the plan that funds every wallet for it, made and applied in one go from what is merged."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.options import on_terminal, write_result
from reconciler.findings import BudgetsError, ExitCode, Finding, RefusedError
from reconciler.model.guards import GuardSettings
from reconciler.model.plan import sealed
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.app.change_request.budget_files import BudgetFiles
    from reconciler.model.desired import Desired
    from reconciler.model.period import Period
    from reconciler.model.plan import Plan


@dataclass(frozen=True, slots=True)
class Opened:
    """What a month is opened from: what was applied last, or the YAML as it is here where nothing was.

    `files` are the former's, and `commit` is that up to which everything was applied.
    """

    desired: Desired
    warnings: tuple[Finding, ...]
    files: BudgetFiles | None = None
    commit: str | None = None


def source_of(settings: Settings) -> Opened:
    """Return what a month is to be opened from; stderr says what of the YAML here is not applied, and so not funded.

    Raises RefusedError where what was applied is not known in this clone, or this clone was left behind.
    """
    from reconciler.app.change_request.budget_files import Commits, applied_files, changed_parts
    from reconciler.cli.lineage import refuse_behind
    from reconciler.cli.session import load_desired
    from reconciler.journal.journal import last_applied
    from reconciler.source.load import load

    last = last_applied(settings.journal, folder=settings.root)
    if last is None or last.commit is None or last.dirty or not last.whole:
        return Opened(*load_desired(settings))
    refuse_behind(settings, last)
    try:
        files = applied_files(Commits(settings.budgets), last.commit, last.ahead)
    except BudgetsError as error:
        raise RefusedError(
            f"the month is funded from what was applied last, {last.commit[:12]}, and that is not in this clone",
            hint=f"check out the whole history, such as `git fetch --unshallow`; {error.hint}",
        ) from None
    applied, here = files.loaded(), load(settings.budgets)
    if applied.desired is None:
        raise RefusedError(
            f"the budgets of {last.commit[:12]}, which were applied last, cannot be read",
            hint="run `kt-budgets validate` on that commit, and apply what corrects it",
        )
    if here.desired is None:
        _say(f"the YAML here has errors; the month is funded from what was applied last ({last.commit[:12]})")
    elif pending := changed_parts(applied.desired, here.desired):
        _say_pending(pending, last.commit)
    else:
        return Opened(here.desired, here.findings)
    return Opened(applied.desired, applied.findings, files, last.commit)


def _say(sentence: str) -> None:
    click.echo(f"kt-budgets: {sentence}", err=True)


def _say_pending(parts: Collection[str], commit: str) -> None:
    names = sorted(part or "org.yaml" for part in parts)
    shown = ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")
    _say(
        f"what the YAML says of {shown} is not applied; the month is funded from what was applied last"
        f" ({commit[:12]}). `kt-budgets pr apply`, or a plan that is applied, brings the rest"
    )


def opening_plan(settings: Settings, source: Opened, *, first_apply: bool = False) -> Plan:
    """Return the sealed plan that funds `settings.period`, and takes back what earlier months left if YAML says so.

    It holds nothing else: an excess that somebody gave by hand, an alert or a schedule that differs is left for a
    plan that people review. The limits on a single run do not count here, because a month's whole funding is no
    change; that the pool can pay for it does.
    """
    from reconciler.model.plan import Source

    if source.files is None:
        return sealed(_drafted(settings, source, first_apply=first_apply))
    with source.files.written() as root:
        drafted = _drafted(replace(settings, budgets=root), source, first_apply=first_apply)
    made_from = Source(commit=source.commit, dirty=False, tree_digest=source.desired.tree_digest)
    return sealed(drafted.model_copy(update={"source": made_from}))


def _drafted(settings: Settings, source: Opened, *, first_apply: bool) -> Plan:
    from reconciler.cli.planning import assemble, compared
    from reconciler.cli.session import connected
    from reconciler.journal.journal import read_records
    from reconciler.plan.opening import opening

    desired = source.desired
    records = read_records(settings.journal, folder=settings.root)
    with connected(settings, desired) as connection:
        live, diff = compared(settings, desired, connection, records, first_apply=first_apply)
    unguarded = replace(desired, organization=desired.organization.model_copy(update={"guards": GuardSettings()}))
    funding = opening(diff, live, currency=desired.organization.currency)
    return assemble(settings, unguarded, live, funding, usage=None, outlook=None, findings=source.warnings)


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
