"""Make a plan: compare, forecast, and put everything together that a reviewer needs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from reconciler.app.budget_files import BudgetFiles, changed_parts, declared_where_different, files_of
from reconciler.app.checkout import is_older, line_of, touching
from reconciler.app.first_contact import FirstNames
from reconciler.app.forecast_log import track_record
from reconciler.app.forge_session import forge_words
from reconciler.app.lineage import refuse_behind
from reconciler.app.planning.ahead import Ahead
from reconciler.app.planning.comparison import Comparison
from reconciler.app.planning.early import Early
from reconciler.app.planning.managed import managed, released_teams
from reconciler.app.planning.merged_result import as_merged
from reconciler.app.planning.others import other_wallets
from reconciler.app.planning.pipeline import assemble, checked_out, forecast, read_live, waiver_uses_for
from reconciler.app.planning.remarks import first_reclaim, year_known
from reconciler.app.planning.scope import ALL, aim_of
from reconciler.app.processors import shard_runner
from reconciler.app.session import connected, load_desired
from reconciler.app.usage import from_files, obtain_usage
from reconciler.findings import ExitCode
from reconciler.git.failures import GitError
from reconciler.journal.journal import last_declared, read_records
from reconciler.model.applied import LastApplied
from reconciler.model.landing import teams_of
from reconciler.model.later import Unapplied
from reconciler.model.outcome import exit_code_of
from reconciler.model.plan import Plan, sealed_bytes
from reconciler.plan.scope import wallets_of
from reconciler.report.next_step import next_step
from reconciler.report.renderers import render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import Settings
from reconciler.source.load import gc_paused

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """A sealed plan, and the canonical bytes of its file."""

    plan: Plan
    saved: bytes

    @property
    def exit_code(self) -> ExitCode:
        """What `--detailed-exit-code` exits with: 10 for changes, else 8 or 5 for a wallet in doubt."""
        return ExitCode.PENDING if self.plan.changes else exit_code_of(self.plan.doubts) or ExitCode.DONE

    @property
    def refused(self) -> str:
        """What guards say that refuse the plan, an empty text where none does."""
        return "; ".join(f"{guard.guard}: {guard.message}" for guard in self.plan.guards if guard.status == "refused")

    @property
    def told(self) -> dict[str, str | bool]:
        """What the next steps of a job in CI learn."""
        refused = {"failure_reason": self.refused} if self.refused else {}
        return {"changed": bool(self.plan.changes), "digest": self.plan.digest, **refused}

    def next_step(self, saved_to: str) -> str:
        """Return where the plan was saved, and on a line of its own what a person can do with it."""
        return next_step(self.plan, saved_to, forge_words())

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return the plan as `text`, `markdown`, `html` or `json`."""
        if format_ == "json":
            return self.saved.decode()
        with gc_paused():
            return render("plan", format_, self.plan, screen)


def make(
    settings: Settings, *, since: str | None = None, all_teams: bool = False, first_apply: FirstNames = False
) -> Planned:
    """Return the plan of `settings` with its file; `all_teams` makes it about all of them in CI too.

    Raises what `plan` raises.
    """
    with gc_paused():
        made, saved = sealed_bytes(drafted(settings, since=ALL if all_teams else since, first_apply=first_apply))
    for change in made.changes:
        _logger.info("planned: %s for %s (%s)", change.kind, change.team, change.position)
    return Planned(made, saved)


def plan(settings: Settings, *, since: str | None = None, first_apply: FirstNames = False) -> Plan:
    """Return the sealed plan for `settings`: what `kt-budgets plan` writes into plan.json.

    It is about the teams that `since` says, as `drafted` has it. Its amounts are Decimal in the organization's
    currency, its fingerprints bind an approval to what was shown.

    Raises:
        FindingsError: the YAML has errors.
        UsageError: `since` is no commit, or the usage cannot be read.
        RefusedError: the budgets are older than what was applied, or a branch that cannot be merged into its target.
        RemoteError: Keeptrusts cannot be read whole.
    """
    return make(settings, since=since, first_apply=first_apply).plan


