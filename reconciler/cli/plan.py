"""`kt-budgets plan`: compare, forecast, and write plan.json."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import format_option, network_options, settings_of, usage_option, write_file
from reconciler.findings import ExitCode

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings


@click.command(epilog="Example: kt-budgets plan --usage exports/ --detailed-exit-code")
@network_options
@usage_option
@format_option("text", "json")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("plan.json"),
    show_default=True,
    metavar="FILE",
    help="Where to save the plan.",
)
@click.option("--detailed-exit-code", is_flag=True, help="Exit 10 when changes are pending.")
@click.option("--journal", metavar="STORE", help="Where runs are recorded: file:PATH or git:REMOTE.")
@click.pass_context
def command(context: click.Context, /, *, format_: str, output: Path, detailed_exit_code: bool, **options: Any) -> None:
    """Compare the YAML with Keeptrusts, forecast, and write plan.json."""
    from reconciler.cli.show import colours, rendered
    from reconciler.model.plan import sealed_text

    settings = settings_of(options)
    with uncollected():
        plan, saved = sealed_text(drafted(settings))
        write_file(output, saved)
        click.echo(rendered(plan, format_, colour=colours()), nl=False)
    if format_ == "text":
        click.echo(_next_step(plan, output))
    if any(guard.status == "refused" for guard in plan.guards):
        context.exit(ExitCode.REFUSED)
    if plan.changes and detailed_exit_code:
        context.exit(ExitCode.PENDING)


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave cyclic garbage alone until the end of the block: what a plan is made of stays, and is much."""
    import gc

    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def make(settings: Settings) -> Plan:
    """Return the sealed plan for `settings`."""
    from reconciler.model.plan import sealed

    return sealed(drafted(settings))


def drafted(settings: Settings) -> Plan:
    """Return the plan for `settings`: YAML, live state, usage and forecast together. It still is to be sealed."""
    from reconciler.apply.journal import last_applied
    from reconciler.cli.planning import assemble, forecast, read_live
    from reconciler.cli.processors import working_out
    from reconciler.cli.session import connected, load_desired
    from reconciler.cli.usage import obtain_usage
    from reconciler.plan.diff import make_plan

    desired, warnings = load_desired(settings)
    with working_out(len(desired.wallets)) as work_out:
        with connected(settings, desired) as connection:
            live = read_live(settings, desired, connection)
            diff = make_plan(desired, live, settings.period, last_applied=last_applied(settings.journal))
            usage, doubts = obtain_usage(settings, desired, connection)
        outlook = forecast(settings, desired, live, diff, usage, work_out=work_out)
    return assemble(settings, desired, live, diff, usage=usage, outlook=outlook, findings=[*warnings, *doubts])


def _next_step(plan: Plan, output: Path) -> str:
    if not plan.changes:
        return f"Saved to {output}."
    return f"Saved to {output}.\nNext: kt-budgets show {output} --format markdown, or open a pull request."
