"""A drafted team's file as text: every value of the model, each figure below the sentences that say why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.findings import Keys
from reconciler.model.team import TeamBudget
from reconciler.source.literals import comment, literal
from reconciler.source.organization_file import SCHEMA_HEADER

Reasons = Mapping[Keys, tuple[str, ...]]
_FIGURE = re.compile(r"[+-]?\d+(\.\d+)?%?|\d{4}-\d{2}")
_TEXTS = frozenset({"team", "name", "owners", "team_id", "reason", "keep_mix", "id", "environment"})


def drafted_text(team: TeamBudget, reasons: Reasons) -> str:
    """Return the text of a new file that says what `team` is."""
    fields = team.model_dump(mode="json", exclude_defaults=True)
    lines = [SCHEMA_HEADER.format("../../", "team"), "version: 1"]
    return "\n".join([*lines, *_lines({k: v for k, v in fields.items() if k != "version"}, reasons, ())]) + "\n"


def _lines(fields: Mapping[str, Any], reasons: Reasons, at: Keys) -> Iterator[str]:
    indent = "  " * len(at)
    for key, value in fields.items():
        here = (*at, key)
        yield from (f"{indent}# {comment(reason)}" for reason in reasons.get(here, ()))
        if isinstance(value, dict) and len(at) < 3 and not _is_small(here):
            yield f"{indent}{literal(key) if len(at) == 1 else key}:"
            yield from _lines(value, reasons, here)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{indent}{key}:"
            for place, item in enumerate(value):
                inside = {each: why for each, why in reasons.items() if each[: len(here) + 1] == (*here, place)}
                yield from (f"{indent}  # {comment(reason)}" for why in inside.values() for reason in why)
                yield f"{indent}  - {_flow(item, key)}"
        else:
            yield f"{indent}{key}: {_flow(value, key)}"


def _is_small(at: Keys) -> bool:
    """Whether a mapping is written on one line."""
    return at[0] == "plan" and len(at) > 1


def _flow(value: Any, key: str) -> str:
    """Return a value on one line; figures, months and percentages as people write them."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {_flow(each, _of(key, name))}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(each, key) for each in value)}]"
    if isinstance(value, str) and key not in _TEXTS and _FIGURE.fullmatch(value):
        return value
    return literal(value)


def _of(key: str, name: str) -> str:
    """Return how a field is written: the models of a move are texts."""
    return "name" if key == "provider_mix" and name in ("from", "to") else name
