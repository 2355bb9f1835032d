"""`kt-budgets apply`: execute a reviewed plan, exactly once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    first_apply_option,
    format_option,
    network_options,
    output_option,
    settings_of,
    wait_option,
    write_result,
)
from reconciler.cli.output import kept_in
from reconciler.cli.step_output import tell_outcomes
from reconciler.findings import ExitCode, LockHeldError, UsageError

if TYPE_CHECKING:
    from reconciler.apply.application import Site
    from reconciler.apply.clock import SignalInterruption
    from reconciler.apply.result import Result
    from reconciler.model.desired import Desired
    from reconciler.model.period import Period
    from reconciler.settings import Settings

_logger = logging.getLogger(__name__)


@click.command(epilog="Example: kt-budgets apply --plan plan.json")
@network_options
@click.option(
    "--plan",
    "plan_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The plan that was reviewed; default plan.json.",
)
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a lost answer is looked for in the ledger; longer than replicas are behind.",
)
@click.option("--journal", metavar="STORE", help="Where the run is recorded: file:PATH or git:REMOTE.")
@click.option("--require-approval", is_flag=True, help="Refuse unless the merged pull request's owners approved it.")
@click.option("--dry-run", is_flag=True, help="With --period: show what would be moved, and write nothing.")
@click.option("--once", is_flag=True, help="With --period: do nothing where that month was opened as a whole already.")
@click.option("--beyond-fiscal-year", is_flag=True, help="Fund a month outside of org.yaml's fiscal year.")
@first_apply_option
@wait_option
@format_option("text", "json")
@output_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    plan_path: Path | None,
    settle: float,
    format_: str,
    output: Path | None,
    require_approval: bool,
    dry_run: bool,
    once: bool,
    beyond_fiscal_year: bool,
    first_apply: bool,
    wait: float,
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
    from reconciler.apply.admission import admit
    from reconciler.apply.application import apply_plan
    from reconciler.apply.journal import last_applied, opened, read_records
    from reconciler.cli import pr_approval
    from reconciler.cli.lineage import refuse_older
    from reconciler.cli.opening import confirm_month, opening_plan, show_opening, source_of
    from reconciler.cli.scope import declared_by
    from reconciler.cli.session import load_desired
    from reconciler.cli.show import load_plan

    month, opens = options["period"], plan_path is None and options["period"] is not None
    if dry_run and not opens:
        raise UsageError(
            "--dry-run shows what opening a month would move, and this is a saved plan",
            hint="`kt-budgets show plan.json` shows it; or name a month with `--period` and no plan",
        )
    reviewed = None if opens else load_plan(plan_path or Path("plan.json"))
    if options["sandbox"] and reviewed:
        options["as_of"] = options["as_of"] or reviewed.as_of
    settings = settings_of(options)
    if opens and once and (at := opened(read_records(settings.journal, folder=settings.root), settings.period)):
        _say_opened(settings.period, at, format_, output)
        context.exit(ExitCode.DONE)
    if reviewed is None:
        source = source_of(settings)
        desired, plan = source.desired, opening_plan(settings, source, first_apply=first_apply)
    else:
        (desired, _), plan = load_desired(settings), reviewed
    admit(plan, desired, as_of=settings.as_of, period=month, opens=opens)
    if dry_run:
        context.exit(show_opening(plan, format_, output))
    if opens:
        confirm_month(desired, plan.period, is_confirmed=beyond_fiscal_year)
    last = last_applied(settings.journal, folder=settings.root)
    refuse_older(settings, plan.source.commit, last)
    if require_approval:
        pr_approval.require_approval(settings, plan)
    with site(settings, desired, settle=settle, label="Applying", first_apply=first_apply, wait=wait) as place:
        declares = "nothing" if opens else declared_by(settings, plan, desired, last)
        result = apply_plan(plan, desired, place, declares=declares)
    print_result(result, format_, output, journal=settings.journal)
    if opens:
        _summarise(result, plan.source.commit)
    if result.denied:
        click.echo(f"kt-budgets: Keeptrusts does not let this token write: {result.denied}", err=True)
        click.echo("  hint: use a token with the permission org:billing, then plan again", err=True)
    context.exit(result.exit_code)


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


@contextmanager
def site(
    settings: Settings, desired: Desired, *, settle: float, label: str, first_apply: bool = False, wait: float = 0.0
) -> Iterator[Site]:
    """Yield where a run takes place, with signals taken over and progress shown on a terminal.

    A lock that somebody else holds is waited for, `wait` seconds at most.
    """
    from concurrent.futures import ThreadPoolExecutor

    from reconciler.apply.application import Site
    from reconciler.apply.attribution import attribution
    from reconciler.apply.clock import SignalInterruption, SystemClock
    from reconciler.apply.patience import PatientStore
    from reconciler.apply.store import open_store
    from reconciler.cli.journal_place import refuse_beside_git_unless_said
    from reconciler.cli.progress import progress
    from reconciler.cli.session import connected
    from reconciler.keeptrusts.reader import Reader
    from reconciler.keeptrusts.writer import Writer
    from reconciler.settings import environment

    refuse_beside_git_unless_said(settings)
    interruption = SignalInterruption()
    store = open_store(settings.journal, folder=settings.root)
    with (
        connected(settings, desired, writing=True) as connection,
        Reader(connection) as reader,
        Writer(connection) as writer,
        ThreadPoolExecutor(1) as pool,
        progress(label) as advance,
        _stopping(interruption),
    ):
        yield Site(
            reader=reader,
            writer=writer,
            store=PatientStore(store, wait, _say_waiting) if wait else store,
            attribution=attribution(environment()),
            clock=SystemClock(interruption),
            interruption=interruption,
            settle=settle,
            notify=lambda _, done, total: advance(done, total),
            pool=pool,
            rehearsed=settings.as_of if settings.rehearsed else None,
            first_apply=first_apply or settings.sandbox,
        )


def _say_waiting(error: LockHeldError) -> None:
    click.echo(f"kt-budgets: waiting: {error.message.partition('; nothing')[0]}", err=True)


@contextmanager
def _stopping(interruption: SignalInterruption) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the run after its step, and the second at once."""
    from reconciler.apply.result import StoppedError

    with interruption.listening():
        try:
            yield
        except KeyboardInterrupt:
            raise StoppedError(
                "stopped in the middle of a step; what was under way is in the journal",
                hint="run `kt-budgets resume`, which proves or finishes it",
            ) from None


def print_result(result: Result, format_: str, output: Path | None, *, journal: str) -> None:
    """Print a run, or write it to `output`; whatever becomes of that, what was done is in the journal."""
    import json

    from reconciler.apply.wording import run_text

    for done in result.run.outcomes:
        subject = done.wallet or done.key or done.team
        _logger.info(
            "%s %s %s: %s %s", done.kind, subject, done.amount or "", done.status.value, done.transaction or ""
        )
    tell_outcomes(done.status.value for done in result.run.outcomes)
    kept_in(f"the journal {journal}: `kt-budgets audit` prints it")
    if format_ == "json":
        text = json.dumps(result.run.document(), sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    else:
        text = run_text(result)
    try:
        write_result(text, output)
    except UsageError as error:
        click.echo(f"kt-budgets: {error.message}; the run is in the journal {journal}", err=True)
        click.echo("  hint: print it with `kt-budgets audit`", err=True)
