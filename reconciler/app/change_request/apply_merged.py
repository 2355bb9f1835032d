"""`kt-budgets pr apply`: what was merged with approval is applied, each landing as it was reviewed."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reconciler.app.apply_environment import apply_environment
from reconciler.app.budget_files import Commits, value
from reconciler.app.change_request.arrivals import PullOf, arrivals, brings_values, groups, groups_from, pull_finder
from reconciler.app.change_request.bench import MergeBench
from reconciler.app.change_request.put_back import put_back
from reconciler.app.change_request.replay import Replay, is_nothing_to_do
from reconciler.app.change_request.resumed import applied_beside, in_flight, resumed_landings, settled_landings
from reconciler.app.change_request.settled import settled
from reconciler.app.checkout import git, is_older, is_submodule
from reconciler.app.disbelief import refuse_disbelieved, refuse_unborne
from reconciler.app.forecast_log import log_records
from reconciler.app.forge_session import attribution_of_now, forge_session, forge_words
from reconciler.app.job import told_merges
from reconciler.app.lineage import refuse_older
from reconciler.app.listening import say, summarise
from reconciler.app.session import load_desired
from reconciler.app.team_by_team import ahead_of, first_applied
from reconciler.apply.resume import resume
from reconciler.clock import SystemClock
from reconciler.files import write_file
from reconciler.findings import RefusedError, UsageError
from reconciler.git.failures import GitError
from reconciler.git.merging import tip_of
from reconciler.journal.history import history_of, open_runs
from reconciler.model.applied import LastApplied
from reconciler.model.landing import Landing
from reconciler.model.merges import LandingOutcome, Merges, most_serious
from reconciler.model.outcome import Result
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import Settings

_COMMIT = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """What somebody asks for: one landing by its pull request or commit, with what it needs, or all of them.

    `settle` and `wait` are in seconds; `put_back` is about all teams, after everything else. Plans that were shown to
    nobody as they are now go into the folder `plans`.
    """

    repo: str | None = None
    recorded_by: str = ""
    number: int | None = None
    commit: str | None = None
    settle: float = 60.0
    wait: float = 0.0
    first_apply: bool = False
    put_back: bool = False
    plans: Path | None = None


def apply_merges(settings: Settings, asked: ApplyRequest) -> Merges:
    """Finish what was interrupted, apply every landing that may be applied, and return what came of each.

    Raises:
        UsageError: what was asked for is no landing that is not applied, or another month.
        RefusedError: the clone is older than what was applied, git's values cannot be put back, or the branch does not
            bear out what the journal says.
        LockHeldError: another run goes on for longer than `asked.wait` seconds.
        RemoteError: git, the forge or Keeptrusts cannot be read whole.
    """
    settings.refuse_month()
    head = git(settings.budgets, "rev-parse", "HEAD").decode().strip()
    commits = Commits(settings.budgets)
    bench = MergeBench(settings, commits, settle=asked.settle, wait=asked.wait, first_apply=asked.first_apply)
    refuse_disbelieved(settings, bench.records())
    refuse_unborne(settings, bench.records())
    resumed = _resumed(bench, head)
    found = _landed(bench, head, asked)
    if asked.plans:
        _keep(bench, found, asked.plans)
    again = put_back(bench) if asked.put_back else None
    log_records(settings, bench.shown)
    last = bench.applied()
    told, anew = {landing.commit for landing in (*found.landings, *found.settled)}, _told_anew(bench, resumed)
    before = [landing for landing in anew if landing.commit not in told]
    codes = [outcome.exit_code for outcome in found.landings]
    codes += [int(result.exit_code) for result in (resumed, again) if result]
    merges = Merges(
        head=head,
        applied_commit=last.commit if last else None,
        landings=(*before, *in_flight(found.landings, anew)),
        pending=found.pending,
        settled=(*found.settled, *_settled(bench, last, told | {landing.commit for landing in before})),
        resumed=resumed.run if resumed else None,
        put_back=again.run if again else None,
        exit_code=most_serious(codes),
    )
    fenced = Landed(merges, settings.journal).rendered("text").replace("```", "'''")
    summarise(f"### What was merged\n\n```\n{fenced}```")
    return merges


@dataclass(frozen=True, slots=True)
class Landed(Answer):
    """What became of what was merged; the runs are in `journal` too."""

    merges: Merges
    journal: str

    @property
    def exit_code(self) -> int:
        return self.merges.exit_code

    @property
    def recorded_in(self) -> str:
        return f"the journal {self.journal}"

    @property
    def told(self) -> Mapping[str, str | bool]:
        return told_merges(self.merges)

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text` or `json` (kt-budgets.merges/1)."""
        return render("merges", format_, self.merges, replace(screen, words=forge_words()))

    def beside(self, format_: str, *, to_file: bool) -> str:
        """Return the text, which people read where the result is for a program or in a file."""
        return self.rendered("text") if to_file or format_ == "json" else ""


