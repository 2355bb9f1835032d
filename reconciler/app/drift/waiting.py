"""What `drift` tells besides differences: what was left behind, and by which dispatch it is mended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time

from reconciler.app.budget_files import Commits, changed_parts
from reconciler.app.change_request.apply_merged import replay_of
from reconciler.app.change_request.arrivals import pull_finder
from reconciler.app.change_request.bench import MergeBench
from reconciler.app.change_request.left_behind import AWAITED, is_late, landed_at, taken_off, told, untellable, untold
from reconciler.app.change_request.replay import Replay, is_nothing_to_do
from reconciler.app.change_request.settled import StepApproval
from reconciler.app.change_request.step import Step, UnreadApprovalError
from reconciler.app.checkout import git, is_older
from reconciler.app.forge_session import forge_words, words_in
from reconciler.app.team_by_team import applied_as_it_was, applied_commits
from reconciler.findings import RefusedError
from reconciler.forge.check import GATE
from reconciler.forge.protocol import Forge
from reconciler.git.failures import GitError
from reconciler.journal.abandoned import abandoned, lock_of
from reconciler.journal.declared import Landed
from reconciler.journal.history import history_of
from reconciler.journal.journal import last_declared
from reconciler.journal.record import Record
from reconciler.model.applied import LastApplied
from reconciler.model.change import Change
from reconciler.model.desired import Desired
from reconciler.model.landing import ORGANIZATION, Landing
from reconciler.model.live import Live
from reconciler.model.merges import LandingOutcome
from reconciler.model.outcome import Doubt, Result
from reconciler.model.plan import Plan
from reconciler.model.waiting import Waiting
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.diff import make_plan
from reconciler.plan.opening import asked_about, is_due, unfunded, unknown_months
from reconciler.policy.organization_rules import look_ahead
from reconciler.settings import Settings

_MOST = 20
"""More landings than that are told without asking who approved them."""


@dataclass(slots=True)
class LookBench(MergeBench):
    """Says what applying a landing now would come to, and applies nothing.

    `awaited` are the parts of landings for which nothing is missing but a run: what comes after them is planned on top
    of what is not applied yet, so that it has another plan than was shown, which says nothing.
    """

    awaited: set[str] = field(default_factory=set)

    def approve(self, step: Step, plan: Plan) -> StepApproval:
        try:
            found = MergeBench.approve(self, step, plan)
        except UnreadApprovalError as error:
            found = self._by_check(step, error)
        return replace(found, stale={part: why for part, why in found.stale.items() if part not in self.awaited})

    def execute(self, step: Step, plan: Plan, landed: Landed, withheld: Mapping[str, str]) -> Result:
        del step, plan, withheld
        self.awaited |= landed.parts
        raise RefusedError(AWAITED, hint=f"start the apply {forge_words().pipeline}")

    def _looks_ahead(self, desired: Desired, before: Desired | None, changes: Iterable[Change]) -> bool:
        del changes
        return any(look_ahead(each.organization) for each in (desired, before) if each)

    def _by_check(self, step: Step, error: UnreadApprovalError) -> StepApproval:
        """Return what the check to require said of the pull request, where this token cannot see who approved it."""
        session, number = self.session, step.landing.pull_request
        if session is None or number is None:
            raise error
        pull = session.change_request(number)
        checks = session.checks(pull.head, name=GATE)
        if checks and checks[-1].conclusion == "success":
            return StepApproval()
        said = f"its check `{GATE}` did not pass" if checks else f"it has no check `{GATE}`"
        return StepApproval(
            refused=dict.fromkeys(step.parts, f"{said}, and who approved it cannot be seen with this token")
        )


def waiting_of(
    settings: Settings,
    records: Sequence[Record],
    last: LastApplied | None,
    *,
    desired: Desired,
    applied: Desired | None,
    live: Live,
    doubts: Mapping[WalletRef, Doubt],
    session: Forge | None,
) -> tuple[Waiting, ...]:
    """Return everything that was left behind: what the journal shows, a month, and landings, in this order.

    With a `session`, the forge says which pull request brought a landing, and what is missing for it.
    """
    now = datetime.now(UTC)
    lock = lock_of(settings.journal, folder=settings.root)
    found = [*abandoned(records, lock, now=now, words=words_in(settings.budgets))]
    if last is not None and applied is not None:
        found += _month(settings, records, last, desired, applied, live, doubts, now)
    if _is_replayed(records, last, session):
        found += _landings(settings, last, session, now)
    return tuple(found)


def waiting_unread(
    settings: Settings,
    records: Sequence[Record],
    last: LastApplied | None,
    *,
    applied: Desired | None,
    session: Forge | None,
) -> tuple[Waiting, ...]:
    """Return what was left behind as far as git, the forge and the journal show it, in the order of `waiting_of`."""
    now, words = datetime.now(UTC), words_in(settings.budgets)
    lock = lock_of(settings.journal, folder=settings.root)
    found = [*abandoned(records, lock, now=now, words=words)]
    if applied is not None and is_due(settings.period, _instant(settings, now)):
        opened = history_of(records).opened(settings.period)
        found += unknown_months(applied, settings.period, opened=opened, words=words)
    if _is_replayed(records, last, session):
        found += _landings(settings, last, session, now, unread=True)
    return tuple(found)


def _is_replayed(records: Sequence[Record], last: LastApplied | None, session: Forge | None) -> bool:
    """Whether what is merged is held against what was applied, in any commit; with a forge, also before that.

    A journal that is not believed tells of nothing.
    """
    if last is not None and applied_commits(last):
        return True
    return session is not None and (last is not None or last_declared(records) is None)


def _instant(settings: Settings, now: datetime) -> datetime:
    """Return when it is: the end of the day that was asked for, where it is not today."""
    return datetime.combine(settings.as_of, time(23, 59), UTC) if settings.rehearsed else now


def _month(
    settings: Settings,
    records: Sequence[Record],
    last: LastApplied,
    desired: Desired,
    applied: Desired,
    live: Live,
    doubts: Mapping[WalletRef, Doubt],
    now: datetime,
) -> Sequence[Waiting]:
    if not is_due(settings.period, _instant(settings, now)):
        return ()
    history = history_of(records)
    diff = make_plan(
        applied,
        live,
        settings.period,
        last_applied=last,
        own=history.acknowledged,
        doubts=doubts,
        known=None if settings.sandbox else history.known(live.wallets, settings.period),
        to_open=history.to_open(settings.period),
    )
    known = desired.wallets.keys() & applied.wallets.keys()
    organization = applied.organization
    words, own = words_in(settings.budgets), history.own
    left = unfunded(diff, live, settings.period, organization=organization, wallets=known, own=own, words=words)
    unclear = known & {key for key, doubt in doubts.items() if doubt.kind != "unknown"}
    doubtful = replace(applied, wallets={key: applied.wallets[key] for key in unclear})
    opened = history.opened(settings.period)
    asked = [
        asked_about(applied.wallets[one.wallet].team, one, settings.period)
        for one in diff.left_out
        if one.asks and one.wallet in known
    ]
    return (*left, *asked, *unknown_months(doubtful, settings.period, opened=opened, words=words))


def _landings(
    settings: Settings, last: LastApplied | None, session: Forge | None, now: datetime, *, unread: bool = False
) -> Sequence[Waiting]:
    budgets = settings.budgets
    bench = LookBench(settings, Commits(budgets), session)
    try:
        head = git(budgets, "rev-parse", "HEAD").decode().strip()
        if is_nothing_to_do(bench.commits, last, head):
            return ()
        if last and (gone := [commit for commit in applied_commits(last) if is_older(budgets, head, commit)]):
            return [taken_off(gone[0], head, _differing(settings, bench.commits, last, head))]
        replay = _replay(bench, session, head, last)
    except (GitError, RefusedError) as error:
        return [untellable(error)]
    made = landed_at(budgets, [landing.commit for landing in replay.landings])
    pending = {number: parts for number in range(len(replay.landings)) if (parts := replay.left(number))}
    late = [
        number
        for number in pending
        if _is_late(settings, replay.landings[number], made, now, asked=session is not None)
    ]
    asked = _asked(replay, late[:_MOST]) if session and not unread else {}
    words = words_in(budgets)
    return [
        told(outcome, pending[number], made[outcome.commit])
        if (outcome := asked.get(replay.landings[number].commit))
        else untold(
            replay.landings[number],
            pending[number],
            made[replay.landings[number].commit],
            words=words,
            unread=unread and session is not None,
        )
        for number in late
    ]


def _differing(settings: Settings, commits: Commits, last: LastApplied, head: str) -> frozenset[str]:
    """Return the parts of which `head` says something else than what was applied; all are meant where it has errors."""
    then = commits.desired(head)
    applied = applied_as_it_was(settings, last)[0].loaded().desired
    return changed_parts(applied, then) if then else frozenset({ORGANIZATION})


def _is_late(settings: Settings, landing: Landing, made: Mapping[str, datetime], now: datetime, *, asked: bool) -> bool:
    """Whether a landing should be applied by now; of a day that was asked for, what came before it.

    Where the forge was `asked`, a direct push is told at once: no run will apply it, and it has no pull request to say
    so.
    """
    at = made[landing.commit]
    if settings.as_of != now.date():
        return at.astimezone(UTC).date() < settings.as_of
    return is_late(at, now) or (asked and landing.pull_request is None)


def _asked(replay: Replay, numbers: Collection[int]) -> dict[str, LandingOutcome]:
    """Return by commit what applying these landings now would come to, those that would be done left out."""
    wanted = set[int]().union(*(replay.needed_for(number) for number in numbers))
    return {outcome.commit: outcome for outcome in replay.run(wanted) if not outcome.is_done}


def _replay(bench: LookBench, session: Forge | None, head: str, last: LastApplied | None) -> Replay:
    if session is None:
        return replay_of(bench, lambda *_: None, head, last)  # nobody asked the forge which request brought a commit
    branch = session.default_branch()
    return replay_of(bench, pull_finder(session, branch, bench.settings.budgets), head, last)
