"""Put a plan together of what the YAML declares: compare, forecast, and all that a reviewer needs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from contextvars import copy_context
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.app.budget_files import BudgetFiles, changed_parts, declared_where_different, files_of
from reconciler.app.checkout import is_older, line_of, touching
from reconciler.app.first_contact import FirstNames
from reconciler.app.forecast_log import track_record
from reconciler.app.lineage import refuse_behind
from reconciler.app.planning.comparison import Comparison
from reconciler.app.planning.early import Early
from reconciler.app.planning.managed import managed, released_teams
from reconciler.app.planning.others import other_wallets
from reconciler.app.planning.pipeline import assemble, checked_out, forecast, read_live, waiver_uses_for
from reconciler.app.planning.remarks import first_reclaim, later_short, year_known
from reconciler.app.planning.scope import ALL, Aim, aim_of
from reconciler.app.planning.year_sum import year_of_plan
from reconciler.app.processors import shard_runner
from reconciler.app.session import connected
from reconciler.app.usage import obtain_usage
from reconciler.findings import Finding
from reconciler.git.failures import GitError
from reconciler.journal.journal import last_declared, read_records
from reconciler.keeptrusts.connection import Connection
from reconciler.keeptrusts.reader import Reader
from reconciler.model.applied import LastApplied
from reconciler.model.desired import Desired
from reconciler.model.landing import teams_of
from reconciler.model.later import Unapplied
from reconciler.model.plan import Plan
from reconciler.plan.scope import wallets_of
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.model.usage import DailyUsage

Reading = Callable[[Desired, Connection], AbstractContextManager[Reader]]
"""Gives the reader of what is compared."""


class About(NamedTuple):
    """What a plan is about: the teams since the commit `since`, `all_teams`, or what this run of CI says.

    `first_apply` is as for `drafted`; `head` what is checked out, where what merging gives is planned.
    """

    since: str | None
    all_teams: bool
    first_apply: FirstNames
    head: str | None


class Begun(NamedTuple):
    """What is read meanwhile: Keeptrusts, and the usage of the exports that are named, which `named` waits for."""

    reading: Reading
    named: Callable[[], DailyUsage | None]


def draft(settings: Settings, desired: Desired, about: About, begun: Begun, warnings: Sequence[Finding]) -> Plan:
    """Return the plan of what the YAML declares, which still is to be sealed; `warnings` were found in the YAML."""
    with ExitStack() as processes:
        records = read_records(settings.journal, folder=settings.root)
        refuse_behind(settings, last_declared(records))
        with connected(settings, desired) as connection, begun.reading(desired, connection) as reader:
            aim = aim_of(settings, desired, records, since=ALL if about.all_teams else about.since)
            teams = aim.scope.teams if aim.scope else None
            released = tuple(released_teams(desired, records))
            desired = managed(desired, records)
            aim = _without(aim, desired.released)
            aside = processes.enter_context(ThreadPoolExecutor(1))
            source = aside.submit(copy_context().run, checked_out, settings, desired, head=about.head)
            run_shards = processes.enter_context(shard_runner(len(wallets_of(desired, teams)), reading=True))
            comparison = Comparison(settings, desired, records, about.first_apply)
            early = begun.named() if run_shards.others else None
            watcher = Early(comparison, early, run_shards, teams=teams) if early else None
            reads = partial(read_live, reader=reader, watcher=watcher, standing=comparison.standing)
            live, diff = comparison.of(reads(settings, desired, connection, teams=teams), teams=teams)
            usage, doubts = obtain_usage(settings, desired, connection, named=begun.named())
        others = other_wallets(settings, desired, usage, teams=teams)
        outlook = forecast(settings, desired, live, diff, usage, run_shards=run_shards, teams=teams, others=others)
    reclaimed = first_reclaim(desired, outlook.wallets, settings.period, last=last_declared(records), later=aim.later)
    short = later_short(desired, outlook.wallets, aim.later)
    year = year_of_plan(settings, desired, live, usage, changes=diff.changes, doubts=diff.doubts, before=aim.rules)
    findings = [*year_known(warnings, year, desired), *doubts, *released, *reclaimed, *short]
    made = assemble(
        settings,
        desired,
        live,
        diff,
        usage=usage,
        outlook=outlook,
        findings=findings,
        source=source.result(),
        aim=aim,
        year=year,
        uses=waiver_uses_for(records, desired, aim.rules),
    )
    base = made.source.base
    pending = unapplied(settings.budgets, last_declared(records), base) if base else ()
    record = track_record(settings, desired, usage, made)
    return made.model_copy(update={"unapplied": pending, "track_record": record})


def _without(aim: Aim, released: Collection[str]) -> Aim:
    """Return `aim` without what later months get of teams that were released: nothing comes of it."""
    if aim.later is None or not released:
        return aim
    kept = tuple(target for target in aim.later.targets if target.team not in released)
    return replace(aim, later=aim.later.model_copy(update={"targets": kept}))


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
