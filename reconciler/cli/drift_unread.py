"""What `drift` tells while Keeptrusts cannot be read: what git, GitHub and the journal show of what was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli.drift_issues import publish_drift, workflows_address
from reconciler.cli.drift_words import hand_over, print_drift
from reconciler.findings import BudgetsError

if TYPE_CHECKING:
    from reconciler.cli.drift_known import Known
    from reconciler.cli.pr_session import GitHub
    from reconciler.findings import RemoteError
    from reconciler.settings import Settings


def tell_unread(
    settings: Settings, known: Known, session: GitHub | None, error: RemoteError, *, issue: bool, format_: str
) -> None:
    """Tell what is known all the same, in the issue and in the summary of the job; `error`, which follows, has it too.

    Where GitHub does not answer either, that is said on stderr.
    """
    from reconciler.cli.drift_waiting import waiting_unread

    try:
        waiting = waiting_unread(settings, known.records, known.last, applied=known.applied, session=session)
        if issue and session:
            publish_drift(session, known.desired, (), waiting, doubtful=(), unread=True)
    except BudgetsError as other:
        click.echo(f"kt-budgets: what was left behind cannot be told: {other.message}", err=True)
        return
    if waiting and format_ == "text":
        print_drift((), waiting, format_)
    hand_over((), waiting, workflows=workflows_address(str(session.repository)) if session else "", unread=True)
    error.known = {"waiting": [item.model_dump(mode="json") for item in waiting]}
