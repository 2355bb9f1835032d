"""Nothing of ours leans on what a library keeps to itself: such a name may go with any version of it.

The linter sees `thing._name`. What it does not see is looked for here: names as text, private modules and names that
are imported, and what a class of ours uses of the library's class that it extends.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "reconciler"
PRIVATE = re.compile(r"_[a-z][a-z0-9_]*|__[a-z0-9_]*[a-z0-9]")
TYPING_ONLY = frozenset({"__future__", "_typeshed"})
BY_NAME = frozenset({"getattr", "setattr", "hasattr", "delattr", "attrgetter", "methodcaller", "__getattribute__"})


def is_private(name: object) -> bool:
    return isinstance(name, str) and any(PRIVATE.fullmatch(part) for part in name.split("."))


def names_as_text(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield the private names that something is asked for by `getattr` and the like."""
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in BY_NAME:
            continue
        constant = [part for argument in node.args for part in ast.walk(argument) if isinstance(part, ast.Constant)]
        yield from (str(part.value) for part in constant if is_private(part.value))
        if not any(isinstance(argument, ast.Constant) for argument in node.args[1:2]) and called != "attrgetter":
            yield from private_literals(nodes)


def private_literals(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what is written in this module and looks like a private name: any of it may be what is asked for."""
    typed = {
        id(argument)
        for node in nodes
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("TypeVar", "ParamSpec")
        for argument in node.args
    }
    for node in nodes:
        if isinstance(node, ast.Constant) and is_private(node.value) and id(node) not in typed:
            yield str(node.value)


def imported(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """Yield what is imported from outside under a private name."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module not in TYPING_ONLY:
            names = [f"{node.module}.{alias.name}" for alias in node.names if not node.module.startswith("reconciler")]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if not alias.name.startswith("reconciler")]
        else:
            continue
        yield from (name for name in names if is_private(name))


def inherited(nodes: Sequence[ast.AST], ours: dict[str, ast.ClassDef]) -> Iterator[str]:
    """Yield what a class uses of itself under a private name that neither it nor a class of ours above it has made."""
    for node in nodes:
        if not isinstance(node, ast.ClassDef) or not node.bases:
            continue
        made = set().union(*(made_in(each) for each in above(node, ours)))
        used = {name for name, context in own_names(node) if isinstance(context, ast.Load)}
        yield from (f"{node.name}.{name}" for name in sorted(used - made) if PRIVATE.fullmatch(name))


def above(node: ast.ClassDef, ours: dict[str, ast.ClassDef]) -> Iterator[ast.ClassDef]:
    yield node
    for base in node.bases:
        base = base.value if isinstance(base, ast.Subscript) else base
        if isinstance(base, ast.Name) and base.id in ours and ours[base.id] is not node:
            yield from above(ours[base.id], ours)


def own_names(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr_context]]:
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in ("self", "cls"):
            yield part.attr, part.ctx


@cache
def made_in(node: ast.ClassDef) -> set[str]:
    methods = {part.name for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}
    fields = {
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    plain = {
        target.id
        for part in node.body
        if isinstance(part, ast.Assign)
        for target in part.targets
        if isinstance(target, ast.Name)
    }
    return methods | fields | plain | {name for name, context in own_names(node) if isinstance(context, ast.Store)}


def private_uses(sources: dict[str, str]) -> list[str]:
    """Return each use of what is not ours to use, with the place."""
    modules = {place: list(ast.walk(ast.parse(text))) for place, text in sources.items()}
    ours = {node.name: node for nodes in modules.values() for node in nodes if isinstance(node, ast.ClassDef)}
    return [
        f"{place}: {name}"
        for place, nodes in modules.items()
        for name in (*names_as_text(nodes), *imported(nodes), *inherited(nodes, ours))
    ]


def test_nothing_private_of_a_library_is_used() -> None:
    sources = {str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    assert private_uses(sources) == []


@pytest.mark.parametrize(
    "text",
    [
        "stream = getattr(response, '_stream', None)",
        "NAMES = ('stream', '_connection')\nfor name in NAMES:\n    found = getattr(found, name)",
        "import operator\nread = operator.attrgetter('stream._connection')",
        "from httpx._utils import get_environment_proxies",
        "import httpcore._backends.auto",
        "class Mine(Server):\n    def stop(self):\n        return self._captured",
        "class Mine(Server):\n    def stop(self):\n        self._exit()",
    ],
)
def test_a_use_of_what_is_private_is_found(text: str) -> None:
    assert private_uses({"module.py": text})


@pytest.mark.parametrize(
    "text",
    [
        "class Mine(Server):\n    def __init__(self):\n        self._own = 1\n        print(self._own)",
        "class Above(Server):\n    _own = 1\nclass Mine(Above):\n    def stop(self):\n        return self._own",
        "found = getattr(module, name)\nkind = TypeVar('_Kind')",
        "from __future__ import annotations",
    ],
)
def test_what_is_our_own_is_no_such_use(text: str) -> None:
    assert private_uses({"module.py": text}) == []
