"""A year of the example's events as one file, exported once for all workers: it takes longer than most tests do."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from filelock import FileLock

FIRST, DAY = date(2025, 6, 1), date(2026, 6, 18)


@pytest.fixture(scope="session")
def example_export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Parquet file that the embedded Keeptrusts hands out for the year before the 18th of June."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    file = folder / "example.parquet"
    with FileLock(folder / "example.lock"):
        if not file.exists():
            _exported(folder).rename(file)
    return file


def _exported(folder: Path) -> Path:
    """Import what is measured late: every run of the tests reads this module, also before measuring begins."""
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.exports import ExportJobs
    from reconciler.sandbox.server import running

    with running(scenario="acme", as_of=DAY) as sandbox:
        connection = Connection(base_url=sandbox.url, token=sandbox.read_token)
        with ExportJobs(connection) as jobs:
            job = jobs.create("events", "parquet", date_from=FIRST, date_to=DAY)
            return jobs.download(jobs.wait(job), folder)
