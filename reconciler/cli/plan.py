"""`kt-budgets plan`: compare, forecast, and write plan.json."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.options import (
    first_apply_option,
    format_option,
    journal_option,
    network_options,
    settings_of,
    usage_option,
)
from reconciler.cli.output import is_stdout, kept_in, write_file
from reconciler.cli.scope import ALL
from reconciler.cli.step_output import tell
from reconciler.findings import ExitCode

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.settings import Settings

_logger = logging.getLogger(__name__)


@click.command(epilog="Example: kt-budgets plan --usage exports/ --detailed-exit-code")
@network_options
@usage_option
@first_apply_option
@format_option("text", "json")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("plan.json"),
    show_default=True,
    metavar="FILE",
    help="Where to save the plan.",
)
@click.option("--since", metavar="REF", help="Only the teams whose YAML differs from that commit.")
@click.option("--all-teams", is_flag=True, help="Every team, in a pull request too.")
@click.option(
    "--detailed-exit-code",
    is_flag=True,
    help="Exit 10 when changes are pending, else 8 or 5 when a wallet is in doubt.",
)
@journal_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    format_: str,
    output: Path,
    since: str | None,
    all_teams: bool,
    detailed_exit_code: bool,
    first_apply: bool,
    **options: Any,
) -> None:
    """Compare the YAML with Keeptrusts, forecast, and write plan.json.

    In CI it is about the teams that the pull request changes, and after a merge about those that changed since what
    was last applied: the others are neither read nor forecast, and the plan says so. Elsewhere it is about all.
    """
    from reconciler.apply.result import exit_code_of
    from reconciler.cli.show import colours, rendered
    from reconciler.model.plan import sealed_bytes
    from reconciler.source.load import uncollected

    settings = settings_of(options)
    with uncollected():
        plan, saved = sealed_bytes(drafted(settings, since=ALL if all_teams else since, first_apply=first_apply))
        for change in plan.changes:
            _logger.info("planned: %s for %s (%s)", change.kind, change.team, change.position)
        write_file(output, saved)
        printed = not is_stdout(output)
        if printed:
            kept_in(str(output))
            click.echo(rendered(plan, format_, colour=colours()), nl=False)
    if format_ == "text" and printed:
        click.echo(_next_step(plan, output))
    tell(changed=bool(plan.changes), digest=plan.digest)
    if refused := [guard for guard in plan.guards if guard.status == "refused"]:
        tell(failure_reason="; ".join(f"{guard.guard}: {guard.message}" for guard in refused))
        context.exit(ExitCode.REFUSED)
    if detailed_exit_code:
        context.exit(ExitCode.PENDING if plan.changes else exit_code_of(plan.doubts) or ExitCode.DONE)


def make(settings: Settings) -> Plan:
    """Return the sealed plan for `settings`."""
    from reconciler.model.plan import sealed

    return sealed(drafted(settings))


def drafted(settings: Settings, *, since: str | None = None, first_apply: bool = False) -> Plan:
    """Return the plan for `settings`: YAML, live state, usage and forecast together. It still is to be sealed.

    It is about the teams that changed since the commit `since`, or since what this run of CI says; where the branch
    that it goes to moved on, it is the plan of what merging gives. Without `first_apply` nothing is taken back from a
    wallet that nothing was ever applied to.
    """
    from reconciler.cli.merged_result import as_merged

    with as_merged(settings) as (merged, head):
        return _drafted(merged, since=since, first_apply=first_apply, head=head)


def _drafted(settings: Settings, *, since: str | None, first_apply: bool, head: str | None) -> Plan:
    from reconciler.app.change_request.pending import unapplied
    from reconciler.cli.lineage import refuse_behind
    from reconciler.cli.planning import assemble, compared, forecast
    from reconciler.cli.processors import working_out
    from reconciler.cli.scope import aim_of
    from reconciler.cli.session import connected, load_desired
    from reconciler.cli.usage import obtain_usage
    from reconciler.cli.year_known import year_known
    from reconciler.journal.journal import last_declared, read_records
    from reconciler.plan.scope import wallets_of

    desired, warnings = load_desired(settings)
    records = read_records(settings.journal, folder=settings.root)
    refuse_behind(settings, last_declared(records))
    aim = aim_of(settings, desired, records, since=since)
    teams = aim.scope.teams if aim.scope else None
    with working_out(len(wallets_of(desired, teams))) as work_out:
        with connected(settings, desired) as connection:
            live, diff = compared(settings, desired, connection, records, teams=teams, first_apply=first_apply)
            usage, doubts = obtain_usage(settings, desired, connection)
        outlook = forecast(settings, desired, live, diff, usage, work_out=work_out, teams=teams)
    findings = [*year_known(warnings, settings=settings, desired=desired, usage=usage), *doubts]
    plan = assemble(settings, desired, live, diff, usage=usage, outlook=outlook, findings=findings, aim=aim, head=head)
    base = plan.source.base
    pending = unapplied(settings.budgets, last_declared(records), base) if base else ()
    return plan.model_copy(update={"unapplied": pending})


def _next_step(plan: Plan, output: Path) -> str:
    from reconciler.model.period import Period

    if not plan.changes:
        return f"Saved to {output}."
    if plan.as_of >= plan.period.end:
        return (
            f"Saved to {output}.\nNext: nothing, for {plan.period} is over on {plan.as_of} and `apply` refuses a month"
            f" that is over. `kt-budgets plan --period {Period.of(plan.as_of)}` plans the present one."
        )
    if plan.as_of < plan.period.first:
        return (
            f"Saved to {output}.\nNext: {plan.period} is funded when it begins: merge the YAML, and from"
            f" {plan.period.first} on `kt-budgets apply --period {plan.period}` funds it; before that `apply` refuses."
        )
    return f"Saved to {output}.\nNext: kt-budgets show {output} --format markdown, or open a pull request."
