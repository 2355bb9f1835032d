"""`kt-budgets drift`: live state against the last applied commit, classified."""

from __future__ import annotations

from typing import Any

from reconciler.cli import options
from reconciler.cli.printing import prints
from reconciler.report.renderers import Answer


@options.command("drift --accept")
@options.network
@options.journal
@options.repository
@options.flag("--accept", help="Write what is live into the YAML, for a pull request.")
@options.flag("--issue", help="Open, update or close the issue about drift on GitHub, or that of each team.")
@options.flag("--pull-requests", help="Count as pending what an open pull request asks for.")
@options.remote
@prints("drift", to_file=False)
def command(*, pull_requests: bool, **values: Any) -> Answer:
    """Compare Keeptrusts with what was last applied: what was changed by hand, and what was left behind.

    Every difference is changed (by hand), missing, unmanaged, pending (explained by git), unreclaimable (applied, but
    spent already) or acknowledged (in org.yaml). Left behind are a month that is not funded, a merge not applied within
    an hour, a run that never finished, a write nobody knows about and a lock nobody gives back, each with its way out,
    and told while Keeptrusts cannot be read. Exits with 11 when somebody is needed. `--accept` writes live values into
    the YAML, and takes alerts out of it that are gone; `apply` puts git's values back.
    """
    from reconciler.app.drift.drift import DriftRequest, drift

    if not pull_requests:
        del values["remote"]
    request = options.made(DriftRequest, values)
    return drift(options.settings(values), request)
