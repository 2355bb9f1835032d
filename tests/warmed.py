"""Imported last by what commands are forked from: it fills the example's sandbox and reads its export once for all.

What a command inherits is the filled sandbox of that day and the statements over such an export; it reads its own usage
itself. What is there by then is searched for garbage in no command.
"""

from __future__ import annotations

import gc
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from seeded_once import Once

from reconciler.sandbox import server
from reconciler.sandbox.clock import parse_instant
from reconciler.usage.read import read_usage

FIRST, DAY = date(2025, 6, 1), date(2026, 6, 18)

once = Once(server._opened)
server._opened = once
with TemporaryDirectory() as folder, once(None, "acme", DAY) as store:
    window = {"start": parse_instant("2026-05-01"), "end": parse_instant(str(DAY))}
    export = store.usage.export({"type": "events", "form": "parquet", "file": "events.parquet", **window}, Path(folder))
    read_usage([str(export())], first=FIRST, end=DAY)
gc.collect()
gc.freeze()
