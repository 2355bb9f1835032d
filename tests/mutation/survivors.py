"""Which mutants live, compared with the list of those that are accepted: the last step of `make mutants`.

A mutant is known by the function that it is in, and by the lines that it removes and adds; the numbers that mutmut
gives them are others after every change of a function. Decision 0090.
"""

from __future__ import annotations

import fnmatch
import json
import sys
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
LIST = Path(__file__).with_name("accepted.toml")
_LIVES = {0, 5, 33}
"""What mutmut notes of a mutant that no test noticed: the tests passed, or none comes to its function."""
_IS_NOTICED = {1, 3, 36, 37, 24, -24, 152, 255}
"""The tests failed or took far too long, or mypy rejects it."""


class Mutant(NamedTuple):
    """`function` is `module:function` or `module:Class.method`; of several lines each is without its indentation."""

    function: str
    removed: str
    added: str

    def __str__(self) -> str:
        lines = [f"- {line}" for line in self.removed.splitlines()] + [f"+ {line}" for line in self.added.splitlines()]
        return "\n".join([self.function, *lines])


@dataclass
class Found:
    """What a run of mutmut found. `unjudged` are the names of those of which it says neither."""

    living: dict[Mutant, int] = field(default_factory=dict)
    noticed: int = 0
    unjudged: list[str] = field(default_factory=list)


def function_of(name: str) -> str:
    """Return the function of a mutant that mutmut calls `name`, such as `pkg.mod.xǁClassǁmethod__mutmut_3`."""
    module, _, rest = name.partition("__mutmut_")[0].rpartition(".")
    return f"{module}:{rest[2:].replace('ǁ', '.')}"


def change_of(function: str, before: str, after: str) -> Mutant:
    """Return the mutant that has the source `after` in place of `before`."""
    differing = list(unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0))[2:]
    removed, added = ("\n".join(line[1:].strip() for line in differing if line.startswith(sign)) for sign in "-+")
    return Mutant(function, removed, added)


def found_in(folder: Path, patterns: Sequence[str] = ()) -> Found:
    """Return what mutmut noted in its `folder`, of the mutants whose names are like one of `patterns`."""
    found = Found()
    for path in sorted(folder.rglob("*.meta")):
        notes = json.loads(path.read_text(encoding="utf-8"))
        rejected = notes["type_check_error_by_key"]
        source = path.with_suffix("").read_text(encoding="utf-8").split("\n")
        spans = json.loads(path.with_suffix(".spans").read_text(encoding="utf-8"))["spans"]
        for name, code in notes["exit_code_by_key"].items():
            if not is_asked_for(name, patterns):
                continue
            if code in _LIVES and name not in rejected:
                mutant = _read(name, source, spans)
                found.living[mutant] = found.living.get(mutant, 0) + 1
            elif code in _IS_NOTICED or name in rejected:
                found.noticed += 1
            else:
                found.unjudged.append(name)
    return found


def is_asked_for(name: str, patterns: Sequence[str]) -> bool:
    return not patterns or any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _read(name: str, source: Sequence[str], spans: Mapping[str, Sequence[int]]) -> Mutant:
    mutated = name.rpartition(".")[2]
    original = f"{mutated.partition('__mutmut_')[0]}__mutmut_orig"
    function = function_of(name)
    before, after = (
        "\n".join(source[first - 1 : last]).replace(known, function.rpartition(":")[2].rpartition(".")[2])
        for known, (first, last) in ((each, spans[each]) for each in (original, mutated))
    )
    return change_of(function, before, after)


def accepted_in(text: str) -> dict[Mutant, str]:
    """Return the accepted mutants of a list, each with its reason; a mutant without one, or twice, is an error."""
    accepted: dict[Mutant, str] = {}
    for group in tomllib.loads(text).get("accepted", ()):
        for listed in group["mutants"]:
            mutant = Mutant(*listed)
            if not group["reason"].strip():
                raise ValueError(f"the list gives no reason for\n{mutant}")
            if mutant in accepted:
                raise ValueError(f"the list has twice\n{mutant}")
            accepted[mutant] = group["reason"]
    return accepted


def compared(
    living: Collection[Mutant], accepted: Collection[Mutant], patterns: Sequence[str] = ()
) -> tuple[list[Mutant], list[Mutant]]:
    """Return the mutants that live and are not accepted, and those that are accepted and live no more."""
    asked = [mutant for mutant in accepted if is_asked_for(_as_name(mutant.function), patterns)]
    return sorted(set(living) - set(accepted)), sorted(set(asked) - set(living))


def _as_name(function: str) -> str:
    """Return what mutmut calls the first mutant of a function, for the patterns that choose among its names."""
    module, _, name = function.partition(":")
    return f"{module}.{'xǁ' + name.replace('.', 'ǁ') if '.' in name else 'x_' + name}__mutmut_1"


def as_toml(mutants: Iterable[Mutant]) -> Iterator[str]:
    """Yield the lines of the list that accept `mutants`, still without a reason."""
    yield from ("[[accepted]]", 'reason = ""', "mutants = [")
    for mutant in mutants:
        yield f"  [{', '.join(_literal(part) for part in mutant)}],"
    yield "]"


def _literal(text: str) -> str:
    if "\n" in text:
        return f"'''\n{text}'''"
    return f"'''{text}'''" if "'" in text else f"'{text}'"


def main(patterns: Sequence[str]) -> int:
    """Print what lives and should not, and what should and does not; return the exit code."""
    text = LIST.read_text(encoding="utf-8")
    found, accepted = found_in(ROOT / "mutants", patterns), accepted_in(text)
    new, stale = compared(found.living, accepted, patterns)
    said = [
        *(
            [f"{len(new):,} mutants live that are not in {LIST.name}; kill them, or give a reason:", *as_toml(new)]
            * bool(new)
        ),
        *(f"accepted, and does not live any more: remove it from {LIST.name}\n{mutant}" for mutant in stale),
        *(f"neither killed nor living: {name}" for name in found.unjudged),
    ]
    lives = sum(found.living.values())
    total = lives + found.noticed + len(found.unjudged)
    said.append(f"{total:,} mutants: {found.noticed:,} noticed, {lives:,} live, of which {len(new):,} are not accepted")
    said += [f"not covered yet: {folder}: {why}" for folder, why in tomllib.loads(text)["not_covered"].items()]
    sys.stdout.write("\n".join(said) + "\n")
    return 1 if new or stale or found.unjudged or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
