"""What `kt-budgets drift` prints, and what it says in the summary of a job."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from reconciler.model.waiting import Waiting
    from reconciler.plan.drift import Drifted


def print_drift(
    found: Sequence[Drifted],
    waiting: Sequence[Waiting],
    format_: str,
    *,
    doubtful: Collection[str] = (),
    following: str = "",
) -> None:
    """Print differences and what was left behind; nobody explains what is `doubtful`, so it is not pending."""
    from reconciler.plan.drift import drift_document
    from reconciler.report.findings_text import visible
    from reconciler.report.wording import counted

    if format_ == "json":
        click.echo(json.dumps(drift_document(found, waiting), sort_keys=True, indent=2, ensure_ascii=False))
        return
    for entry in found:
        is_doubtful = entry.item.category == "pending" and entry.item.wallet in doubtful
        kind, mark = "in doubt" if is_doubtful else entry.item.category, "*" if entry.needs_person else " "
        _say(f"{kind:>12}{mark} {visible(entry.item.sentence)}")
    for item in waiting:
        inputs = "".join(f" {key}={value}" for key, value in item.dispatch.inputs.items())
        start = f"[{item.dispatch.workflow}{inputs}]"
        _say(f"{item.state:>12}  {visible(item.sentence)} {visible(item.cure)} {visible(start)}")
    if not found and not waiting:
        click.echo("No drift.")
        return
    if found:
        needed = sum(entry.needs_person for entry in found)
        marked = f" ({'it is' if needed == 1 else 'they are'} marked with *)" if 0 < needed < len(found) else ""
        verb = "needs" if needed == 1 else "need"
        _say(f"{counted(len(found), 'difference')}, {needed} of them {verb} a person{marked}.", hanging=2)
    if waiting:
        _say(f"{counted(len(waiting), 'thing')} left behind; each names the workflow that mends it.", hanging=2)
    if following:
        _say(following, hanging=2)


def hand_over(
    left: Sequence[Drifted],
    waiting: Sequence[Waiting],
    *,
    doubtful: Collection[str] = (),
    workflows: str,
    unread: bool = False,
) -> None:
    """Say in the summary of a job what differs, and to the steps after this one whether a person is needed."""
    from reconciler.cli.pr_session import add_to_summary
    from reconciler.cli.step_output import tell
    from reconciler.forge.drift_text import issue_text, issue_title
    from reconciler.report.escape import escaped

    needed = [entry.item for entry in left if entry.needs_person]
    title = issue_title(needed, waiting, unread=unread)
    items = [(entry.item, entry.needs_person) for entry in left]
    text = issue_text(items, escaped=escaped, doubtful=doubtful, waiting=waiting, workflows=workflows, unread=unread)
    add_to_summary(f"#### {title}\n\n{text}")
    if not unread:
        tell(changed=bool(needed or waiting))
    if needed or waiting:
        tell(failure_reason=title)


def _say(line: str, *, hanging: int = 14) -> None:
    """Print a line, wrapped where the width is known."""
    from reconciler.cli.show import terminal_width
    from reconciler.report.columns import wrapped

    if not (sys.stdout.isatty() or "COLUMNS" in os.environ):
        click.echo(line)
        return
    before = len(line) - len(line.lstrip())
    click.echo("\n".join(wrapped(line.strip(), terminal_width(), indent=before, hanging=hanging)))
