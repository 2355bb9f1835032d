"""What a forge does for us. Each is one package behind this protocol, and another one would be one package more.

A forge transports. What is said is worded in `report`, and what follows from what was read is decided by the modules
beside this one, over this protocol (decision 0079): which comment is ours to change, which approvals count.

Every method talks to one repository. What is read is whole, or RemoteError: UnauthorizedError where the token is not
good, ForbiddenError where it may not, RejectedError (with the status) for any other no, UnreachableError for no
answer, UnreadableError for an answer that makes no sense. A write is sent once: LostAnswerError says that it may have
arrived, and its caller looks before it sends it again. Rate limits are waited for. Logins keep the forge's own
spelling, and are compared in lower case.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, Protocol

from reconciler.forge.change_request import Authors, ChangeRequest, IsClean, Review, Shown
from reconciler.forge.check import Check, CheckVerdict, Written
from reconciler.forge.ci_run import CiRun
from reconciler.forge.people import People
from reconciler.model.forge_words import ForgeWords
from reconciler.policy.rulings import Conclusion


@dataclass(frozen=True, slots=True)
class Note:
    """A comment that our own login wrote."""

    id: int
    body: str
    url: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue that our own login opened."""

    number: int
    is_open: bool
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Suggested:
    """Lines `first` to `last` of the head of a change request, counted from 1, and the text to put in their place.

    An empty `replacement` removes them. `above` is Markdown that stands above the suggestion, its marker first.
    """

    path: str
    first: int
    last: int
    replacement: str
    above: str


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that is not as it should be on the forge, and its fix."""

    message: str
    cure: str


@dataclass(frozen=True, slots=True)
class OwnersFile:
    """`places` are where the forge looks for code owners; it reads the first that is there.

    What is `guarded` decides what CI runs: folders and files, from the top of the repository. Our lines stand in a
    `section` of their own, where the forge has such.
    """

    places: tuple[str, ...]
    guarded: tuple[str, ...]
    section: str = ""


class Forge(Protocol):
    """One repository on one forge, opened with a token."""

    @property
    def words(self) -> ForgeWords: ...

    @property
    def repository(self) -> str:
        """The repository's whole name, such as OWNER/NAME."""

    @property
    def run(self) -> CiRun:
        """The run of CI that this is, or an empty one."""

    @property
    def people(self) -> People: ...

    @property
    def login(self) -> str:
        """Who our token writes as: what tells our own comments and issues from everybody else's."""

    @property
    def recorder(self) -> str:
        """The name of whose checks count as ours."""

    @property
    def can_record(self) -> bool:
        """Whether this token may publish checks: whether we are whom nobody else can write as."""

    # Change requests

    def default_branch(self) -> str:
        """Return the name of the branch that changes are merged into."""

    def change_request(self, number: int) -> ChangeRequest:
        """Return one change request as it is now."""

    def open_change_requests(self, *, into: str) -> tuple[ChangeRequest, ...]:
        """Return all that are open into a branch, oldest first."""

    def newest_change_requests(self, *, into: str) -> tuple[ChangeRequest, ...]:
        """Return the newest that are open into a branch, newest first: as many as one request tells."""

    def change_requests_of(self, commit: str) -> tuple[ChangeRequest, ...]:
        """Return those that brought a commit into a branch, or contain it.

        Of one that is merged, `merge_commit` is the last commit that it brought: below a rebase, the one on top.
        """

    def is_renamed(self, former: str, branch: str) -> bool:
        """Whether the forge itself says that `branch` was called `former` before, and that nothing else is by now.

        That git has the same commits on both proves nothing: whoever may push can bring one branch to another's tip.
        """

    def former_tips(self, branch: str) -> Iterator[str]:
        """Yield the commits that a branch ended with: before each push by force, and before the newest of other pushes.

        Nobody who may push can write that list. Nothing where the forge keeps none, or does not show it.
        """

    def reviews(self, request: ChangeRequest) -> tuple[Review, ...]:
        """Return everybody's last decisive word, each bound to the head that it was said about.

        A comment after an approval does not undo it. An approval of an older head is told with that head.
        """

    def authors(
        self,
        request: ChangeRequest,
        *,
        is_clean: IsClean | None = None,
        merged_in: Collection[str] = (),
        asks_pushers: bool = True,
    ) -> Authors:
        """Return everybody who wrote something of it: who opened it, authors, committers, co-authors and pushers.

        A merge commit that `is_clean` makes nobody an author. Where the commits `merged_in`, by which it came in, were
        edited by hand, so did whoever made them (decision 0053). Without `asks_pushers`, pushers may be left out.
        """

    def shown_lines(self, request: ChangeRequest) -> Shown:
        """Return the lines of the head on which a remark can stand; a file that is not shown is left out."""

    def flaws(self) -> Iterable[Flaw]:
        """Return what the forge finds wrong with the code owners, and whether it lets a change in without the check."""

    def warnings(self, *, today: date) -> Iterable[Flaw]:
        """Return what is about to go wrong, such as that our token ends within a month."""

    # Comments

    def comments(self, number: int) -> tuple[Note, ...]:
        """Return the comments on a change request that our login wrote, oldest first, those on lines left out."""

    def add_comment(self, number: int, body: str) -> str:
        """Write a comment and return its address."""

    def edit_comment(self, number: int, comment: int, body: str) -> str:
        """Change a comment of ours and return its address; RejectedError with status 404 where it is gone."""

    def remove_comment(self, number: int, comment: int) -> None:
        """Remove a comment of ours; that it is gone already is no error."""

    def remarks(self, request: ChangeRequest) -> tuple[str, ...]:
        """Return the bodies of all our comments on lines, resolved and outdated ones included."""

    def suggest(self, request: ChangeRequest, wanted: Suggested) -> bool:
        """Make a suggestion that one click takes; False where the forge refuses it, as for a head that moved on."""

    # Checks

    def takes_checks(self, request: ChangeRequest) -> bool:
        """Whether the head of a change request can have checks; where none can be, it has them once it is merged."""

    def checks(self, commit: str, *, name: str) -> tuple[Check, ...]:
        """Return every check of that name on a commit that whoever records plans wrote, oldest first.

        Nobody else can write such a one: approvals are bound to the records in them.
        """

    def publish_check(self, commit: str, verdict: CheckVerdict) -> Written:
        """Add a check `kt-budgets / plan` that says `verdict`, unless the newest one does.

        Earlier ones stay, with their records. A record of a run that began later is left (SUPERSEDED): this run is an
        old one that was started again.
        """

    def publish_gate(self, commit: str, *, number: int, conclusion: Conclusion, title: str, summary: str) -> Written:
        """Make the one check `kt-budgets / approval` of a request's commit say this alone (decision 0056)."""

    # Issues

    def issues(self) -> tuple[Issue, ...]:
        """Return all issues that our login opened, closed ones included."""

    def open_issue(self, title: str, body: str, *, people: Sequence[str]) -> int | None:
        """Open an issue that is assigned to `people`, and return its number where that is told."""

    def edit_issue(self, number: int, *, title: str, body: str, is_open: bool) -> None:
        """Make an issue say this, and be open or closed."""

    def assign(self, number: int, people: Sequence[str]) -> None:
        """Assign an issue to `people` as well; who was assigned stays."""

    # Pipelines

    def start(self, workflow: str, *, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow of ours, such as `resume.yml`, on a branch."""

    def page_of(self, workflow: str) -> str:
        """Return the address at which a person starts a workflow of ours by hand."""


class Address(NamedTuple):
    """The variable that says where a forge's API is, and the `host` that everybody's is at without it."""

    setting: str
    host: str

    def is_at(self, remote: str) -> bool:
        """Whether a clone of a `remote` host has its requests there; `ssh.HOST` and `HOST-work` are it too."""
        alias = remote.startswith((f"{self.host}-", f"{self.host}_"))
        return "." not in remote or remote == self.host or alias or remote.endswith(f".{self.host}")


class Provider(Protocol):
    """A forge as the registry knows it. A package has one as `PROVIDER`."""

    @property
    def words(self) -> ForgeWords: ...

    @property
    def address(self) -> Address: ...

    def api_at(self, host: str) -> str:
        """Return the address that the API of a forge on another host usually has."""

    @property
    def owners_file(self) -> OwnersFile: ...

    def output(self, name: str, value: str) -> str:
        """Return what is appended to the file `CiRun.outputs`, so that later steps know a value by its name."""

    def ruleset(self, variables: Mapping[str, str]) -> Mapping[str, Any] | None:
        """Return the document by which the default branch requires the check; None where the forge takes none."""

    def is_named(self, variables: Mapping[str, str]) -> bool:
        """Whether the environment holds a token of this forge."""

    def run_of(self, variables: Mapping[str, str]) -> CiRun:
        """Return what the environment, and the file of the event that it names, say of this run. Read tolerantly."""

    def open(
        self, variables: Mapping[str, str], run: CiRun, *, repository: str | None, recorded_by: str
    ) -> AbstractContextManager[Forge]:
        """Open the repository that is named, else that of the run.

        `recorded_by` is whose checks count as ours, where it is another than who we are. Raises UsageError where no
        repository is named, or by no name of one, and UnauthorizedError without a usable token.
        """
