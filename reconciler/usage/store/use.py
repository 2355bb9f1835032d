"""What a store was good for, as it is said: nothing that reads exports is needed to say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoreUse:
    """What a store was good for: of so many `exports`, how many were `read`, of how many `octets`, and what was wrong.

    `again` counts those of them that were known and whose events a new export repeats or corrects. `trouble` says why
    less was used than there seemed to be, or why nothing was kept; "" in the usual case.
    """

    exports: int
    read: int
    octets: int
    again: int = 0
    trouble: str = ""

    def __str__(self) -> str:
        again = f", {self.again} of them again because others repeat or correct their events" if self.again else ""
        size = f"{self.octets / 1e6:,.1f} MB" if self.octets < 10**9 else f"{self.octets / 1e9:,.2f} GB"
        return f"read {self.read:,} of {self.exports:,} exports, {size}{again}; {self.exports - self.read:,} unchanged"
