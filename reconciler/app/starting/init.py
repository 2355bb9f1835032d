"""Init: the files that a repository of budgets begins with. Keeptrusts is read, no file overwritten (decision 0089)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.app.importing.reading import declared
from reconciler.app.schemas import editors_schemas
from reconciler.app.session import connected
from reconciler.app.starting.installed import installed
from reconciler.app.starting.repository import Repository, repository_of
from reconciler.app.starting.templates import workflow
from reconciler.files import write_file
from reconciler.findings import UsageError
from reconciler.git.places import left_out
from reconciler.model.initial import InitDocument, InitialFile
from reconciler.model.kinds.export_schedule import ExportSchedule
from reconciler.model.yaml_types import shown
from reconciler.plan.importing.grouping import group
from reconciler.plan.importing.objects import schedules_of
from reconciler.plan.importing.sources import Sources, currency_of, is_identifier
from reconciler.report.renderers import Statement
from reconciler.source.literals import is_writable
from reconciler.source.organization_file import FirstOrganization, fiscal_year_of, organization_text
from reconciler.source.schemas import schema_text
from reconciler.source.tree_findings import ORGANIZATION

if TYPE_CHECKING:
    from reconciler.keeptrusts.reader import Reader
    from reconciler.settings import Settings

_SETTINGS = "docs/how-to/github.md of kt-budgets"
_IGNORED = ("/plan.json", "/report.html", "/cures.json", ".kt-budgets/")
_OWNERS = """\
# who approves changes of this file and of teams without owners of their own
# owners:
#   - "@acme/finance"
"""
_JOURNAL = "# where runs are recorded: CI and people share one place\n"
_LATER = "# where runs are recorded: take the # away before CI applies anything\n# "
_ALONE = """\
# each clone records its own runs; before a second one applies anything, name a remote that all of them share
# journal: git:origin
"""


@dataclass(frozen=True, slots=True)
class InitRequest:
    """What is to be started. `forge` is `github`, `gitlab` or `none`, None to infer it; `currency` None to read it.

    `fiscal_month` is the month of the calendar that the fiscal year begins in, 1 to 12; None where nobody said it.
    Without `write`, nothing is written.
    """

    forge: str | None = None
    currency: str | None = None
    fiscal_month: int | None = None
    write: bool = True


def init(settings: Settings, wanted: InitRequest | None = None) -> Statement:
    """Write the files that are missing of a repository of budgets, and say which; what is there stays as it is.

    Raises:
        UsageError: no wallet says the currency, a file cannot be written, or another month was asked for.
        FindingsError: the org.yaml that would be written has errors.
        RemoteError: Keeptrusts cannot be read.
    """
    from reconciler.keeptrusts.reader import Reader

    settings.refuse_month()
    wanted = wanted or InitRequest()
    repository = repository_of(settings.budgets, forge=wanted.forge)
    with connected(settings, None) as connection, Reader(connection) as reader:
        first = _first(settings, reader, wanted)
    files = _files(repository, first)
    ignored = _ignored(repository.top)
    listed = tuple(_listed(repository.top, files, ignored))
    if wanted.write:
        for item in listed:
            if item.state != "kept":
                write_file(repository.top / item.path, files.get(item.path, ignored))
    return _told(repository, first, listed, wanted)


def _first(settings: Settings, reader: Reader, wanted: InitRequest) -> FirstOrganization:
    """Return what Keeptrusts says of an organization."""
    directory = reader.directory()
    _require_plain(directory.identity.organization)
    currency = wanted.currency or currency_of(directory)
    if currency is None:
        raise UsageError(
            "Keeptrusts shows this token no wallet, so that its currency is not known; nothing was written",
            hint="say it, such as `--currency USD`",
        )
    year = fiscal_year_of(settings.as_of, first_month=wanted.fiscal_month or 1)
    teams = [directory.team(id) for id in directory.teams or {}]
    sources = Sources(
        directory=directory,
        live=reader.live(
            organization=directory.identity.organization, wallets={}, period=settings.period, currency=currency
        ),
        grouping=group(teams, declared={}, mapped={}),
        period=settings.period,
        as_of=settings.as_of,
        currency=currency,
        year=year,
        writable=is_writable,
    )
    return FirstOrganization(
        directory.identity.organization,
        currency,
        year,
        sources.grouping.environments or ("prod",),
        [found for found in schedules_of(sources) if isinstance(found, ExportSchedule)],
        name=directory.identity.organization_name,
    )


def _require_plain(organization: str) -> None:
    if not is_identifier(organization):
        raise UsageError(
            f"the token belongs to organization {shown(organization)}, an id that org.yaml cannot hold;"
            " nothing was written",
            hint="ask whoever runs Keeptrusts for one of letters, digits, `_`, `.` and `-`, at most 128",
        )


def _files(repository: Repository, first: FirstOrganization) -> dict[str, bytes]:
    """Return each file by its path in the repository; org.yaml is valid as it is."""
    text = organization_text(first)
    if repository.forge != "none":
        text += _OWNERS + (_JOURNAL if repository.keeps_journal else _LATER) + "journal: git:origin\n"
    else:
        text += _ALONE
    declared(Path(repository.folder), {ORGANIZATION: text.encode()})
    beside = repository.folder.rpartition("/")[0]
    folder = f"{beside}/schemas" if beside else "schemas"
    return {
        f"{repository.folder}/{ORGANIZATION}": text.encode(),
        **{f"{folder}/{name}": schema_text(schema).encode() for name, schema in editors_schemas().items()},
        **workflow("none" if repository.copied else repository.forge, folder=repository.folder, runs=installed()),
    }


def _ignored(top: Path) -> bytes:
    """Return `.gitignore` with the lines that it lacks: what commands write, and the journal."""
    file = top / ".gitignore"
    before = file.read_bytes() if file.is_file() else b""
    known = before.decode("utf-8", "replace").splitlines()
    lacking = [line for line in _IGNORED if line not in known]
    gap = b"" if not before or before.endswith(b"\n") else b"\n"
    return before + (gap if lacking else b"") + "".join(f"{line}\n" for line in lacking).encode()


def _listed(top: Path, files: Mapping[str, bytes], ignored: bytes) -> Iterator[InitialFile]:
    absent = left_out(top)
    for path in files:
        is_there = path in absent or (top / path).exists() or (top / path).is_symlink()
        yield InitialFile(path=path, state="kept" if is_there else "created")
    file = top / ".gitignore"
    same = file.name in absent or (file.is_file() and file.read_bytes() == ignored)
    yield InitialFile(path=".gitignore", state="kept" if same else "extended" if file.exists() else "created")


def _told(
    repository: Repository, first: FirstOrganization, listed: tuple[InitialFile, ...], wanted: InitRequest
) -> Statement:
    document = InitDocument(
        organization=first.organization,
        currency=first.currency,
        forge=repository.forge,
        written=wanted.write,
        files=listed,
        next=tuple(_next(repository, listed, first, wanted)),
    )
    verb = "Started" if wanted.write else "Would start (--dry-run, nothing was written)"
    year = f"{first.fiscal_year.name} from {first.fiscal_year.starts}"
    named = f"{first.name} ({first.organization})" if first.name else first.organization
    lines = [
        f"{verb} the budgets of {named} in {first.currency}, {year}, with {', '.join(first.environments)}:",
        *(f"  {item.state:<9} {item.path}" for item in listed),
        *(f"Next: {line}" for line in document.next),
    ]
    return Statement(document, "\n".join(lines) + "\n")


def _next(
    repository: Repository, listed: tuple[InitialFile, ...], first: FirstOrganization, wanted: InitRequest
) -> Iterator[str]:
    kept = [item.path for item in listed if item.state == "kept" and item.path != ".gitignore"]
    if kept:
        yield f"look at what was there and is kept as it is: {', '.join(kept)}"
    organization = f"{repository.folder}/{ORGANIZATION}"
    if wanted.fiscal_month is None and organization not in kept:
        yield (
            f"look at `fiscal_year` in {organization}: Keeptrusts does not tell it, and {first.fiscal_year.starts} is a"
            " guess; `starts` is the month that yours began in"
        )
    option = "" if repository.folder == "budgets" else f" --budgets {quote(repository.folder)}"
    yield f"kt-budgets import{option}, which writes teams, wallets and alerts as they are"
    runs = installed()
    if repository.forge != "none" and not runs.is_commit and not repository.copied:
        address = f"https://github.com/{runs.repository}"
        yield f"see that CI can fetch the release that it runs: git ls-remote --exit-code {address} {runs.reference}"
    if repository.forge == "github":
        copies = "; the workflows are there, as copies" if repository.copied else ""
        yield f"the settings that {_SETTINGS} lists{copies}"
    if repository.forge == "gitlab":
        yield "the settings that the head of .gitlab-ci.yml lists"
    if repository.forge != "none" and not repository.keeps_journal:
        yield "once `origin` answers, take the # from `journal: git:origin` in org.yaml, before CI applies anything"
