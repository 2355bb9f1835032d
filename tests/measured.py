"""Have SlipCover write its probes once for all processes of a run, and take them out between tests, where it measures.

To write the probes of all modules takes a process of tests as long as 300 tests do: what one has written, the others
take from there.

SlipCover looks through all functions of all modules for probes to take out as soon as a line was met 50 times: that is
hundreds of times in a process, each time for a few lines. Here it looks after 1, 2, 4, 8, ... tests, and amid one only
for a line whose probe took longer than the look. From Python 3.12 on there are no probes.

Modules that nobody imported are read for what could have been met. Each process that runs tests does it, so the one
that hands them out need not: it imports nothing, and would read all.
"""

from __future__ import annotations

import ast
import marshal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from itertools import count
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import kept
import pytest

OFTEN = 5_000_000
"""Visits of a line after which its probe has taken about as long as a look through all functions."""
_SIGNAL, _PROBE = "\0signal", "\0probe"
"""What stands for the call of a probe, and, before its line or branch, for a probe, in code that is kept."""


class Probes:
    """The probes of this process, as a plugin of pytest."""

    def __init__(self, measuring: Any) -> None:
        self.measuring = measuring
        self.tests = count(1)
        measuring.d_miss_threshold = OFTEN

    def pytest_runtest_logfinish(self) -> None:
        if (number := next(self.tests)) & (number - 1) == 0:
            self.measuring.deinstrument_seen()


def measure_cheaply(config: pytest.Config) -> None:
    """Register the plugin where probes are written, and read no module only to count its lines where no test runs."""
    for measuring in filter(None, (getattr(finder, "sci", None) for finder in sys.meta_path)):
        if hasattr(measuring, "deinstrument_seen"):
            config.pluginmanager.register(Probes(measuring))
            write_probes_once()
        if config.getoption("numprocesses", None):
            measuring.source = None


def write_probes_once() -> None:
    """Have modules that are measured by branch executed with probes that any process of this run has written."""
    from slipcover.importer import SlipcoverLoader

    execute: Callable[[Any, Any], None] = SlipcoverLoader.exec_module

    def exec_module(loader: Any, module: Any) -> None:
        if not (loader.sci.branch and isinstance(loader.orig_loader, SourceFileLoader)):
            return execute(loader, module)
        loader.sci.register_module(module)
        exec(probed(loader.sci, loader.origin), module.__dict__)  # noqa: S102
        return None

    SlipcoverLoader.exec_module = exec_module


def probed(measuring: Any, file: Path) -> CodeType:
    """Return a module's code with the probes of this process, which counts what can be met there."""
    source = file.read_bytes()
    place = kept.place("probed", str(file), source)
    if not place.exists():
        kept.keep(place, marshal.dumps(_written(file, source)))
    written = marshal.loads(place.read_bytes())  # noqa: S302
    code: CodeType = _bound(measuring, written["code"], iter(written["places"]))
    with measuring.lock:
        measuring.code_lines[str(file)].update(written["lines"])
        measuring.code_branches[str(file)].update(written["branches"])
        measuring.instrumented[str(file)].add(code)
    return code


def _written(file: Path, source: bytes) -> dict[str, Any]:
    """Return the code of a module with words in place of probes, and where these are."""
    from slipcover import Slipcover, branch

    writing = Slipcover(branch=True)
    tree = branch.preinstrument(ast.parse(source))
    with _words_for_probes():
        code = writing.instrument(compile(tree, str(file), "exec"))
    return {
        "code": code,
        "places": [writing.code2index[part] for part in _parts(code)],
        "lines": writing.code_lines[str(file)],
        "branches": writing.code_branches[str(file)],
    }


@contextmanager
def _words_for_probes() -> Iterator[None]:
    from slipcover import slipcover

    words = SimpleNamespace(new=lambda _measuring, _file, met, _often: (_PROBE, met), signal=_SIGNAL)
    with pytest.MonkeyPatch.context() as writing:
        writing.setattr(slipcover, "probe", words)
        yield


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of all functions of a module, inner ones first."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _parts(each)
    yield code


def _bound(measuring: Any, code: CodeType, places: Iterator[Any]) -> CodeType:
    """Return code with probes of this process in place of words, in the order of `_parts`."""
    from slipcover import probe

    def bound(value: Any) -> Any:
        if isinstance(value, CodeType):
            return _bound(measuring, value, places)
        if value == _SIGNAL:
            return probe.signal
        if isinstance(value, tuple) and value[:1] == (_PROBE,):
            return probe.new(measuring, code.co_filename, value[1], measuring.d_miss_threshold)
        return value

    made = code.replace(co_consts=tuple(map(bound, code.co_consts)))
    with measuring.lock:
        measuring.code2index[made] = next(places)
    return made
