"""Gates: numbers that must lie within their limits, and how they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Gate:
    """A number that must lie within its limits. A goal is printed like one, and fails nothing."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    count: int | None = None
    is_goal: bool = False

    @property
    def passed(self) -> bool:
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    @property
    def fails(self) -> bool:
        return not (self.passed or self.is_goal)

    def __str__(self) -> str:
        limit = " and ".join(
            [*([f"at least {self.low:.3f}"] if self.low is not None else []),
             *([f"at most {self.high:.3f}"] if self.high is not None else [])]
        )  # fmt: skip
        verdict = "holds " if self.passed else "goal  " if self.is_goal else "MISSED"
        count = "" if self.count is None else f"   n {self.count}"
        return f"  {verdict}  {self.name:<72} {self.value:7.3f}   {limit}{' (goal)' * self.is_goal}{count}"


def print_gates(gates: Sequence[Gate]) -> int:
    """Print all gates, and return the exit code: 1 if one is missed that is no goal."""
    print("gates")
    for gate in gates:
        print(gate)
    return 1 if any(gate.fails for gate in gates) else 0