def _landed(bench: MergeBench, head: str, asked: ApplyRequest) -> Merges:
    """Return what came of the landings up to `head`; the forge is not asked where there are none.

    One that was taken back before it was applied is among them: its pull request is told that nothing is left.
    """
    last = bench.applied()
    _refuse_behind(bench.settings, head, last)
    if is_nothing_to_do(bench.commits, last, head) and not brings_values(
        bench.commits, last.commit if last else None, head
    ):
        return Merges(head=head, applied_commit=last.commit if last else None)
    with forge_session(asked.repo, recorded_by=asked.recorded_by) as session:
        bench.session = session
        branch = session.default_branch()
        head = _tip(bench.settings, branch, head)
        replay = replay_of(bench, pull_finder(session, branch, bench.settings.budgets), head, last)
        if is_nothing_to_do(bench.commits, last, head):
            taken_back = tuple(settled(replay.landings[number]) for number in sorted(replay.open))
            return Merges(head=head, applied_commit=replay.commit, landings=taken_back)
        outcomes = tuple(replay.run(_only(replay, bench.commits, asked)))
        others = applied_beside(bench.records(), replay.beside)
        return Merges(
            head=head, applied_commit=replay.commit, landings=outcomes, pending=replay.pending, settled=others
        )


def _tip(settings: Settings, branch: str, head: str) -> str:
    """Return the last commit of the default branch where `head` is an older one of it, else `head`.

    What came after it may have taken back what it brought.
    """
    tip = tip_of(settings.budgets, branch)
    if not tip or not is_older(settings.budgets, head, tip):
        return head
    say(f"{branch} has moved on from {head[:12]} to {tip[:12]}, which is looked at")
    return tip


def replay_of(bench: MergeBench, pull_of: PullOf, head: str, last: LastApplied | None) -> Replay:
    """Return the landings up to `head` that are not applied as a whole, ready to be carried out by `bench`.

    Raises RefusedError for budgets in a submodule, where nobody knows which pull request brought them.
    """
    budgets, since = bench.settings.budgets, last.commit if last else None
    if is_submodule(budgets):
        words = forge_words()
        raise RefusedError(
            f"the budgets are a submodule: a {words.request} of the repository around it brings a commit of theirs, and"
            " which approvals that had is not known here",
            hint=f"run the {words.pipeline}s in the budgets' own repository; or, here, have"
            " `kt-budgets plan --output plan.json` looked at, and run `kt-budgets apply --plan plan.json`",
        )
    ahead = ahead_of(bench.settings, last) if last else {}
    start = None if since else first_applied(budgets, ahead, head)
    found = groups(budgets, since, head, pull_of) if since else groups_from(budgets, start, head, pull_of)
    listed = arrivals(bench.commits, found, since)
    landings = [arrival.landing for arrival in listed]
    return Replay(bench, bench.commits, listed, since, _known(bench.commits, landings, ahead))


