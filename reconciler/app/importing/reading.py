"""What an import reads: the budget files that are there, and a year of everything that Keeptrusts lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from reconciler.app.importing.map_file import SKIP, Mapped
from reconciler.app.importing.texts import Files
from reconciler.app.listening import progress, say
from reconciler.findings import FindingsError, UsageError
from reconciler.journal.history import History, history_of
from reconciler.journal.own_objects import own_objects
from reconciler.journal.standing import Standing
from reconciler.model.desired import Desired
from reconciler.model.period import Period
from reconciler.plan.importing.funding import MONTHS
from reconciler.plan.importing.grouping import ALL, Place, group
from reconciler.plan.importing.sources import Sources, currency_of, readable_wallets
from reconciler.source.literals import is_writable
from reconciler.source.load import load_files
from reconciler.source.organization_file import FirstOrganization, fiscal_year_of, organization_text
from reconciler.source.parse import parse
from reconciler.source.tree import folder_name, read_tree
from reconciler.source.tree_findings import ORGANIZATION

if TYPE_CHECKING:
    from reconciler.journal.record import Record
    from reconciler.keeptrusts.reader import Reader
    from reconciler.model.directory import Directory
    from reconciler.plan.importing.grouping import Grouping
    from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Existing:
    """The budget files that are there, and what they declare; None where there are none."""

    files: Files
    desired: Desired | None


def declared(folder: Path, files: Files) -> Desired:
    """Return what files declare; FindingsError with everything that is wrong with them."""
    loaded = load_files(folder_name(folder), files)
    if loaded.desired is None:
        raise FindingsError(loaded.findings)
    return loaded.desired


def existing(root: Path) -> Existing:
    """Return what is there, which may be nothing, or files of teams without an org.yaml."""
    if root.exists() and not (root / ORGANIZATION).exists() and (below := _organization_below(root)):
        raise UsageError(
            f"{root} holds no org.yaml, and {below} does", hint=f"name that folder: `--budgets {quote(str(below))}`"
        )
    tree = read_tree(root)
    begun = {"missing-organization"} if root.exists() else {"missing-organization", "missing-folder"}
    broken = [flaw for flaw in tree.findings if flaw.is_error and flaw.code not in begun]
    if broken:
        raise FindingsError(broken)
    files = {file.relative: file.data for file in tree.files}
    return Existing(files, declared(root, files) if ORGANIZATION in files else None)


def sources_of(
    settings: Settings, reader: Reader, found: Existing, mapped: Mapped, records: Sequence[Record]
) -> Sources:
    """Return everything that a draft is made from.

    Raises:
        UsageError: there is no wallet, or the map names a team that is not listed.
        RemoteError: Keeptrusts cannot be read whole, or the token is another organization's.
    """
    desired = found.desired
    if desired is not None:
        reader.require_organization(desired.organization.organization)
    directory = reader.directory()
    desired = desired or _without_organization(settings, found.files, directory)
    currency, history = _currency(directory, desired), history_of(records)
    grouping = _grouping(directory, desired, mapped)
    own = {key: wallet.currency for key, wallet in desired.wallets.items()} if desired else {}
    with progress("Reading a year of ledgers") as advance:
        live = reader.live(
            organization=directory.identity.organization,
            wallets={**readable_wallets(directory, grouping, currency), **own},
            period=_since(settings, history),
            currency=currency,
            on_progress=advance,
        )
    return Sources(
        directory=directory,
        live=own_objects(live, history.transactions),
        grouping=grouping,
        period=settings.period,
        as_of=settings.as_of,
        currency=currency,
        year=desired.organization.fiscal_year.value if desired else fiscal_year_of(settings.period.first),
        writable=is_writable,
        answers=mapped.months,
        desired=desired,
        released=frozenset(history.released),
    )


def _since(settings: Settings, history: History) -> Period:
    standing = Standing(history.operations)
    return min(settings.period.plus(-MONTHS), standing.reading_since(settings.period))


def _organization_below(root: Path) -> Path | None:
    try:
        return next((path for path in sorted(root.iterdir()) if (path / ORGANIZATION).is_file()), None)
    except OSError:
        return None


def _without_organization(settings: Settings, files: Files, directory: Directory) -> Desired | None:
    """Return what the files of teams declare that are there without an org.yaml; None where there are none."""
    if not files:
        return None
    year = fiscal_year_of(settings.period.first)
    first = FirstOrganization(
        directory.identity.organization, currency_of(directory) or "XXX", year, environments_in(files)
    )
    return declared(settings.budgets, {**files, ORGANIZATION: organization_text(first).encode()})


def environments_in(files: Files) -> tuple[str, ...]:
    """Return the environments that files of teams have wallets for."""
    values = (parse(data).value for path, data in files.items() if path != ORGANIZATION)
    wallets = (value.get("wallets") for value in values if isinstance(value, dict))
    return tuple(
        dict.fromkeys(str(name) for listed in wallets if isinstance(listed, dict) for name in listed if name != ALL)
    )


def _currency(directory: Directory, desired: Desired | None) -> str:
    currency = desired.organization.currency if desired else currency_of(directory)
    if currency is None:
        raise UsageError(
            "Keeptrusts shows this token no wallet, so there is nothing to import and no currency to write",
            hint="use a token that may read wallets, or begin with `kt-budgets init`",
        )
    return currency


def _grouping(directory: Directory, desired: Desired | None, mapped: Mapped) -> Grouping:
    holders = [wallet.holder for wallet in directory.wallets if wallet.scope == "team"]
    teams = [directory.team(id) for id in sorted({*(directory.teams or {}), *holders})]
    ids = _ids(mapped.teams, {name: team.id for team in teams for name in (team.name, team.slug, team.id) if name})
    wallets = desired.wallets if desired else {}
    there = {str(key): Place(wallet.team, wallet.environment) for key, wallet in wallets.items()}
    said = {ids[name]: where for name, where in mapped.teams.items()}
    for id in sorted(there.keys() & said.keys()):
        if said[id] != there[id]:
            say(f"the map says {said[id] or SKIP} of {id}, and the YAML {there[id]}: the YAML stays as it is")
    return group(
        teams,
        declared=there,
        mapped=said,
        environments=desired.organization.environments if desired else (),
    )


def _ids(named: Iterable[str], known: Mapping[str, str]) -> Mapping[str, str]:
    if unknown := [name for name in named if name not in known]:
        raise UsageError(
            f"the map names {', '.join(unknown)}, which Keeptrusts does not list as a team",
            hint="name teams by their id, their slug or their name",
        )
    return known
