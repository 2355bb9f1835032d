"""What an event's columns are called: canonical names, the names exports are known to use, and a deployment's own."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from reconciler.findings import BudgetsError, UsageError

KNOWN_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "timestamp": ("timestamp",),
    "team_id": ("team_id",),
    "gateway_id": ("gateway_id",),
    "provider": ("provider",),
    "model": ("model",),
    "input_tokens": ("input_tokens",),
    "output_tokens": ("output_tokens",),
    "cost": ("cost", "total_cost_usd"),
    "cache_hit": ("cache_hit",),
    "avoided_cost": ("avoided_cost",),
    "workload": ("workload",),
    "lane": ("lane",),
    "fallback": ("fallback",),
    "metadata": ("metadata",),
}
"""Canonical name to the names that exports use for it, the first one present and not empty wins."""

REQUIRED = ("timestamp", "team_id", "cost")
IN_METADATA = ("workload", "lane", "fallback")
"""Attributes that are also looked up inside the `metadata` object, under the same name."""


def column_names(own: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the names to look for by canonical name; one that `own` maps is looked for under that name alone."""
    unknown = sorted(set(own) - set(KNOWN_NAMES))
    if unknown:
        raise UsageError(
            f"`usage: columns:` maps `{unknown[0]}`, which is not a column of an event",
            hint=f"the names on the left are: {', '.join(KNOWN_NAMES)}",
        )
    return {name: (own[name],) if name in own else known for name, known in KNOWN_NAMES.items()}


def find_columns(path: str, found: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Return the places in `found` of each canonical column, best name first, in any case.

    Raises UsageError when a column that money needs has no place.
    """
    folded = [name.strip().casefold() for name in found]
    places = {
        canonical: [folded.index(name.casefold()) for name in aliases if name.casefold() in folded]
        for canonical, aliases in names.items()
    }
    missing = [name for name in REQUIRED if not places[name]]
    if missing:
        raise missing_columns(path, missing, found)
    return places


def missing_columns(path: str, missing: Sequence[str], found: Iterable[str]) -> BudgetsError:
    """Return the error that names the columns an export lacks, those it has, and the YAML that maps them."""
    present = [name.strip() for name in found]
    lines = "\n".join(f"    {name}: {_closest(name, present)}" for name in missing)
    listed = ", ".join(f"`{name[:60]}`" for name in present[:40]) or "none"
    return UsageError(
        f"{path}: no column for {' or '.join(f'`{name}`' for name in missing)}; the columns found are {listed}",
        hint=f"name this export's own columns in budgets/org.yaml:\nusage:\n  columns:\n{lines}",
    )


_LIKELY = {
    "timestamp": ("created_at", "time", "date", "occurred_at", "event_time", "ts", "datetime"),
    "team_id": ("team", "squad", "team_name", "wallet", "group", "scope_id", "cost_center"),
    "cost": ("price", "cost_usd", "amount", "spend", "total_cost", "usd", "charge"),
}


def _closest(name: str, present: Sequence[str]) -> str:
    by_folded = {column.casefold(): column for column in present}
    for likely in _LIKELY[name]:
        if likely in by_folded:
            return by_folded[likely]
    for likely in (name, *_LIKELY[name]):
        close = difflib.get_close_matches(likely, list(by_folded), n=1, cutoff=0.6)
        if close:
            return by_folded[close[0]]
    return f"<the column that holds the {name.removesuffix('_id')}>"
