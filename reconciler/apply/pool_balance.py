"""The pool during a run: what can still be allocated, counted along and read again before anything is refused."""

from __future__ import annotations

from reconciler.apply.ports import LedgerReader
from reconciler.model.money import Money


class PoolBalance:
    """The organization wallet. It is read once and counted along; a shortage is checked against a fresh reading."""

    def __init__(self, reader: LedgerReader, currency: str) -> None:
        self._reader = reader
        self._currency = currency
        self._known: Money | None = None

    def shortage(self, amount: Money) -> Money | None:
        """Return what the pool holds when that is less than `amount`, else None: it suffices, or cannot be seen."""
        if self._known is None or self._known < amount:
            pool = self._reader.pool(self._currency)
            if pool is None or pool.available.currency != amount.currency:
                return None
            self._known = pool.available
        return self._known if self._known < amount else None

    def paid_out(self, amount: Money) -> None:
        """Count an allocation."""
        if self._known is not None:
            self._known = self._known - amount

    def forget(self) -> None:
        """Read the pool again before the next allocation: something happened that cannot be counted."""
        self._known = None
