"""Opening a month: the plan that funds every wallet for it, made and applied in one go from what is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reconciler.app.disbelief import refuse_disbelieved
from reconciler.app.execution.funding_source import Opened, source_of
from reconciler.app.execution.run import Ran, Terms, executed, refuse_unasked
from reconciler.app.listening import say, summarise
from reconciler.app.planning.managed import managed
from reconciler.app.planning.pipeline import assemble, checked_out, compared
from reconciler.app.planning.scope import Aim
from reconciler.app.session import connected
from reconciler.apply import preflight
from reconciler.findings import ExitCode, RefusedError
from reconciler.journal.journal import last_declared, opened, read_records
from reconciler.journal.record import Record
from reconciler.model.guards import GuardSettings
from reconciler.model.outcome import Result
from reconciler.model.period import Period
from reconciler.model.plan import Plan, Source, sealed
from reconciler.plan.opening import opening
from reconciler.policy.facts import unasked
from reconciler.report.receipt import receipt
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class MonthOpened(Answer):
    """What opening a month came to: `result` of the run, the `plan` of a dry run, or since when it was open (`at`)."""

    period: Period
    result: Result | None = None
    plan: Plan | None = None
    at: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """What the process returns: 10 for a dry run that would move something."""
        if self.result:
            return self.result.exit_code
        return ExitCode.PENDING if self.plan and self.plan.changes else ExitCode.DONE

    @property
    def said(self) -> str:
        """A sentence where there was nothing to do."""
        return f"{self.period} was opened on {self.at[:16].replace('T', ' ')} UTC; nothing was done." if self.at else ""

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return what was not run as `text` or `json`: the plan of a dry run, or that there was nothing to do."""
        if self.plan:
            return render("plan", format_, self.plan, screen)
        return Ran(None, "").rendered(format_) if format_ == "json" else f"{self.said}\n"

    def beside(self, format_: str, *, to_file: bool) -> str:
        del to_file
        return f"{self.said}\n" if self.said and format_ == "json" else ""


def _nobody(why: str) -> bool:
    """Confirm nothing: there is no person to ask."""
    del why
    return False


def open_month(
    settings: Settings,
    terms: Terms | None = None,
    *,
    confirm: Callable[[str], bool] = _nobody,
    once: bool = False,
    dry_run: bool = False,
) -> MonthOpened:
    """Fund every wallet for `settings.period` from what was applied last, and take back what earlier months left.

    It is safe to repeat. With `once` nothing is done where that month was opened as a whole already. `confirm` is asked
    with a sentence before a month outside of the fiscal year is funded.

    Raises:
        RefusedError: the month has not begun or is over, was not confirmed, or a guard or a missing approval refuses.
        FindingsError: the YAML has errors.
        LockHeldError: another run goes on for longer than `terms.wait` seconds.
        RemoteError: Keeptrusts cannot be read whole, or is not to be written with this token.
    """
    terms = terms or Terms()
    records = read_records(settings.journal, folder=settings.root)
    if once and (at := opened(records, settings.period)):
        return MonthOpened(settings.period, at=at)
    last = last_declared(records)
    refuse_disbelieved(settings, records)
    source = source_of(settings, last)
    plan = opening_plan(settings, source, records, terms)
    for why in source.left.values():
        say(why)
    preflight.check(plan, source.desired, as_of=settings.as_of, period=settings.period, opens=True)
    if dry_run:
        return MonthOpened(settings.period, plan=plan)
    confirm_month(source, plan.period, confirm)
    refuse_unasked(settings, plan, terms, last)
    result = executed(settings, source.desired, plan, terms, "nothing", source.left)
    summarise(receipt(result.run, commit=plan.source.commit or "unknown"))
    return MonthOpened(settings.period, result=result)


def opening_plan(settings: Settings, source: Opened, records: Sequence[Record], terms: Terms) -> Plan:
    """Return the sealed plan that funds `settings.period`, and takes back what earlier months left if YAML says so.

    It holds nothing else: an excess that somebody gave by hand, an alert or a schedule that differs is left for a
    plan that people review. The limits on a single run do not count here, because a month's whole funding is no
    change; that the pool can pay for it does. Nobody is asked for it, unless the terms require an approval.
    """
    desired = managed(source.desired, records)
    with connected(settings, desired) as connection:
        live, diff = compared(settings, desired, connection, records, first_apply=terms.first_apply)
    unguarded = replace(
        desired, organization=desired.organization.model_copy(update={"guards": GuardSettings(), "policies": {}})
    )
    funding = opening(diff, live, currency=desired.organization.currency)
    made_from = (
        Source(commit=source.commit, dirty=source.dirty, tree_digest=desired.tree_digest)
        if source.commit
        else checked_out(settings, desired)
    )
    drafted = assemble(
        settings,
        unguarded,
        live,
        funding,
        usage=None,
        outlook=None,
        findings=source.warnings,
        source=made_from,
        aim=Aim(rules=unguarded if terms.require_approval else None),
    )
    return sealed(drafted if terms.require_approval else unasked(drafted))


def confirm_month(source: Opened, period: Period, confirm: Callable[[str], bool]) -> None:
    """Have a month outside of the fiscal year confirmed by a person; raises RefusedError if it is not.

    In a year of which the YAML is there and not applied yet, a month is funded by what was applied last, as any other.
    """
    year = source.desired.organization.fiscal_year.value
    if period in year:
        return
    if source.coming and period in source.coming:
        say(
            f"{period} is in {source.coming.name}, of which nothing is applied yet: it is funded by {year.name} for now"
        )
        return
    why = f"{period} is not in {year.name} ({year.starts} to {year.periods[-1]}), which these budgets are for"
    if not confirm(why):
        raise RefusedError(
            f"{why}; nothing was written",
            hint="set `fiscal_year` in org.yaml to the year that holds it, or give `--beyond-fiscal-year` if that"
            " month is meant",
        )
    say(f"{why}; it is funded because it was confirmed")
