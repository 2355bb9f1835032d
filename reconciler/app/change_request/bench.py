"""What the replay of merges works with: plans made, approvals asked for and runs carried out from the command line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reconciler.app.apply_environment import apply_environment
from reconciler.app.budget_files import Commits
from reconciler.app.change_request.approving import approved
from reconciler.app.change_request.edited import Edited, edited_parts
from reconciler.app.change_request.settled import StepApproval
from reconciler.app.change_request.step import Step, UnreadApprovalError
from reconciler.app.change_request.unshown import unshown_parts
from reconciler.app.planning.managed import managed
from reconciler.app.planning.pipeline import assemble, compared, waiver_uses_for
from reconciler.app.planning.scope import compared_with
from reconciler.app.session import connected
from reconciler.apply import preflight
from reconciler.apply.application import apply_plan
from reconciler.findings import Finding, RemoteError, UsageError
from reconciler.forge.approval import recorded
from reconciler.forge.protocol import Forge
from reconciler.journal.declared import Declares, Landed
from reconciler.journal.history import history_of
from reconciler.journal.journal import last_declared, read_records
from reconciler.journal.record import Record
from reconciler.model.applied import LastApplied
from reconciler.model.change import Change, Reclaim
from reconciler.model.desired import Desired
from reconciler.model.outcome import Result
from reconciler.model.plan import Plan, Scope, Source, sealed
from reconciler.plan.scope import begun
from reconciler.policy.facts import applied_under
from reconciler.policy.organization_rules import look_ahead
from reconciler.policy.plan_record import PlanRecord
from reconciler.settings import Settings, overlaid


@dataclass(slots=True)
class MergeBench:
    """`settle` and `wait` are in seconds. `plans` are those that were made, by the commit of their landing, `shown` the
    records of those that were shown in the pull requests that were looked at.

    The journal is read anew after each run: what others write meanwhile is met under its lock, where plans are compared
    with what is live.
    """

    settings: Settings
    commits: Commits
    session: Forge | None = None
    settle: float = 60.0
    wait: float = 0.0
    first_apply: bool = False
    plans: dict[str, Plan] = field(default_factory=dict)
    shown: list[PlanRecord] = field(default_factory=list)
    _records: Sequence[Record] | None = None

    def plan(self, step: Step) -> Plan:
        teams = step.teams
        everybody = {*step.after.teams, *(teams or ())}
        scope = Scope(since=step.landing.base or "", teams=teams, of=len(everybody)) if teams is not None else None
        source = Source(commit=step.landing.commit, dirty=False, tree_digest=step.after.tree_digest)
        before = step.start or begun(step.after)
        plan = self.planned(step.after, step.findings, source=source, scope=scope, before=before)
        self.plans[step.landing.commit] = plan
        return plan

    def approve(self, step: Step, plan: Plan) -> StepApproval:
        if self.session is None:
            raise UsageError("the forge was not asked", hint="name the repository with `--repo OWNER/NAME`")
        try:
            return self._approved(self.session, step, plan)
        except RemoteError as error:
            self.session.newest_change_requests(into=self.session.default_branch())
            raise UnreadApprovalError(step.landing, error) from error

    def _approved(self, session: Forge, step: Step, plan: Plan) -> StepApproval:
        number = step.landing.pull_request
        pull = session.change_request(number) if number else None
        by_hand = edited_parts(self.commits, step.landing, pull) if pull else frozenset()
        records = recorded(session, pull) if pull else []
        self.shown += [record for _, record in records]
        more = unshown_parts(self.commits, step.arrival, pull, records) if pull else {}
        asked = Edited(by_hand & step.parts, {part: why for part, why in more.items() if part in step.parts})
        return approved(
            session, pull, step, plan, budgets=self.settings.budgets, as_of=self.settings.as_of, edited=asked
        )

    def execute(self, step: Step, plan: Plan, landed: Landed, withheld: Mapping[str, str]) -> Result:
        number = step.landing.pull_request
        why = {"KT_BUDGETS_PULL_REQUEST": str(number)} if number else {}
        rules = (step.arrival.before, step.before, step.arrival.origin)
        with overlaid(**why, KT_BUDGETS_COMMIT=step.landing.commit):
            return self.carried_out(plan, step.after, declares=landed, withheld=withheld, rules=rules)

    def released(self) -> Collection[str]:
        return history_of(self.records()).released.keys()

    def applied(self) -> LastApplied | None:
        return last_declared(self.records())

    def records(self) -> Sequence[Record]:
        """Return the journal as it was after the last run of ours, or when it was first asked for."""
        if self._records is None:
            self._records = read_records(self.settings.journal, folder=self.settings.root)
        return self._records

    def forget(self) -> None:
        """Read the journal anew when it is asked for next: something was written."""
        self._records = None

    def planned(
        self,
        desired: Desired,
        findings: Sequence[Finding],
        *,
        source: Source,
        scope: Scope | None,
        before: Desired | None = None,
    ) -> Plan:
        """Return the sealed plan for what `desired` says, which is as in `source`.

        It shows what is said otherwise than `before`. A forecast is made where a limit looks at it.
        """
        teams = scope.teams if scope else None
        settings, desired = self.settings, managed(desired, self.records())
        with connected(settings, desired) as connection:
            live, diff = compared(
                settings, desired, connection, self.records(), teams=teams, first_apply=self.first_apply
            )
            usage, outlook = None, None
            doubts: tuple[Finding, ...] = ()
            if self._looks_ahead(desired, before, diff.changes):
                from reconciler.app.planning.pipeline import forecast
                from reconciler.app.processors import shard_runner
                from reconciler.app.usage import obtain_usage
                from reconciler.plan.scope import wallets_of

                with shard_runner(len(wallets_of(desired, teams))) as run_shards:
                    usage, doubts = obtain_usage(settings, desired, connection)
                    outlook = forecast(settings, desired, live, diff, usage, run_shards=run_shards, teams=teams)
            aim = compared_with(settings, before, desired, source.commit, teams=teams)
            drafted = assemble(
                settings,
                desired,
                live,
                diff,
                usage=usage,
                outlook=outlook,
                findings=[*findings, *doubts],
                source=source,
                aim=replace(aim, scope=scope),
                uses=waiver_uses_for(self.records(), desired, before, besides=source.commit if before else None),
            )
        return sealed(drafted)

    def carried_out(
        self,
        plan: Plan,
        desired: Desired,
        *,
        declares: Declares | Landed,
        withheld: Mapping[str, str] | None = None,
        rules: Iterable[Desired | None] = (),
    ) -> Result:
        """Execute a plan whose limits, also those of the `rules` before it, and approvals were looked at."""
        day, before = self.settings.as_of, [each for each in rules if each is not None]
        waivers = applied_under(plan, before, desired, as_of=day, withheld=withheld or ())
        preflight.check(plan.model_copy(update={"guards": ()}), desired, as_of=self.settings.as_of, opens=True)
        with apply_environment(
            self.settings,
            desired,
            settle=self.settle,
            label="Applying",
            first_apply=self.first_apply,
            wait=self.wait,
        ) as environment:
            try:
                return apply_plan(plan, desired, environment, declares=declares, withheld=withheld, waivers=waivers)
            finally:
                self.forget()

    def _looks_ahead(self, desired: Desired, before: Desired | None, changes: Iterable[Change]) -> bool:
        """Whether a guard, or one of the organization's own rules, looks at more than the ledger tells."""
        last = self.applied()
        applied = self.commits.desired(last.commit) if last else None
        organizations = [each.organization for each in (desired, before, applied) if each]
        takes_back = any(isinstance(change, Reclaim) for change in changes)
        return any((takes_back and each.guards.target_below_forecast) or look_ahead(each) for each in organizations)
