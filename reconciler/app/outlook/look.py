"""What every command that looks ahead starts from: the YAML, money from the ledger or from the targets, and usage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.app.listening import say
from reconciler.app.planning.managed import managed, released_teams
from reconciler.app.planning.others import questions_without_ledger
from reconciler.app.planning.pipeline import read_live
from reconciler.app.planning.questions import questions
from reconciler.app.planning.year_sum import year_sum
from reconciler.app.processors import shard_runner
from reconciler.app.session import connected, load_desired
from reconciler.app.usage import obtain_usage
from reconciler.findings import Finding, UsageError
from reconciler.forecast.question import Forecast, WalletQuestion
from reconciler.journal.history import History, history_of
from reconciler.journal.journal import last_declared, read_records
from reconciler.journal.own_objects import own_objects
from reconciler.journal.standing import unreadable
from reconciler.model.period import Period
from reconciler.plan.diff import Diff, make_plan

if TYPE_CHECKING:
    from reconciler.forecast.context import ForecastContext
    from reconciler.forecast.history import Spending
    from reconciler.model.applied import LastApplied
    from reconciler.model.desired import Desired
    from reconciler.model.live import Live
    from reconciler.model.usage import DailyUsage
    from reconciler.model.year_targets import YearTargets
    from reconciler.plan.scope import Teams
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that there is to look ahead with. `live` is None offline; `doubts` are about the usage.

    Of live state, the ledgers of `teams` are there; None stands for all. `applied` is what tells what git deletes,
    `history` what was done by us: a plan takes nothing back from a wallet that nothing was applied to.
    """

    settings: Settings
    desired: Desired
    live: Live | None
    usage: DailyUsage | None
    doubts: tuple[Finding, ...] = ()
    teams: Teams = None
    applied: LastApplied | None = None
    history: History = field(default_factory=History)

    @property
    def seen(self) -> DailyUsage | None:
        """What is known of past spend: as in a plan, what the ledgers settled where there is no usage.

        Where there are no ledgers either, nothing is known of the month that is under way.
        """
        from reconciler.plan.ledger_usage import nothing_known, seen_usage

        as_of = self.settings.as_of
        if self.live is not None:
            return seen_usage(self.usage, self.live, as_of=as_of)
        told = self.usage.source.first_day if self.usage else None
        return self.usage if told is not None and told < as_of else nothing_known(Period.of(as_of).first)

    @property
    def spending(self) -> Spending:
        """What each wallet spent, as the forecast has it."""
        from reconciler.forecast.history import spending

        return spending(self.seen, as_of=self.settings.as_of, unseen=self._unseen)

    @property
    def _unseen(self) -> DailyUsage | None:
        from reconciler.plan.ledger_usage import unseen_usage

        return unseen_usage(self.usage, self.live, as_of=self.settings.as_of) if self.live else None

    def asking(
        self, keys: Sequence[str] | None = None, *, desired: Desired | None = None
    ) -> tuple[WalletQuestion, ...]:
        """Return a question for each wallet of `keys`, or for all; `desired` may be other than the YAML."""
        wanted = desired or self.desired
        if self.live is None:
            return questions_without_ledger(self.settings, wanted, self.seen, before=self.desired, keys=keys)
        asked = self._live_questions(wanted, self.live)
        return tuple(question for question in asked if keys is None or question.wallet.key in keys)

    def _live_questions(self, desired: Desired, live: Live) -> tuple[WalletQuestion, ...]:
        return questions(self.settings, desired, live, self._diff(desired, live), teams=self.teams)

    def _diff(self, desired: Desired, live: Live, period: Period | None = None, *, first: bool = False) -> Diff:
        month = period or self.settings.period
        return make_plan(
            desired,
            live,
            month,
            last_applied=self.applied,
            teams=self.teams,
            own=self.history.acknowledged,
            doubts=unreadable(live.wallets),
            known=None if self.settings.sandbox else self.history.known(live.wallets, month),
            first=first,
            to_open=self.history.to_open(month),
        )

    def year_sum(self, before: Desired | None = None) -> YearTargets:
        """Return what wallets may spend over the fiscal year once the YAML is applied, or by that `before` it.

        That is what `plan --first-apply` makes of the present month. In months that are over wallets got the same by
        either.
        """
        seen = self.seen
        known, since = self.spending, seen.source.first_day if seen else None
        wanted, past = (self.desired, None) if before is None else (before, self.desired)
        month = Period.of(self.settings.as_of)
        diff = self._diff(wanted, self.live, month, first=True) if self.live else None
        changes, doubts = (diff.changes, diff.doubts) if diff else ((), ())
        return year_sum(wanted, self.live, known, since, changes=changes, doubts=doubts, past=past)

    def forecast(self, asked: Sequence[WalletQuestion]) -> Forecast:
        from reconciler.forecast.project import project

        with shard_runner(len(asked)) as run_shards:
            return project(asked, self.context(asked), run_shards=run_shards)

    def context(self, asked: Sequence[WalletQuestion]) -> ForecastContext:
        from reconciler.forecast.context import forecast_context

        return forecast_context(
            self.seen,
            asked,
            organization=self.desired.organization,
            period=self.settings.period,
            as_of=self.settings.as_of,
            teams=self.desired.teams,
            unseen=self._unseen,
        )


def look(settings: Settings, *, offline: bool = False, horizon: int | None = None, teams: Teams = None) -> Outlook:
    """Return what there is to look ahead with, for `teams`: from Keeptrusts, or from files alone.

    Without a token, but with usage files, the targets of the YAML stand for the money, which is said. Where there is a
    ledger, a team that was released is left out, as in a plan. Raises UsageError
    where the month was over before the first day of the usage: what nobody knows is not nothing.
    """
    if offline and settings.sandbox:
        raise UsageError("`--offline` and `--sandbox` contradict each other", hint="leave one of them out")
    desired, _ = load_desired(settings)
    if horizon is not None:
        desired = with_horizon(desired, horizon)
    if offline or (settings.usage and settings.token is None and not settings.sandbox):
        why = "`--offline`" if offline else "no token was given"
        say(
            f"{why}: nothing was read from Keeptrusts; each wallet is taken to hold its target, funded in full on the"
            " first of the month, less what the usage shows as spent"
        )
        usage, doubts = obtain_usage(settings, desired, None)
        _require_known(settings, usage)
        return Outlook(settings, desired, None, usage, doubts)
    records = read_records(settings.journal, folder=settings.root)
    history = history_of(records)
    released = tuple(released_teams(desired, records))
    desired = managed(desired, records)
    with connected(settings, desired) as connection:
        live = own_objects(read_live(settings, desired, connection, teams=teams), history.transactions)
        usage, doubts = obtain_usage(settings, desired, connection)
    _require_known(settings, usage)
    doubts, last = (*released, *doubts), last_declared(records)
    return Outlook(settings, desired, live, usage, doubts, teams, last, history)


def _require_known(settings: Settings, usage: DailyUsage | None) -> None:
    source, period = usage.source if usage else None, settings.period
    if source and source.first_day and source.last_day and period.end <= source.first_day:
        raise UsageError(
            f"nothing is known of {period.name}: the usage is known from {source.first_day} to {source.last_day}",
            hint=f"name another month, or look from a day of that time, such as `--as-of {period.last}`",
        )


def with_horizon(desired: Desired, months: int) -> Desired:
    """Return `desired` with another number of months to look ahead."""
    forecast = desired.organization.forecast.model_copy(update={"horizon_months": months})
    return replace(desired, organization=desired.organization.model_copy(update={"forecast": forecast}))
