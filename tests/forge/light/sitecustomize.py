"""Put on a Python's path, it makes that Python one of a light installation: what such a one leaves out is not there."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

LEFT_OUT = frozenset(
    ["dateutil", "duckdb", "ibis", "numpy", "pandas", "parsy", "public", "pyarrow", "six", "sqlglot", "toolz", "tzdata"]
)


class _Absent(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name.partition(".")[0] in LEFT_OUT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


sys.meta_path.insert(0, _Absent())
