"""Where a run that writes takes place: Keeptrusts, the journal, the clock and whoever may stop it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from reconciler.app.first_contact import FirstNames, first_wallets
from reconciler.app.forge_session import attribution_of_now
from reconciler.app.journal_place import refuse_beside_git_unless_said
from reconciler.app.listening import progress, say
from reconciler.app.session import connected
from reconciler.apply.application import ApplyEnvironment
from reconciler.clock import SignalInterruption, SystemClock
from reconciler.findings import LockHeldError
from reconciler.journal.place import open_store
from reconciler.journal.store import PatientStore
from reconciler.model.desired import Desired
from reconciler.model.outcome import Result, StoppedError
from reconciler.settings import Settings

_logger = logging.getLogger(__name__)


@contextmanager
def apply_environment(
    settings: Settings,
    desired: Desired,
    *,
    settle: float,
    label: str,
    first_apply: FirstNames = False,
    wait: float = 0.0,
) -> Iterator[ApplyEnvironment]:
    """Yield where a run takes place, with signals taken over and progress told to whoever listens.

    A lock that somebody else holds is waited for, `wait` seconds at most.
    """
    from reconciler.keeptrusts.reader import Reader
    from reconciler.keeptrusts.writer import Writer

    refuse_beside_git_unless_said(settings, desired.organization)
    interruption = SignalInterruption(_say_stopping)
    store = open_store(settings.journal, folder=settings.root)
    with (
        connected(settings, desired, writing=True) as connection,
        Reader(connection) as reader,
        Writer(connection) as writer,
        ThreadPoolExecutor(1) as threads,
        progress(label) as advance,
        _stopping(interruption),
    ):
        yield ApplyEnvironment(
            reader=reader,
            writer=writer,
            store=PatientStore(store, wait, _say_waiting) if wait else store,
            attribution=attribution_of_now(),
            clock=SystemClock(interruption),
            interruption=interruption,
            settle=settle,
            notify=lambda _, done, total: advance(done, total),
            threads=threads,
            rehearsed=settings.as_of if settings.rehearsed else None,
            first_apply=first_wallets(settings, desired, first_apply),
        )


def _say_waiting(error: LockHeldError) -> None:
    say(f"waiting: {error.message.partition('; nothing')[0]}")


def _say_stopping() -> None:
    say("stopping after the step that is under way", "once more stops at once; `kt-budgets resume` then goes on")


@contextmanager
def _stopping(interruption: SignalInterruption) -> Iterator[None]:
    """Let the first Ctrl-C or SIGTERM end the run after its step, and the second at once."""
    with interruption.listening():
        try:
            yield
        except KeyboardInterrupt:
            raise StoppedError(
                "stopped in the middle of a step; what was under way is in the journal",
                hint="run `kt-budgets resume`, which proves or finishes it",
            ) from None


def logged(result: Result) -> Result:
    """Log what became of each change of a run, and return it."""
    for done in result.run.outcomes:
        subject = done.wallet or done.key or done.team
        _logger.info(
            "%s %s %s: %s %s", done.kind, subject, done.amount or "", done.status.value, done.transaction or ""
        )
    return result
