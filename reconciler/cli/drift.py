"""`kt-budgets drift`: live state against the last applied commit, classified."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.drift_issues import publish_drift, workflows_address
from reconciler.cli.drift_known import Known, known_of
from reconciler.cli.drift_unread import tell_unread
from reconciler.cli.drift_words import hand_over, print_drift
from reconciler.cli.options import format_option, journal_option, network_options, settings_of
from reconciler.cli.pr_options import repository_option
from reconciler.findings import ExitCode, RemoteError

if TYPE_CHECKING:
    from reconciler.cli.pr_session import GitHub
    from reconciler.model.desired import Desired
    from reconciler.model.doubt import Doubt
    from reconciler.model.live import Live
    from reconciler.model.waiting import Waiting
    from reconciler.plan.drift import Drifted
    from reconciler.settings import Settings


_UNMANAGED = "declare it in the YAML by hand, or accept it until a day under `acknowledged_drift` in org.yaml"


@click.command("drift", epilog="Example: kt-budgets drift --accept")
@network_options
@journal_option
@repository_option
@click.option("--accept", is_flag=True, help="Write what is live into the YAML, for a pull request.")
@click.option(
    "--issue", is_flag=True, help="Open, update or close the issue about drift on GitHub, or that of each team."
)
@click.option("--pull-requests", is_flag=True, help="Count what an open pull request asks for as pending.")
@click.option("--remote", default="origin", show_default=True, help="The git remote that pull requests come from.")
@format_option("text", "json")
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    repo: str | None,
    accept: bool,
    issue: bool,
    pull_requests: bool,
    remote: str,
    format_: str,
    **options: Any,
) -> None:
    """Compare live state with what was last applied: what was changed by hand, and what was left behind.

    Every difference is changed (by hand), missing, unmanaged, pending (explained by git) or acknowledged (in org.yaml).
    Left behind are a month that is not funded, a merge that is not applied an hour later, a run that never finished, a
    write nobody knows about and a lock nobody gives back, each with the workflow that mends it. While Keeptrusts cannot
    be read, what git, GitHub and the journal show of that is told all the same. Exits with 11 when somebody is needed.
    `--accept` writes live values into the YAML, and takes alerts out of it that are gone; `apply` puts git's values
    back.
    """
    from reconciler.cli.pr_session import github

    settings = settings_of(options)
    with github(repo) if issue or pull_requests else nullcontext() as session:
        known = known_of(settings, session, remote if pull_requests else None, writing=accept)
        try:
            live = _live(settings, known)
        except RemoteError as error:
            if not accept:
                tell_unread(settings, known, session, error, issue=issue, format_=format_)
            raise
        seen = _seen(settings, known, session, live)
        if issue and session:
            publish_drift(session, seen.desired, seen.found, seen.waiting, doubtful=seen.doubts)
        workflows = workflows_address(str(session.repository)) if session else ""
    left = _accepted(settings, seen) if accept else seen.found
    following = "" if accept else _following(settings, seen)
    print_drift(seen.found, seen.waiting, format_, doubtful=seen.doubts, following=following)
    hand_over(left, seen.waiting, doubtful=seen.doubts, workflows=workflows)
    if seen.waiting or any(entry.needs_person for entry in left):
        context.exit(ExitCode.DRIFT)


def _live(settings: Settings, known: Known) -> Live:
    from reconciler.cli.planning import read_live
    from reconciler.cli.session import connected

    with connected(settings, known.desired) as connection:
        return read_live(settings, known.desired, connection, standing=known.standing)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found: differences, what was left behind, and wallets with `doubts` or that nothing was applied to."""

    desired: Desired
    live: Live
    found: tuple[Drifted, ...]
    waiting: tuple[Waiting, ...]
    doubts: Mapping[str, Doubt]
    untouched: Collection[str]


def _seen(settings: Settings, known: Known, session: GitHub | None, live: Live) -> Seen:
    """Compare what Keeptrusts holds with what was applied."""
    from reconciler.cli.drift_waiting import waiting_of
    from reconciler.journal.history import history_of
    from reconciler.plan.drift import classify

    desired, last = known.desired, known.last
    history = history_of(known.records)
    doubts = known.standing.doubts(live.wallets, settings.period)
    found = classify(
        desired,
        live,
        settings.period,
        day=settings.as_of,
        applied=known.applied,
        proposals=known.proposals,
        unfinished=() if last is None else last.unfinished if last.whole else desired.teams,
        own=history.own,
        doubts=doubts,
    )
    waiting = waiting_of(
        settings,
        known.records,
        last,
        desired=desired,
        applied=known.applied,
        live=live,
        doubts=doubts,
        session=session,
    )
    return Seen(
        desired, live, found, waiting, doubts, desired.wallets.keys() - history.known(live.wallets, settings.period)
    )


def _accepted(settings: Settings, seen: Seen) -> tuple[Drifted, ...]:
    """Write live values into the YAML and return the differences that are left for a person."""
    from reconciler.cli.drift_accept import accept

    files, left = accept(settings, seen.desired, seen.live, seen.found)
    for path in files:
        click.echo(f"{path}: written as it is live; review it and open a pull request", err=True)
    for entry in left:
        by_hand = f" To settle it, {_UNMANAGED}." if entry.item.category == "unmanaged" else " Edit the YAML by hand."
        cure = "" if entry.item.wallet in seen.doubts else by_hand
        click.echo(f"not written: {entry.item.sentence}{cure}", err=True)
    return left


def _following(settings: Settings, seen: Seen) -> str:
    """Return what a person can do next, an empty text when nothing needs one but wallets in doubt, which say it."""
    from reconciler.cli.drift_accept import is_writable

    needed = [entry.item for entry in seen.found if entry.needs_person and entry.item.wallet not in seen.doubts]
    declared = [item for item in needed if item.category != "unmanaged"]
    written = [item for item in declared if is_writable(item, seen.desired, seen.live, settings)]
    ways = []
    if written:
        what = "it" if len(written) == len(needed) else f"{len(written)} of {len(needed)}"
        ways.append(f"`kt-budgets drift --accept` writes {what} into the YAML")
    if declared:
        first = any(item.category == "changed" and item.wallet in seen.untouched for item in declared)
        flag = ", with `--first-apply` where they take money from a wallet that nothing was ever applied to"
        ways.append(f"`plan` and `apply` put git's values back{flag if first else ''}")
    if len(declared) < len(needed):
        ways.append(f"for what is in no YAML: {_UNMANAGED}")
    return f"Next: {'; '.join(ways)}." if ways else ""
