"""What org.yaml says about the journal, read before everything else: an error elsewhere does not hide it."""

from __future__ import annotations

from pathlib import Path

from reconciler.source.parse import parse
from reconciler.source.tree import LARGEST
from reconciler.source.tree_findings import ORGANIZATION


def declared_in(budgets: Path) -> tuple[str, str]:
    """Return the organization and the journal that org.yaml names; an empty text for what it does not say as text."""
    try:
        data = (budgets / ORGANIZATION).read_bytes()[: LARGEST + 1]
        data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return "", ""
    value = parse(data).value if len(data) <= LARGEST else None
    if not isinstance(value, dict):
        return "", ""
    organization, journal = value.get("organization"), value.get("journal")
    return organization if isinstance(organization, str) else "", journal if isinstance(journal, str) else ""
