"""What a shell may complete: teams, wallets and months, from the budget files alone, whatever is wrong with them.

Somebody waits for it with a finger on the key: no schema is looked at, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.model.period import Period
from reconciler.settings import today
from reconciler.source.parse import parse
from reconciler.source.tree import LARGEST
from reconciler.source.tree_findings import ORGANIZATION

_MOST_FILES = 2000


def teams(budgets: Path) -> tuple[str, ...]:
    """Return the teams that have a file, sorted."""
    return tuple(path.stem for path in _team_files(budgets))


def wallets(budgets: Path) -> tuple[str, ...]:
    """Return every team, and after it its wallets as TEAM/ENV."""
    return tuple(name for path in _team_files(budgets) for name in (path.stem, *_wallets(path)))


def periods(budgets: Path) -> tuple[str, ...]:
    """Return the months of the fiscal year, or the twelve that begin with this one where that cannot be read."""
    year = _section(budgets / ORGANIZATION, "fiscal_year").get("starts")
    try:
        starts = Period.parse(str(year))
    except ValueError:
        starts = Period.of(today())
    return tuple(str(starts.plus(month)) for month in range(12))


OFFERED: Mapping[str, Callable[[Path], tuple[str, ...]]] = {"teams": teams, "wallets": wallets, "periods": periods}


def _team_files(budgets: Path) -> list[Path]:
    try:
        return sorted((budgets / "teams").glob("[!.]*.yaml"))[:_MOST_FILES]
    except OSError:
        return []


def _wallets(path: Path) -> Iterator[str]:
    for environment in _section(path, "wallets"):
        yield f"{path.stem}/{environment}"


def _section(path: Path, name: str) -> dict[str, Any]:
    """Return a mapping of a file, empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        data.decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    value = parse(data).value if len(data) <= LARGEST else None
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
