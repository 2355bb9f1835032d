"""Very large amounts in JSON, digit by digit: the engine reads JSON numbers as doubles, which hold fifteen digits.

Up to a million, fifteen digits leave nine places after the point, so that nothing is lost. Beyond, the scan says so
(`INEXACT`) instead of giving an amount, and the file is written anew here with its numbers as text.
"""

# ruff: noqa: S608 (the paths in these statements are quoted by `literal`)
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ibis.backends.duckdb import Backend

from reconciler.usage.engine import fetch
from reconciler.usage.formats import Format
from reconciler.usage.layouts import INEXACT, json_objects, literal
from reconciler.usage.scans import Scan
from reconciler.usage.unpack import PlainFile

_AT_ONCE = 10_000


def make_exact(connection: Backend, scans: Sequence[Scan], scratch: Path) -> dict[str, PlainFile]:
    """Return the exact versions of the files that hold an inexact amount, by the path of the file that they replace."""
    exact: dict[str, PlainFile] = {}
    for scan in scans:
        if not scan.is_json:
            continue
        paths = set(fetch(connection, f"SELECT DISTINCT file FROM {scan.view} WHERE cost = {literal(INEXACT)}")["file"])
        exact |= {file.path: _rewritten(connection, file, scratch) for file in scan.files if file.path in paths}
    return exact


def _rewritten(connection: Backend, file: PlainFile, scratch: Path) -> PlainFile:
    target = scratch / f"exact-{sum(1 for _ in scratch.iterdir())}"
    rows = connection.con.execute(f"SELECT json FROM {json_objects(file)}")
    with target.open("w", encoding="utf-8") as sink:
        while batch := rows.fetchmany(_AT_ONCE):
            sink.writelines(json.dumps(json.loads(text, parse_float=str)) + "\n" for (text,) in batch)
    return replace(file, path=str(target), format=Format.JSON_LINES, exact=True)