def drafted(settings: Settings, *, since: str | None = None, first_apply: FirstNames = False) -> Plan:
    """Return the plan for `settings`: YAML, live state, usage and forecast together. It still is to be sealed.

    It is about the teams that changed since the commit `since`, or since what this run of CI says; where the branch
    that it goes to moved on, it is the plan of what merging gives. Nothing is taken back from a wallet that
    nothing was ever applied to, unless `first_apply` is True or names it.
    """
    with as_merged(settings) as (merged, head):
        return _drafted(merged, since=since, first_apply=first_apply, head=head)


def _drafted(settings: Settings, *, since: str | None, first_apply: FirstNames, head: str | None) -> Plan:
    with ExitStack() as processes, Ahead(settings) as ahead:
        desired, warnings = load_desired(settings, meanwhile=ahead.begin)
        records = read_records(settings.journal, folder=settings.root)
        refuse_behind(settings, last_declared(records))
        named = from_files(settings, desired) if settings.usage else None
        with connected(settings, desired) as connection, ahead.reader(desired, connection) as reader:
            from reconciler.forecast.year import year_targets

            aim = aim_of(settings, desired, records, since=since)
            teams = aim.scope.teams if aim.scope else None
            released = tuple(released_teams(desired, records))
            desired = managed(desired, records)
            run_shards = processes.enter_context(shard_runner(len(wallets_of(desired, teams))))
            comparison = Comparison(settings, desired, records, first_apply)
            watcher = Early(comparison, named, run_shards, teams=teams) if named and run_shards.others else None
            standing = comparison.standing
            read = read_live(
                settings, desired, connection, teams=teams, standing=standing, reader=reader, watcher=watcher
            )
            live, diff = comparison.of(read, teams=teams)
            usage, doubts = obtain_usage(settings, desired, connection, named=named)
        others = other_wallets(settings, desired, usage, teams=teams)
        outlook = forecast(settings, desired, live, diff, usage, run_shards=run_shards, teams=teams, others=others)
    reclaimed = first_reclaim(desired, outlook.wallets, settings.period, last=last_declared(records), later=aim.later)
    year = year_targets(desired, usage, as_of=settings.as_of)
    known = year_known(warnings, year, desired)
    findings = [*known, *doubts, *released, *reclaimed]
    source = checked_out(settings, desired, head=head)
    made = assemble(
        settings,
        desired,
        live,
        diff,
        usage=usage,
        outlook=outlook,
        findings=findings,
        source=source,
        aim=aim,
        year=year,
        uses=waiver_uses_for(records, desired, aim.rules),
    )
    pending = unapplied(settings.budgets, last_declared(records), source.base) if source.base else ()
    record = track_record(settings, desired, usage, made)
    return made.model_copy(update={"unapplied": pending, "track_record": record})


MOST = 20
"""So many of the newest commits are told; what is behind is told by `drift`."""


def unapplied(budgets: Path, last: LastApplied | None, tip: str) -> tuple[Unapplied, ...]:
    """Return the commits of the line below `tip` whose values are not applied yet, oldest first.

    Nothing is returned where that cannot be told: before the first apply, and where the last one is not in this clone.
    """
    if last is None or not last.commit:
        return ()
    try:
        return tuple(_unapplied(budgets, last, last.commit, tip))
    except GitError:
        return ()


def _unapplied(budgets: Path, last: LastApplied, since: str, tip: str) -> Iterator[Unapplied]:
    line = line_of(budgets, since, tip)
    for commit in touching(budgets, line)[-MOST:]:
        below = [files_of(budgets, first) for first in line[commit][:1]]
        before = below[0] if below else BudgetFiles(budgets.resolve().name)
        declared = declared_where_different(before, files_of(budgets, commit))
        changed = changed_parts(*declared) if declared else frozenset()
        left = {part for part in changed if not _is_applied(budgets, last.ahead.get(part), commit)}
        if left:
            yield Unapplied(commit=commit, teams=teams_of(left))


def _is_applied(budgets: Path, ahead: str | None, commit: str) -> bool:
    return ahead is not None and (ahead == commit or is_older(budgets, commit, ahead))
