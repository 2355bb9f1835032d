"""No module is dead weight: whatever is there, some command or the Python API needs."""

from __future__ import annotations

import grimp

from reconciler.cli.main import COMMANDS
from reconciler.report.renderers import RENDERERS

RENDERING = {f"reconciler.report.{where.partition(':')[0]}" for where in RENDERERS.values()}
BEGINNINGS = {
    "reconciler.__main__",
    "reconciler.app.api",
    *(f"reconciler.cli.{name}" for name in COMMANDS),
    *RENDERING,
}


def test_every_module_is_reached_from_a_command_or_from_the_api() -> None:
    graph = grimp.build_graph("reconciler", cache_dir=None)
    modules = {module for module in graph.modules if not graph.find_children(module)}
    begun = BEGINNINGS & modules
    reached = begun.union(*(graph.find_upstream_modules(module) for module in begun))
    unneeded = sorted(modules - reached)
    assert unneeded == [], f"no command needs {unneeded}, wherever it may be imported: use it or delete it"
