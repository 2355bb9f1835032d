"""CODEOWNERS: what makes a forge ask the right people. Only the block between our marks is ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_BEGIN = "# kt-budgets: begin. Written by `kt-budgets pr codeowners` from the owners in the budget files: edit those."
_END = "# kt-budgets: end."
_BLOCK = re.compile(r"^# kt-budgets: begin\b.*?^# kt-budgets: end\.[^\n]*\n?", re.MULTILINE | re.DOTALL)
_BOT = "[bot]"


def rules(
    folder: str,
    owners: Sequence[str],
    teams: Mapping[str, Sequence[str]],
    *,
    guarded: Sequence[str],
    guards: Sequence[str],
) -> list[str]:
    """Return the lines for budgets in `folder`, which is seen from the top of the repository.

    The last line that fits counts, so the organization's `owners` come before those of `teams`. A team without owners
    is left to the organization. `guards` own what is `guarded`: where the pipelines are, and this file may be.
    """
    top = "/" if folder in ("", ".") else f"/{folder.strip('/')}/"
    whole = _people(owners)
    lines = [*(_line(f"/{place}", _people(guards) or whole) for place in guarded), _line(top, whole)]
    lines += [
        _line(f"{top}teams/{team}.yaml", _people(named)) for team, named in sorted(teams.items()) if _people(named)
    ]
    return [line for line in lines if line]


def with_block(text: str, lines: Sequence[str], *, guarded: Sequence[str]) -> str:
    """Return the text of a CODEOWNERS file with our block at its end, where nothing after it takes its place.

    Where the file has a rule of its own for what is `guarded`, that one is left to hold. Line ends stay as they are.
    """
    plain = text.replace("\r\n", "\n")
    rest = _BLOCK.sub("", plain).rstrip("\n")
    theirs = [place for place in guarded if re.search(rf"^/?{re.escape(place.rstrip('/'))}\b", rest, re.MULTILINE)]
    kept = [line for line in lines if not any(line.startswith(f"/{place} ") for place in theirs)]
    block = "\n".join([_BEGIN, *kept, _END])
    whole = f"{rest}\n\n{block}\n" if rest else f"{block}\n"
    return whole.replace("\n", "\r\n") if "\r\n" in text else whole


def _people(owners: Sequence[str]) -> tuple[str, ...]:
    """Return owners as CODEOWNERS writes them; bots cannot be code owners."""
    return tuple(f"@{owner.strip().lstrip('@')}" for owner in owners if not owner.strip().endswith(_BOT))


def _line(path: str, owners: Sequence[str]) -> str:
    escaped = path.replace("\\", "\\\\").replace(" ", "\\ ")
    return f"{escaped} {' '.join(owners)}" if owners else ""
