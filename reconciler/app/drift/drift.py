"""Drift: live state against what was last applied, and what was left behind."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import cached_property

from reconciler.app.drift.accept import is_writable, why_not_writable
from reconciler.app.drift.issues import publish_drift
from reconciler.app.drift.known import Known, known_of
from reconciler.app.drift.waiting import waiting_of, waiting_unread
from reconciler.app.forge_session import forge_session, forge_words, words_in
from reconciler.app.listening import note, say, summarise
from reconciler.app.planning.pipeline import read_live
from reconciler.app.session import connected
from reconciler.app.team_by_team import gone_wallets
from reconciler.findings import BudgetsError, ExitCode, RemoteError
from reconciler.forge.protocol import Forge
from reconciler.journal.history import history_of
from reconciler.journal.own_objects import own_objects
from reconciler.model.desired import Desired
from reconciler.model.drift import DriftItem
from reconciler.model.forge_words import USUAL, ForgeWords
from reconciler.model.kinds.managed_kind import text_of
from reconciler.model.kinds.registry import kinds
from reconciler.model.live import Live
from reconciler.model.outcome import Doubt
from reconciler.model.waiting import Waiting
from reconciler.model.wallet_ref import WalletRef
from reconciler.plan.drift import Drifted, classify, with_released
from reconciler.report.drift_issue import issue_text, issue_title
from reconciler.report.drift_text import DriftPage
from reconciler.report.renderers import Answer, render
from reconciler.report.screen import PAPER, Screen
from reconciler.settings import Settings

_PUT_BACK = "`plan` and `apply` put git's values back"
_UNMANAGED = "declare it in the YAML by hand, or accept it until a day under `acknowledged_drift` in org.yaml"


@dataclass(frozen=True, slots=True)
class DriftRequest:
    """What is to be done besides comparing.

    `accept` writes what is live into the YAML, `issue` keeps an issue on the forge, in `repo` (OWNER/NAME) or that of
    the run. With `remote`, a git remote, what open pull requests ask for counts as pending.
    """

    repo: str | None = None
    accept: bool = False
    issue: bool = False
    remote: str | None = None


@dataclass(frozen=True, slots=True)
class Drift(Answer):
    """Differences that were `found`, those that are `left` for a person, and what is `waiting`: left behind.

    `doubts` are wallets whose ledger contradicts the journal. `following` says what a person can do next. `unread` is
    why Keeptrusts could not be read: then only what git, the forge and the journal show is told. `words` are those of
    whoever reads it.
    """

    found: tuple[Drifted, ...] = ()
    left: tuple[Drifted, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    doubts: Mapping[WalletRef, Doubt] = field(default_factory=dict)
    following: str = ""
    unread: RemoteError | None = None
    words: ForgeWords = USUAL

    @property
    def needs_person(self) -> bool:
        """Whether somebody has to do something about it."""
        return bool(self.waiting) or any(entry.needs_person for entry in self.left)

    @property
    def title(self) -> str:
        """One line on what needs a person."""
        needed = [entry.item for entry in self.left if entry.needs_person]
        return issue_title(needed, self.waiting, unread=self.unread is not None)

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode.DRIFT if self.needs_person else ExitCode.DONE

    @property
    def error(self) -> RemoteError | None:
        return self.unread

    @property
    def told(self) -> Mapping[str, str | bool]:
        read = {} if self.unread else {"changed": self.needs_person}
        return {**read, "failure_reason": self.title} if self.needs_person else read

    def rendered(self, format_: str, screen: Screen = PAPER) -> str:
        """Return it as `text`, wrapped where the screen is known, or as `json` (kt-budgets.drift/1).

        Of what could not be read whole there is only the text about what was left behind.
        """
        if self.unread and not (self.waiting and format_ == "text"):
            return ""
        page = DriftPage(self.found, self.waiting, self.doubts, self.following, self.words)
        return render("drift", format_, page, screen)


def drift(settings: Settings, wanted: DriftRequest | None = None) -> Drift:
    """Compare what Keeptrusts holds with what was last applied, and tell what was left behind.

    While Keeptrusts cannot be read, what git, the forge and the journal show of that is returned all the same, with the
    error as `unread`; what is to be accepted stops.

    Raises:
        FindingsError: the YAML has errors and nothing was applied that could stand for it, or it cannot be edited.
        RefusedError: the clone is older than what was applied.
        RemoteError: the forge cannot be read, or Keeptrusts where live values are to be written.
    """
    wanted = wanted or DriftRequest()
    with forge_session(wanted.repo) if wanted.issue or wanted.remote else nullcontext() as session:
        known = known_of(settings, session, wanted.remote, writing=wanted.accept)
        try:
            live = _live(settings, known)
        except RemoteError as error:
            if wanted.accept:
                raise
            return _unread(settings, known, session, error, issue=wanted.issue)
        seen = _seen(settings, known, session, live)
        if wanted.issue and session:
            publish_drift(session, seen.desired, seen.found, seen.waiting, doubtful=seen.doubts)
    left = _accepted(settings, seen) if wanted.accept else seen.found
    following = "" if wanted.accept else _following(settings, seen)
    words = words_in(settings.budgets)
    return _summarised(Drift(seen.found, left, seen.waiting, seen.doubts, following, words=words), session)


def _unread(settings: Settings, known: Known, session: Forge | None, error: RemoteError, *, issue: bool) -> Drift:
    """Return what is known all the same, and put it into the issue; where the forge does not answer either, say so."""
    try:
        told = waiting_unread(settings, known.records, known.last, applied=known.applied, session=session)
        waiting = (*known.disbelieved, *told)
        if issue and session:
            publish_drift(session, known.desired, (), waiting, doubtful=(), unread=True)
    except BudgetsError as other:
        say(f"what was left behind cannot be told: {other.message}")
        raise error from None
    error.known = {"waiting": waiting}
    return _summarised(Drift(waiting=waiting, unread=error, words=words_in(settings.budgets)), session)


def _summarised(found: Drift, session: Forge | None) -> Drift:
    text = issue_text(
        [(entry.item, entry.needs_person) for entry in found.left],
        words=forge_words(),
        doubtful=found.doubts,
        waiting=found.waiting,
        page=session.page_of if session else None,
        unread=found.unread is not None,
    )
    summarise(f"#### {found.title}\n\n{text}")
    return found


def _live(settings: Settings, known: Known) -> Live:
    with connected(settings, known.desired) as connection:
        return read_live(settings, known.desired, connection, standing=known.standing)


@dataclass(frozen=True)
class _Seen:
    """What was found: differences, what was left behind, and wallets with `doubts` or that nothing was applied to."""

    desired: Desired
    live: Live
    found: tuple[Drifted, ...]
    waiting: tuple[Waiting, ...]
    doubts: Mapping[WalletRef, Doubt]
    untouched: Collection[str]

    def says_cure(self, item: DriftItem) -> bool:
        """Whether the sentence of `item` says the way out: a wallet in doubt does, and what is unclear."""
        return item.wallet in self.doubts or item.key in self._unclear

    @cached_property
    def _unclear(self) -> frozenset[str]:
        live = self.live
        listed = ((kind, key) for kind in kinds() for key in {*self.desired.of(kind), *live.of(kind).rivals})
        return frozenset(text_of(key) for kind, key in listed if live.unclear(kind, key))


def _seen(settings: Settings, known: Known, session: Forge | None, live: Live) -> _Seen:
    desired, last = known.desired, known.last
    history = history_of(known.records)
    live = own_objects(live, history.transactions)
    doubts = known.standing.doubts(live.wallets, settings.period)
    found = classify(
        desired,
        live,
        settings.period,
        day=settings.as_of,
        applied=known.applied,
        proposals=known.proposals,
        unfinished=known.unfinished,
        lost=known.lost,
        gone=gone_wallets(settings, desired, last, known.records),
        own=history.acknowledged,
        doubts=doubts,
    )
    found = with_released(found, history.released)
    waiting = waiting_of(
        settings,
        known.records,
        last,
        desired=desired,
        applied=known.applied,
        live=live,
        doubts=doubts,
        session=session,
    )
    return _Seen(
        desired,
        live,
        found,
        (*known.disbelieved, *waiting),
        doubts,
        desired.wallets.keys() - history.known(live.wallets, settings.period),
    )


def _accepted(settings: Settings, seen: _Seen) -> tuple[Drifted, ...]:
    """Write live values into the YAML and return the differences that are left for a person."""
    from reconciler.app.drift.accept import accept

    files, left = accept(settings, seen.desired, seen.live, seen.found)
    for path in files:
        note(f"{path}: written as it is live; review it and open a {forge_words().request}")
    for entry in left:
        note(f"not written: {entry.item.sentence}{_cure(entry.item, seen)}")
    return left


def _cure(item: DriftItem, seen: _Seen) -> str:
    """Return how a person settles what `--accept` did not write, as a sentence behind another one."""
    if seen.says_cure(item):
        return ""
    if item.category == "unmanaged":
        return f" To settle it, {_UNMANAGED}."
    reason = why_not_writable(item, seen.desired, seen.live)
    if reason or item.category == "pending":
        return f"{f' {reason}.' if reason else ''} {_PUT_BACK}."
    return " Edit the YAML by hand."


def _following(settings: Settings, seen: _Seen) -> str:
    """Return what a person can do next, an empty text when nothing needs one but what says it itself."""
    needed = [entry.item for entry in seen.found if entry.needs_person and not seen.says_cure(entry.item)]
    declared = [item for item in needed if item.category != "unmanaged"]
    written = [item for item in declared if is_writable(item, seen.desired, seen.live, settings)]
    ways = []
    if written:
        what = "it" if len(written) == len(needed) else f"{len(written)} of {len(needed)}"
        ways.append(f"`kt-budgets drift --accept` writes {what} into the YAML")
    if declared:
        first = any(item.category == "changed" and item.wallet in seen.untouched for item in declared)
        flag = ", with `--first-apply` where they take money from a wallet that nothing was ever applied to"
        ways.append(f"{_PUT_BACK}{flag if first else ''}")
    if len(declared) < len(needed):
        ways.append(f"for what is in no YAML: {_UNMANAGED}")
    return f"Next: {'; '.join(ways)}." if ways else ""
