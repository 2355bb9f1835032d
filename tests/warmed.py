"""Imported last by what commands are forked from: it fills the example's sandbox and reads its export once for all.

What a command inherits is the filled sandbox of that day and the statements over such an export. An export that was
written before in this run of the tests, usage that was read and a record that was replayed before, it takes from there.
What is there by now is searched for garbage in no command.
"""

from __future__ import annotations

import gc
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from replayed_once import replaying_once
from seeded_once import Once, writing_once
from usage_read_once import reading_once

from reconciler.forecast import calibration
from reconciler.sandbox import exports, server
from reconciler.sandbox.clock import parse_instant
from reconciler.usage import read

FIRST, DAY = date(2025, 6, 1), date(2026, 6, 18)

once = Once(server._opened)
server._opened = once
with TemporaryDirectory() as folder, once(None, "acme", DAY) as store:
    window = {"start": parse_instant("2026-05-01"), "end": parse_instant(str(DAY))}
    export = store.usage.export({"type": "events", "form": "parquet", "file": "events.parquet", **window}, Path(folder))
    read.read_usage([str(export())], first=FIRST, end=DAY)
exports.write_export = writing_once(exports.write_export)
read.read_usage = reading_once(read.read_usage)
calibration.replayed_record = replaying_once(calibration.replayed_record)
gc.collect()
gc.freeze()
