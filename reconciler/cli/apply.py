"""`kt-budgets apply`: execute a reviewed plan, exactly once."""

from __future__ import annotations

from dataclasses import dataclass, fields
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
from reconciler.findings import ExitCode, UsageError

if TYPE_CHECKING:
    from reconciler.apply.declared import Declares
    from reconciler.apply.result import Result
    from reconciler.model.applied import LastApplied
    from reconciler.model.desired import Desired
    from reconciler.model.period import Period
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings


@click.command(epilog="Example: kt-budgets apply --plan plan.json")
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
@format_option("text", "json")
@output_option
@click.pass_context
def command(context: click.Context, /, *, format_: str, output: Path | None, **options: Any) -> None:
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
    month, opens = options["period"], options["plan_path"] is None and options["period"] is not None
    asked = Asked(month=month, **{name: options.pop(name) for name in _OWN})
    if asked.dry_run and not opens:
        raise UsageError(
            "--dry-run shows what opening a month would move, and this is a saved plan",
            hint="`kt-budgets show plan.json` shows it; or name a month with `--period` and no plan",
        )
    code = _opened(options, asked, format_, output) if opens else _applied(options, asked, format_, output)
    context.exit(code)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options of `apply` ask for, besides those that every network command shares."""

    month: Period | None
    plan_path: Path | None
    settle: float
    require_approval: bool
    dry_run: bool
    once: bool
    beyond_fiscal_year: bool
    first_apply: bool
    wait: float


_OWN = tuple(field.name for field in fields(Asked) if field.name != "month")


def _applied(options: dict[str, Any], asked: Asked, format_: str, output: Path | None) -> ExitCode:
    """Execute the plan that was reviewed."""
    from reconciler.apply.admission import admit
    from reconciler.cli.scope import declared_by
    from reconciler.cli.session import load_desired
    from reconciler.cli.show import load_plan

    plan = load_plan(asked.plan_path or Path("plan.json"))
    if options["sandbox"]:
        options["as_of"] = options["as_of"] or plan.as_of
    settings = settings_of(options)
    desired, _ = load_desired(settings)
    admit(plan, desired, as_of=settings.as_of, period=asked.month)
    last = _refuse_unasked(settings, plan, asked)
    result = _executed(settings, desired, plan, asked, declared_by(settings, plan, desired, last))
    return _told(result, settings, format_, output)


def _opened(options: dict[str, Any], asked: Asked, format_: str, output: Path | None) -> ExitCode:
    """Open a month from what was applied last."""
    from reconciler.apply.admission import admit
    from reconciler.cli.opening import confirm_month, opening_plan, show_opening, source_of
    from reconciler.journal.journal import opened, read_records

    settings = settings_of(options)
    if asked.once and (at := opened(read_records(settings.journal, folder=settings.root), settings.period)):
        _say_opened(settings.period, at, format_, output)
        return ExitCode.DONE
    source = source_of(settings)
    plan = opening_plan(settings, source, first_apply=asked.first_apply)
    admit(plan, source.desired, as_of=settings.as_of, period=asked.month, opens=True)
    if asked.dry_run:
        return show_opening(plan, format_, output)
    confirm_month(source.desired, plan.period, is_confirmed=asked.beyond_fiscal_year)
    _refuse_unasked(settings, plan, asked)
    result = _executed(settings, source.desired, plan, asked, "nothing")
    code = _told(result, settings, format_, output)
    _summarise(result, plan.source.commit)
    return code


def _refuse_unasked(settings: Settings, plan: Plan, asked: Asked) -> LastApplied | None:
    """Refuse what goes back, or lacks an approval that was asked for; return what was applied last."""
    from reconciler.cli.lineage import refuse_older
    from reconciler.cli.pr_approval import require_approval
    from reconciler.journal.journal import last_applied

    last = last_applied(settings.journal, folder=settings.root)
    refuse_older(settings, plan.source.commit, last)
    if asked.require_approval:
        require_approval(settings, plan)
    return last


def _executed(settings: Settings, desired: Desired, plan: Plan, asked: Asked, declares: Declares) -> Result:
    from reconciler.apply.application import apply_plan
    from reconciler.cli.run_place import site

    with site(
        settings, desired, settle=asked.settle, label="Applying", first_apply=asked.first_apply, wait=asked.wait
    ) as place:
        return apply_plan(plan, desired, place, declares=declares)


def _told(result: Result, settings: Settings, format_: str, output: Path | None) -> ExitCode:
    from reconciler.cli.run_place import print_result

    print_result(result, format_, output, journal=settings.journal)
    if result.denied:
        click.echo(f"kt-budgets: Keeptrusts does not let this token write: {result.denied}", err=True)
        click.echo("  hint: use a token with the permission org:billing, then plan again", err=True)
    return result.exit_code


def _summarise(result: Result, commit: str | None) -> None:
    """Say in the summary of a job what opening a month did."""
    from reconciler.cli.pr_session import add_to_summary
    from reconciler.forge.receipt import receipt
    from reconciler.report.escape import escaped

    add_to_summary(receipt(result.run, commit=commit or "unknown", escaped=escaped))


def _say_opened(period: Period, at: str, format_: str, output: Path | None) -> None:
    """Say that there is nothing to do: a month was opened before."""
    import json

    from reconciler.model.outcome import Run

    text = f"{period} was opened on {at[:16].replace('T', ' ')} UTC; nothing was done.\n"
    if format_ == "json":
        click.echo(text, err=True, nl=False)
        text = json.dumps(Run(run="", outcomes=(), converged=True).document(), sort_keys=True, indent=2) + "\n"
    write_result(text, output)