def _known(commits: Commits, landings: Sequence[Landing], ahead: Mapping[str, str]) -> dict[str, str]:
    """Return `ahead` by the landings' own commits, where a part was applied from a commit between two of them."""
    known = {landing.commit for landing in landings}
    found = dict(ahead)
    for part, commit in ahead.items():
        if commit in known:
            continue
        for landing in landings:
            same = value(commits.desired(landing.commit), part) == value(commits.desired(commit), part)
            if same and is_older(commits.budgets, landing.commit, commit):
                found[part] = landing.commit
    return found


def _only(replay: Replay, commits: Commits, asked: ApplyRequest) -> set[int] | None:
    """Return the numbers of the landings that were asked for, None for all."""
    if asked.number is None and asked.commit is None:
        return None
    commit = _whole_id(commits, asked.commit) if asked.commit else None
    for number, landing in enumerate(replay.landings):
        by_number = asked.number is not None and landing.pull_request == asked.number
        by_commit = commit is not None and (
            landing.commit == commit or is_older(commits.budgets, commit, landing.commit)
        )
        if by_number or by_commit:
            return replay.needed_for(number)
    what = f"{forge_words().request} {asked.number}" if asked.number is not None else f"{(asked.commit or '')[:40]}"
    raise UsageError(
        f"{what} is none of the {len(replay.landings)} merged changes that are not applied as a whole",
        hint="leave it out to apply whatever is pending; `kt-budgets audit` lists what was applied",
    )


def _whole_id(commits: Commits, name: str) -> str:
    hint = "give what `git log --format=%H` shows, in a clone that has it"
    if _COMMIT.fullmatch(name) is None:
        raise UsageError(f"`{name[:80]}` is no commit id", hint=hint)
    try:
        return git(commits.budgets, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()
    except GitError:
        raise UsageError(f"`{name}` is no commit of this clone", hint=hint) from None


def _resumed(bench: MergeBench, head: str) -> Result | None:
    """Finish or prove what an earlier run left open, by the YAML of what it was about; None where there is nothing."""
    settings = bench.settings
    if not open_runs(history_of(bench.records())):
        return None
    desired = bench.commits.desired(head) or load_desired(settings)[0]
    say("an earlier run did not finish; it is resumed first")
    with apply_environment(settings, desired, settle=bench.settle, label="Resuming", wait=bench.wait) as environment:
        try:
            return resume(desired.organization.organization, environment)
        finally:
            bench.forget()


def _keep(bench: MergeBench, found: Merges, folder: Path) -> None:
    """Write the plans that are to be shown, each named by the commit of its landing."""
    for landing in found.landings:
        if landing.plan:
            folder.mkdir(parents=True, exist_ok=True)
            write_file(folder / f"{landing.commit}.json", bench.plans[landing.commit].text())


def _told_anew(bench: MergeBench, resumed: Result | None) -> list[LandingOutcome]:
    """Return the landings whose run was resumed here, or earlier in this run of a workflow."""

    url = attribution_of_now().url
    return (
        resumed_landings(bench.records(), url=url, runs=[resumed.run.run] if resumed else []) if url or resumed else []
    )


def _settled(bench: MergeBench, last: LastApplied | None, told: Collection[str]) -> tuple[LandingOutcome, ...]:
    """Return what is to be said of landings that are applied, and `told` by nothing else, if it is not said yet."""

    def is_applied(commit: str) -> bool:
        applied = last.commit if last else None
        return bool(applied) and (commit == applied or is_older(bench.commits.budgets, commit, applied or ""))

    found = settled_landings(bench.records(), now=SystemClock().now(), is_applied=is_applied)
    return tuple(landing for landing in found if landing.commit not in told)


def _refuse_behind(settings: Settings, head: str, last: LastApplied | None) -> None:
    """Raise RefusedError where something was applied from a commit that comes after `head`: it would be undone."""
    if last is not None:
        for commit in dict.fromkeys([last.commit, *last.ahead.values()]):
            refuse_older(settings, head, replace(last, commit=commit))
