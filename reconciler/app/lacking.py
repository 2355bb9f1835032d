"""A Python package that is not there: whether all need it or an extra alone, and how to get it."""

from __future__ import annotations

import re

_OF_AN_EXTRA = re.compile(r"([\w.-]+).*extra\s*==\s*['\"]([\w-]+)['\"]")


def lacking(module: str) -> tuple[str, str]:
    """Return in words that the package with `module` is missing, and what installs it."""
    if (extra := _extra_of(module.partition(".")[0])) is None:
        hint = "run `pip install .` in a clone of kt-budgets, which installs everything that it needs"
        return f"kt-budgets is not installed whole: the Python package `{module}` is missing", hint
    words = f"this needs the extra `{extra}`, which is not installed: the Python package `{module}` is missing"
    return words, f"install it with `pip install '.[{extra}]'` in a clone of kt-budgets"


def _extra_of(module: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        needed = requires("keeptrusts-budgets") or []
    except PackageNotFoundError:
        return None
    found = (_OF_AN_EXTRA.match(each) for each in needed)
    return next((one[2] for one in found if one and _alike(one[1]) == _alike(module)), None)


def _alike(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
