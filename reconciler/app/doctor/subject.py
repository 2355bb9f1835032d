"""What checks look at: the YAML, Keeptrusts, the journal and the forge, each opened when somebody first looks."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.app.doctor.heard import Answered
from reconciler.app.forge_session import forge_session, run_of_now
from reconciler.app.journal_place import journal_of
from reconciler.app.session import connected
from reconciler.app.usage import exported, from_files
from reconciler.clock import SystemClock
from reconciler.git.places import remote_address
from reconciler.journal.journal import read_records
from reconciler.journal.place import Place
from reconciler.model.period import Period
from reconciler.settings import environment
from reconciler.source.load import Loaded, load

if TYPE_CHECKING:
    from reconciler.forge.protocol import Forge
    from reconciler.journal.record import Record
    from reconciler.keeptrusts.channel import Heard
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.reader import Reader
    from reconciler.model.desired import Desired
    from reconciler.model.directory import Directory
    from reconciler.model.live import Identity, Live
    from reconciler.model.usage import DailyUsage
    from reconciler.settings import Settings


_REMOTE = re.compile(
    r"(?:\w+://(?:[^@/]*@)?(?P<host>[^:/@]+)(?::\d+)?/|(?:[^@/:]+@)?(?P<other>[^:/@]+):)(?P<name>[^:]+?/[^:]+?)(?:\.git)?/?"
)
_SERVERS = (("GITHUB_SERVER_URL", "https://github.com"), ("CI_API_V4_URL", "https://gitlab.com"))


@dataclass
class Subject:
    """Everything that can be looked at. Each attribute is read once, and raises BudgetsError where it cannot be.

    `asked_journal` is what `--journal` says. Without `probe` nothing is tried that is more than
    reading. `answers` is everything that Keeptrusts answered so far.
    """

    settings: Settings
    stack: ExitStack
    asked_journal: str | None = None
    repository: str | None = None
    probe: bool = True
    answers: list[Answered] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return SystemClock().now()

    @cached_property
    def loaded(self) -> Loaded:
        return load(self.settings.budgets, since=Period.of(self.settings.as_of), today=self.settings.as_of)

    @property
    def desired(self) -> Desired:
        """What the YAML declares; only for checks that need it to be without errors."""
        if self.loaded.desired is None:
            raise RuntimeError("a check that needs the budgets must say so")
        return self.loaded.desired

    @cached_property
    def connection(self) -> Connection:
        return self.stack.enter_context(connected(self.settings, self.loaded.desired))

    @cached_property
    def reader(self) -> Reader:
        from reconciler.keeptrusts.reader import Reader

        return self.stack.enter_context(Reader(self.connection, on_answer=self._hear))

    @cached_property
    def identity(self) -> Identity:
        return self.reader.identity()

    @cached_property
    def directory(self) -> Directory:
        return self.reader.directory()

    @cached_property
    def live(self) -> Live:
        desired = self.desired
        return self.reader.live(
            organization=desired.organization.organization,
            wallets={key: wallet.currency for key, wallet in desired.wallets.items()},
            period=self.settings.period,
            currency=desired.organization.currency,
        )

    @cached_property
    def usage(self) -> DailyUsage:
        if self.settings.usage:
            return from_files(self.settings, self.desired)
        return exported(self.settings, self.desired, self.connection, on_answer=self._hear)

    @cached_property
    def journal(self) -> Place:
        """Where the journal is, as `apply` would find it."""
        sandbox = self.settings.sandbox
        passing = None
        if sandbox and not self.asked_journal:
            folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="kt-budgets-"))
            passing = f"file:{folder}/journal"
        name, root = journal_of(
            self.settings.budgets, self.asked_journal, sandbox=sandbox, begins=True, passing=passing
        )
        return Place(name or self.settings.journal, root)

    @cached_property
    def records(self) -> Sequence[Record]:
        return read_records(self.journal.name, folder=self.journal.folder)

    @cached_property
    def forge(self) -> Forge:
        return self.stack.enter_context(forge_session(self.repository or self._of_origin()))

    def _of_origin(self) -> str | None:
        """Return the repository that the remote `origin` leads to, where it is on the forge and CI names none."""
        found = None if run_of_now().repository else _REMOTE.fullmatch(remote_address(self.settings.budgets, "origin"))
        hosts = {urlsplit(environment().get(name, default)).hostname for name, default in _SERVERS}
        return found["name"] if found and (found["host"] or found["other"]) in hosts else None

    @property
    def top(self) -> Path:
        """The folder that the budgets are in, where workflows and schemas are looked for."""
        from reconciler.git.places import work_tree

        return work_tree(self.settings.budgets) or self.settings.budgets.resolve().parent

    def _hear(self, heard: Heard) -> None:
        self.answers.append(Answered(heard, self.now))


@contextmanager
def subject_of(
    settings: Settings, *, journal: str | None, repository: str | None, probe: bool = True
) -> Iterator[Subject]:
    """Yield what can be looked at, and close what was opened of it."""
    with ExitStack() as stack:
        yield Subject(settings, stack, journal, repository, probe)
