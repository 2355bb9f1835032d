"""What a plan begins while other processors read a large folder: its imports, and what Keeptrusts lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Self

from reconciler.app.session import connection_to
from reconciler.clock import SystemClock
from reconciler.forked import IsBusy, idle, nothing
from reconciler.settings import Settings

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.reader import Reader
    from reconciler.model.desired import Desired
    from reconciler.model.organization import OrganizationBudget

FRESH = 60.0
"""Seconds after which what was listed is listed anew: balances are to be as new as the ledgers beside them."""


class Ahead:
    """Use it with `with`: it ends what it has begun. Decision 0121.

    `besides` is called where there is time to import more.
    """

    def __init__(self, settings: Settings, *, besides: Callable[[], object] = nothing) -> None:
        self._settings = settings
        self._besides = besides
        self._stack = ExitStack()
        self._clock = SystemClock()
        self._reader: Reader | None = None
        self._began = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def begin(self, organization: OrganizationBudget | None) -> IsBusy:
        """Begin to read Keeptrusts, as far as org.yaml says how, and import what else a plan takes.

        Returns whether Keeptrusts is still listed: a thread of this process makes something of what comes.
        """
        settings = self._settings
        if organization and settings.token and not settings.sandbox:
            from reconciler.keeptrusts.reader import Reader

            connection = connection_to(organization.api, settings.api_url, settings.token)
            self._reader = self._stack.enter_context(Reader(connection))
            self._list(self._reader, organization.organization)
        _prepare()
        self._besides()
        return self._reader.is_busy if self._reader else idle

    @contextmanager
    def reader(self, desired: Desired, connection: Connection) -> Iterator[Reader]:
        """Yield the reader of what `desired` is compared with, which lists already what there is."""
        from reconciler.keeptrusts.reader import Reader

        organization = desired.organization.organization
        with ExitStack() as stack:
            reader = self._reader or stack.enter_context(Reader(connection))
            if self._reader is None or self._clock.monotonic() - self._began > FRESH:
                self._list(reader, organization)
            yield reader

    def _list(self, reader: Reader, organization: str) -> None:
        self._began = self._clock.monotonic()
        reader.begin(organization)


def _prepare() -> None:
    """Import what reads Keeptrusts, looks ahead and shows a plan, which takes a quarter of a second and more."""
    import reconciler.app.planning.drafting
    import reconciler.keeptrusts.reader
    import reconciler.report.plan_formats
    import reconciler.report.text

    with suppress(ImportError):
        import reconciler.app.dashboard
        import reconciler.forecast.calibration
        import reconciler.forecast.project
        import reconciler.forecast.year  # noqa: F401
