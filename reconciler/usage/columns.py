"""What an event's columns are called: canonical names, the names exports are known to use, and a deployment's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconciler.findings import UsageError

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


class MissingColumnsError(UsageError):
    """Exports lack columns that money needs; `others` are further exports that do."""

    def __init__(self, path: str, missing: Sequence[str], found: Iterable[str], others: Sequence[str] = ()) -> None:
        self.path = path
        self.missing = tuple(missing)
        self.found = tuple(found)
        self.others = tuple(others)
        super().__init__(f"{path}: no column for {' or '.join(f'`{name}`' for name in self.missing)}")

    def with_others(self, others: Sequence[str]) -> MissingColumnsError:
        return MissingColumnsError(self.path, self.missing, self.found, others)


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
        raise MissingColumnsError(path, missing, found)
    _refuse_twins(path, folded, [names[name] for name in REQUIRED])
    return places


def _refuse_twins(path: str, folded: Sequence[str], needed: Iterable[Sequence[str]]) -> None:
    """Raise UsageError when two columns have a name that money is read by: which of them is meant cannot be told."""
    for name in (alias.casefold() for aliases in needed for alias in aliases):
        places = [str(at) for at, column in enumerate(folded, 1) if column == name]
        if len(places) > 1:
            raise UsageError(
                f"{path}: columns {' and '.join(places)} are both called `{name}`, so nothing of it was used",
                hint="give each column a name of its own in the first line, or export again without one of them",
            )
