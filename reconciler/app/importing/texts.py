"""A draft as files: new ones, and what is added to those that are there. Nothing is written that was there already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reconciler.files import write_file
from reconciler.findings import FindingsError, UsageError
from reconciler.plan.importing.draft import Draft, TeamDraft
from reconciler.plan.importing.proposals import NOTHING, Proposals
from reconciler.source.additions import add_entries, in_brackets
from reconciler.source.edits import EditError
from reconciler.source.literals import literal
from reconciler.source.organization_file import FirstOrganization, organization_text, schedule_lines
from reconciler.source.team_file import alert_lines, plan_lines, team_text, wallet_lines
from reconciler.source.tree_findings import ORGANIZATION

Files = Mapping[str, bytes]
"""Budget files by their paths below the folder."""


def with_draft(
    files: Files, draft: Draft, first: FirstOrganization, *, folder: str, proposals: Proposals = NOTHING
) -> Files:
    """Return the files with what a draft adds; `first` is what org.yaml says where there is none.

    What is proposed for `plan` goes into files that say nothing of it.

    Raises:
        FindingsError: with every place that nothing can be added to, and what to write there by hand.
    """
    made, refused = dict(files), []
    if ORGANIZATION not in made:
        made[ORGANIZATION] = organization_text(first).encode()
    additions = [(ORGANIZATION, key, entries) for key, entries in _of_organization(files, draft, first)]
    for name, team in draft.teams.items():
        path = _path(files, name)
        if path in files:
            additions += ((path, key, entries) for key, entries in _of_team(team, proposals))
        else:
            made[path] = team_text(team, proposals).encode()
    for name, figures in proposals.plans.items():
        if (path := _path(files, name)) in files:
            additions.append((path, "plan", [list(plan_lines(figures))]))
    for path, key, entries in additions:
        try:
            made[path] = add_entries(made[path].decode(), key, entries).encode()
        except (EditError, UnicodeDecodeError) as error:
            wrong = error if isinstance(error, EditError) else EditError("the file is not UTF-8")
            found = wrong.finding(f"{folder}/{path}", made[path].decode("utf-8", "replace"), (key,), "")
            by_hand = f"add what is in `{in_brackets(entries)}` to `{key}` by hand, then import again"
            refused.append(replace(found, hint=by_hand))
    if refused:
        raise FindingsError(refused)
    return made


def write_new(folder: Path, before: Files, after: Files) -> None:
    """Write what `after` says anew; UsageError, and nothing more, where a file is no longer what was read."""
    for path, data in after.items():
        if data == before.get(path):
            continue
        file = folder / path
        if (file.read_bytes() if file.exists() else None) != before.get(path):
            raise UsageError(f"{file} was changed while Keeptrusts was read; it is left alone", hint="import again")
        write_file(file, data)


def _path(files: Files, team: str) -> str:
    wanted = f"teams/{team}.yaml"
    return next((path for path in files if path.casefold() == wanted.casefold()), wanted)


Addition = tuple[str, Sequence[Sequence[str]]]


def _of_organization(files: Files, draft: Draft, first: FirstOrganization) -> Iterator[Addition]:
    if ORGANIZATION not in files:
        return
    if new := [[f"- {literal(name)}"] for name in draft.environments if name not in first.environments]:
        yield "environments", new
    if draft.schedules:
        yield "export_schedules", [[line[2:] for line in schedule_lines(schedule)] for schedule in draft.schedules]


def _of_team(team: TeamDraft, proposals: Proposals) -> Iterator[Addition]:
    if team.wallets:
        yield "wallets", [list(wallet_lines(wallet, proposals)) for wallet in team.wallets]
    if team.alerts:
        yield "billing_budgets", [list(alert_lines(alert)) for alert in team.alerts]
