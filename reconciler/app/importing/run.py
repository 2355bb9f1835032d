"""Import: read everything once, add what the YAML does not say, and prove that the plan of it is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reconciler.app.importing.map_file import read_map
from reconciler.app.importing.proof import proof_of
from reconciler.app.importing.proposing import proposed
from reconciler.app.importing.reading import Existing, declared, environments_in, existing, sources_of
from reconciler.app.importing.texts import Files, with_draft, write_new
from reconciler.app.listening import say
from reconciler.app.planning.managed import managed
from reconciler.app.planning.pipeline import differing
from reconciler.app.session import connected
from reconciler.findings import Finding, UsageError
from reconciler.journal.journal import read_records
from reconciler.model.imported import ImportedFile
from reconciler.model.period import Period
from reconciler.plan.importing.draft import Draft, draft_of
from reconciler.plan.importing.funding import Answers, answered
from reconciler.plan.importing.proposals import NOTHING
from reconciler.plan.importing.sources import Sources
from reconciler.report.import_text import ImportPage, question_text
from reconciler.source.organization_file import FirstOrganization
from reconciler.source.tree import folder_name
from reconciler.source.tree_findings import ORGANIZATION

if TYPE_CHECKING:
    from reconciler.keeptrusts.connection import Connection
    from reconciler.keeptrusts.reader import Reader
    from reconciler.settings import Settings

Ask = Callable[[str, Sequence[Period]], Period | None]
"""Asks a person a question that one of some months answers; None: they do not know."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be imported.

    `map_file` names teams that no slug tells of; `months` says by the ledger's ids which month money was meant for, and
    `months_by` says of all the rest that their dates are right, or their words.
    With `usage`, that of the settings or else an export tells what plans may say. Without `write`, nothing is written.
    `ask` is asked where a person may know.
    """

    map_file: Path | None = None
    months: Mapping[str, Period] = field(default_factory=dict)
    months_by: Literal["dates", "words"] | None = None
    usage: bool = False
    write: bool = True
    ask: Ask | None = None


def import_live(settings: Settings, wanted: ImportRequest | None = None) -> ImportPage:
    """Write what Keeptrusts holds into the YAML where that does not say it yet (decision 0087).

    Raises:
        FindingsError: the YAML or the map has errors, or a file is written in a way that nothing can be added to.
        UsageError: the map or an answer names what is not there, or a file changed meanwhile.
        RemoteError: Keeptrusts cannot be read whole.
    """
    from reconciler.keeptrusts.reader import Reader

    found = existing(settings.budgets)
    with connected(settings, found.desired) as connection, Reader(connection) as reader:
        return import_through(reader, settings, found, wanted or ImportRequest(), connection=connection)


def import_through(
    reader: Reader,
    settings: Settings,
    found: Existing,
    wanted: ImportRequest,
    *,
    connection: Connection | None = None,
) -> ImportPage:
    """Do what `import_live` does, where `found` is what the folder holds; an export needs the `connection`."""
    if settings.period > Period.of(settings.as_of):
        raise UsageError(f"{settings.period} has not begun: its ledger says nothing yet", hint="leave `--period` out")
    mapped, records = read_map(wanted.map_file), read_records(settings.journal, folder=settings.root)
    sources = sources_of(settings, reader, found, mapped, records)
    said = {**mapped.months, **wanted.months}
    _known(sources, said)
    draft = _answered(replace(sources, answers={**_general(sources, wanted), **said}), wanted.ask)
    first, folder = _first(sources, draft, found.files), folder_name(settings.budgets)
    made = with_draft(found.files, draft, first, folder=folder)
    desired = declared(settings.budgets, made)
    proposals, doubts = NOTHING, tuple[Finding, ...]()
    if wanted.usage:
        proposals, doubts = proposed(settings, desired, draft, sources.live, connection)
        made = with_draft(found.files, draft, first, folder=folder, proposals=proposals)
        desired = declared(settings.budgets, made)
    _, diff = differing(settings, managed(desired, records), sources.live, records, first_apply=True)
    if wanted.write:
        write_new(settings.budgets, found.files, made)
    return ImportPage(
        organization=sources.directory.identity.organization,
        period=settings.period,
        draft=draft,
        files=tuple(_states(found.files, made)),
        proof=proof_of(diff, desired),
        folder=settings.budgets.as_posix(),
        written=wanted.write,
        proposals=proposals,
        findings=doubts,
    )


def _known(sources: Sources, said: Answers) -> None:
    entries = {entry.id for wallet in sources.live.wallets.values() for entry in wallet.ledger}
    if unknown := sorted(set(said) - entries):
        raise UsageError(
            f"no ledger of the past twelve months has an entry {', '.join(unknown)}",
            hint="name entries by the ids that the ledger and the questions of `import` show",
        )
    there = sources.desired.wallets if sources.desired else {}
    late = [entry.id for key in there for entry in sources.live.wallets[key].ledger if entry.id in said]
    if late:
        say(
            f"{', '.join(sorted(late))}: the wallet is in the YAML already, which stays as it is",
            hint="write the answer into its comment yourself, or take the wallet out of its file and import again",
        )


def _general(sources: Sources, wanted: ImportRequest) -> Answers:
    """Return what is said at once of all money whose month is in doubt."""
    if wanted.months_by is None:
        return {}
    found = (answered(wallet, sources.period, wanted.months_by) for wallet in sources.live.wallets.values())
    return {entry: month for answers in found for entry, month in answers.items()}


def _answered(sources: Sources, ask: Ask | None) -> Draft:
    """Return the draft, after whoever is there was asked what only a person knows; an answer may raise a question."""
    draft, answers = draft_of(sources), dict(sources.answers)
    told: set[str] = set()
    while ask and (new := [asked for asked in draft.asked if asked.question.entry.id not in told]):
        for asked in new:
            told.add(asked.question.entry.id)
            if (month := ask(question_text(asked), asked.question.months)) is not None:
                answers[asked.question.entry.id] = month
        draft = draft_of(replace(sources, answers=answers))
    return draft


def _first(sources: Sources, draft: Draft, files: Files) -> FirstOrganization:
    """Return what org.yaml says, or would say if there was none yet."""
    identity = sources.directory.identity
    used = tuple(dict.fromkeys((*environments_in(files), *draft.environments))) or ("prod",)
    is_there = sources.desired is not None and ORGANIZATION in files
    return FirstOrganization(
        identity.organization,
        sources.currency,
        sources.year,
        sources.desired.organization.environments if sources.desired and is_there else used,
        draft.schedules,
        name=identity.organization_name,
    )


def _states(before: Files, after: Files) -> Iterator[ImportedFile]:
    for path, data in sorted(after.items(), key=lambda item: (item[0] != ORGANIZATION, item[0])):
        yield ImportedFile(
            path=path, state="created" if path not in before else "unchanged" if before[path] == data else "edited"
        )
