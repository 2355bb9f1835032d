"""Expressions that are built once: to build one of many steps takes longer than to run it over a small export."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, ParamSpec

import ibis
from ibis.expr.operations import Node
from ibis.expr.types import Table

_MOST = 256
P = ParamSpec("P")


def remembered(build: Callable[P, Table]) -> Callable[P, Table]:
    """Keep what `build` makes, by its arguments: tables that are equal in name and schema, names, days, switches."""
    made: dict[Hashable, Table] = {}

    @wraps(build)
    def built(*arguments: P.args, **named: P.kwargs) -> Table:
        key = (_key(arguments), _key(named))
        if key not in made:
            if len(made) == _MOST:
                made.clear()
            made[key] = build(*arguments, **named)
        return made[key]

    return built


def _key(value: Any) -> Hashable:
    if isinstance(value, Table):
        node: Hashable = value.op()
        return node
    if isinstance(value, Mapping):
        return tuple((name, _key(each)) for name, each in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(map(_key, value))
    plain: Hashable = value
    return plain


def statement(query: ibis.Expr) -> str:
    """Return the SQL of an expression in DuckDB's words."""
    return _statement(query.op())


@lru_cache(maxsize=_MOST)
def _statement(query: Node) -> str:
    return str(ibis.to_sql(query.to_expr(), dialect="duckdb", pretty=False))
