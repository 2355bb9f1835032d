"""What a new sandbox holds: nothing, the example organization, or one that ran by hand."""

from __future__ import annotations

from reconciler.findings import UsageError
from reconciler.sandbox.store import Store

SCENARIOS = ("acme", "globex", "empty")
ORGANIZATIONS = {"globex": "org_globex"}
"""Whose sandbox it is in scenarios that are not about the example organization."""


def seed(store: Store, scenario: str) -> None:
    match scenario:
        case "empty":
            pass
        case "acme":
            from reconciler.sandbox.acme_ledger import seed_acme

            seed_acme(store)
        case "globex":
            from reconciler.sandbox.globex import seed_globex

            seed_globex(store)
        case _:
            raise UsageError(f"there is no scenario `{scenario}`", hint=f"choose one of {', '.join(SCENARIOS)}")
