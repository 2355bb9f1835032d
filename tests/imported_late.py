"""Imported by what commands are forked from: all of the code, and what of others it imports late."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages

import reconciler

_OF_OTHERS = (
    *("anyio._backends._asyncio", "certifi", "encodings.idna", "encodings.utf_8_sig", "getpass", "h11"),
    *("httpcore", "httpx", "ibis.backends.duckdb", "ibis.expr.types.groupby", "numpy.ma", "numpy.random"),
    "unicodedata",
)
_OF_TESTS = ("installed", "apply.rehearsal", "warmed")

for _ours in [module.name for module in walk_packages(reconciler.__path__, "reconciler.")]:
    if not _ours.endswith("__main__"):
        import_module(_ours)
for _name in (*_OF_OTHERS, *_OF_TESTS):
    with suppress(ModuleNotFoundError):
        import_module(_name)
