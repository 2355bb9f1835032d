"""Notes: findings of the plan that still lack a line, because only the edge knows lines."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.findings import Severity
from reconciler.model.desired import Origin


@dataclass(frozen=True, slots=True)
class Note:
    origin: Origin
    code: str
    severity: Severity
    message: str
    hint: str = ""
