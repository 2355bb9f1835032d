"""Probes that were written once measure what SlipCover's own do, in the process that wrote them and in any other."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from measured import probed

MODULE = """\
def outer(number):
    def inner():
        return [each for each in range(number) if each % 2]
    if number > 3:
        return inner()
    for each in inner():
        match each:
            case 1:
                return "one"
    return None

class Never:
    def called(self):
        return 1
"""


def written_by_slipcover(measuring: Any, file: Path) -> CodeType:
    from slipcover import branch

    tree = branch.preinstrument(ast.parse(file.read_bytes()))
    code: CodeType = measuring.instrument(compile(tree, str(file), "exec"))
    return code


def met(write: Callable[[Any, Path], CodeType], file: Path) -> list[Any]:
    """Return what is measured of a module after each of several calls, between which probes are taken out."""
    from slipcover import Slipcover

    measuring = Slipcover(branch=True)
    module: Any = ModuleType("module")
    measuring.register_module(module)
    exec(write(measuring, file), module.__dict__)  # noqa: S102
    found = []
    for number in (5, 2, 1):
        module.outer(number)
        measuring.deinstrument_seen()
        found.append(measuring.get_coverage()["files"])
    return found


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from here on there are no probes")
def test_probes_that_were_written_once_measure_what_those_of_slipcover_measure(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(MODULE, encoding="utf-8")
    expected = met(written_by_slipcover, file)
    assert met(probed, file) == met(probed, file) == expected
    assert len({len(files[str(file)]["missing_branches"]) for files in expected}) == 3
