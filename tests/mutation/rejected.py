"""Which mutants mypy rejects: mutmut runs this in its copy of the code, and tries no test on what `make lint` stops.

It could be told by printing mypy's errors. It then parses every mutated module with a slow parser to find whose they
are, and stops at errors outside of every mutant, for a mutant may change what is inferred elsewhere. So they are noted
here where mutmut notes results.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

REJECTED = 37
"""What mutmut calls caught by the type checker."""
_COMMAND = [sys.executable, "-m", "mypy", "--output", "json", "--no-warn-unused-ignores"]


def main(paths: list[str]) -> None:
    """Note the mutants below `paths` that mypy rejects; print nothing, since nothing is left for mutmut to find."""
    said = subprocess.run([*_COMMAND, *paths], capture_output=True, encoding="utf-8", check=False)
    if said.returncode not in (0, 1):
        sys.exit(said.stdout + said.stderr)
    errors = defaultdict(list)
    for line in filter(str.strip, said.stdout.splitlines()):
        error = json.loads(line)
        errors[error["file"]].append(error)
    for file, found in errors.items():
        note(Path(f"{file}.meta"), Path(f"{file}.spans"), found)


def note(results: Path, places: Path, errors: Iterable[Mapping[str, Any]]) -> None:
    """Write into mutmut's `results` of a module which of its mutants have `errors` of mypy, by their `places`.

    Where the function as it is has an error among mutants, nothing is said of its mutants.
    """
    if not results.exists():
        return
    spans = json.loads(places.read_text(encoding="utf-8"))["spans"]
    notes = json.loads(results.read_text(encoding="utf-8"))
    names = {name.rpartition(".")[2]: name for name in notes["exit_code_by_key"]}
    found = {
        function: error["message"]
        for error in errors
        for function, (first, last) in spans.items()
        if first <= error["line"] <= last
    }
    for function, message in found.items():
        if function in names and f"{function.partition('__mutmut_')[0]}__mutmut_orig" not in found:
            notes["exit_code_by_key"][names[function]] = REJECTED
            notes["type_check_error_by_key"][names[function]] = message
    results.write_text(json.dumps(notes, indent=4), encoding="utf-8")


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument != "mypy"])
